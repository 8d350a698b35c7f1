"""What the card says of privacy: what training promises, what attacks reach, whom the records single out."""

from __future__ import annotations

from collections.abc import Sequence

from primum.ethics.sentences import number
from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS

_OF_RECORDS = ("k_anonymity", "small_class_share", "prosecutor_risk")


def privacy_lines(findings: Sequence[Finding]) -> list[str]:
    """Return a sentence each on masked texts, the promise, the strongest attack and look-alikes; those there are."""
    promises = [f for f in findings if f.metric == "epsilon" and f.value is not None]
    areas = [f for f in findings if f.metric == "membership_auc" and f.value is not None]
    lines = [_of_masking(f) for f in findings if f.metric == "identifiers_masked" and f.detail.get("kind") == "any"]
    lines += [_of_promise(one) for one in promises]
    lines += [_of_attack(max(areas, key=lambda f: f.value or 0.0))] if areas else []
    records = [f for name in _OF_RECORDS for f in findings if f.metric == name and f.value is not None]
    if records:
        known = ", ".join(map(str, records[0].detail.get("quasi_identifiers", [])))
        figures = "; ".join(f"{METRICS.get(f.metric).title['en'].lower()} {number(f.value or 0.0)}" for f in records)
        lines.append(f"Records, by {known}: {figures} (n = {records[0].n}).")
    return lines


def _of_masking(masked: Finding) -> str:
    told = "one to four" if masked.value is None else str(masked.detail["records"])
    kept = ", ".join(map(str, masked.detail.get("kept", [])))
    left = f"; left as they are: {kept}" if kept else ""
    return f"Texts were de-identified before training: identifiers were masked in {told} of {masked.n} records{left}."


def _of_promise(promise: Finding) -> str:
    return (
        f"Training promises differential privacy to each of the {promise.n} patients of the split train: epsilon "
        f"{number(promise.value or 0.0)} at delta {number(float(promise.detail['delta']))} ({promise.method})."
    )


def _of_attack(worst: Finding) -> str:
    differs = worst.detail.get("unalike")
    told = "" if worst.low is None or worst.high is None else f"{number(worst.low)} to {number(worst.high)}, "
    doubt = f"; train and test differ in {', '.join(map(str, differs))}, so that nothing follows" if differs else ""
    few = "" if worst.enough or differs else "; too few patients to tell"
    return (
        f"Membership inference, strongest attack ({str(worst.detail.get('attack')).replace('_', ' ')}): area "
        f"{number(worst.value or 0.0)} ({told}{worst.n} patients of train and {worst.detail.get('versus_n')} of "
        f"test; 0.5 is guessing{doubt}{few})."
    )
