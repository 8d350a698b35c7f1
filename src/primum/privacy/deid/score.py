# ruff: noqa: E501 - the table of names stays readable
"""How well identifiers are found, on labelled texts: recall and precision with intervals, and who leaks most."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from primum.cohort.readers.encoding import detect
from primum.errors import CohortError
from primum.evidence.intervals import wilson
from primum.privacy.deid.engine import find
from primum.privacy.deid.kinds import KINDS
from primum.privacy.deid.spans import Span

LEAST_IN_GROUP = 20
"""Labelled names that a group needs before its leakage is compared with others'."""
_ALIASES: Mapping[str, str] = {
    "person": "name", "patient": "name", "doctor": "name", "us_ssn": "national_id", "ssn": "national_id", "nhs": "national_id",
    "uk_nhs": "national_id", "id_card": "national_id", "resident_id": "national_id", "mrn": "record_number",
    "medical_record": "record_number", "medicalrecord": "record_number", "phone_number": "phone", "telephone": "phone",
    "email_address": "email", "date_time": "date", "dob": "date", "location": "place", "city": "place", "zip": "place", "zipcode": "place",
    "postcode": "place", "street": "address", "hospital": "organisation", "organization": "organisation", "ip_address": "ip",
    "license": "licence_number", "license_number": "licence_number", "passport": "licence_number", "iban": "account_number",
    "credit_card": "account_number", "account": "account_number", "insurance": "insurance_number", "health_plan": "insurance_number",
    "plate": "vehicle", "vin": "vehicle", "age_over_89": "age", "id": "other_id",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share with its interval."""

    value: float
    """From 0 to 1."""
    low: float
    """Lower end of Wilson's 95 % interval."""
    high: float
    """Upper end."""
    n: int
    """Out of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What labelled texts say of the rules."""

    recall: Mapping[str, Share]
    """By language, then "direct" or "all" or a kind, joined with a slash, e.g. en/name."""
    precision: Mapping[str, Share]
    """By language: the share of what was found that touches a label."""
    leakage: Mapping[str, Share]
    """By group of names: the share of labelled names that were missed; groups of LEAST_IN_GROUP or more."""
    worst_group: str | None
    """The group whose leakage is highest."""
    texts: int
    """How many were read."""


def score(labelled: Iterable[Mapping[str, Any]], *, finder: Callable[[str], Sequence[Span]] = find) -> Score:
    """Return how well a finder finds what is labelled.

    A labelled identifier counts as found when every letter and digit of it is covered, whatever the kinds say: what
    stays in the text is what leaks. Something found counts as right when it touches a label.

    Args:
        labelled: objects with text, spans (start, end, kind), lang, and where known group (the origin of its names).
        finder: what is scored.
    """
    hits: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    right: Counter[str] = Counter()
    found: Counter[str] = Counter()
    texts = 0
    for record in labelled:
        texts += 1
        text, lang = str(record["text"]), str(record.get("lang", "all"))
        spans = finder(text)
        _count_labels(record, spans, hits, totals, lang=lang)
        for span in spans:
            found[lang] += 1
            right[lang] += any(span.start < one["end"] and one["start"] < span.end for one in record["spans"])
    leakage = {
        group: _share(totals[f"group/{group}"] - hits[f"group/{group}"], totals[f"group/{group}"])
        for group in sorted(key.removeprefix("group/") for key in totals if key.startswith("group/"))
        if totals[f"group/{group}"] >= LEAST_IN_GROUP
    }
    return Score(
        recall={key: _share(hits[key], n) for key, n in sorted(totals.items()) if not key.startswith("group/")},
        precision={lang: _share(right[lang], n) for lang, n in sorted(found.items())},
        leakage=leakage,
        worst_group=max(leakage, key=lambda group: leakage[group].value) if leakage else None,
        texts=texts,
    )


def _count_labels(
    record: Mapping[str, Any], spans: Sequence[Span], hits: Counter[str], totals: Counter[str], *, lang: str
) -> None:
    text = str(record["text"])
    covered = {place for span in spans for place in range(span.start, span.end)}
    for label in record["spans"]:
        kind = kind_named(str(label["kind"]))
        whole = all(place in covered for place in range(label["start"], label["end"]) if text[place].isalnum())
        keys = [f"{lang}/{kind}", f"{lang}/all"]
        if kind in KINDS and KINDS.get(kind).direct:
            keys.append(f"{lang}/direct")
        if kind == "name" and record.get("group"):
            keys.append(f"group/{record['group']}")
        for key in keys:
            totals[key] += 1
            hits[key] += whole


def kind_named(kind: str) -> str:
    """Return our name of a kind that others call differently; the name itself, in small letters, where we know none."""
    plain = kind.strip().lower().replace("-", "_").replace(" ", "_")
    return plain if plain in KINDS else _ALIASES.get(plain, plain)


def read_labelled(path: Path) -> list[dict[str, Any]]:
    """Return the labelled texts of a jsonl file.

    Raises:
        CohortError: a line is not an object with text and spans that lie in it; the message gives its number.
    """
    if not path.is_file():
        raise CohortError(f"{path}: no such file.")
    records = []
    with path.open(encoding=detect(path).encoding) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                records.append(_labelled(line, f"{path.name}, line {number}"))
    if not records:
        raise CohortError(f"{path.name}: holds no labelled text; expected one JSON object a line.")
    return records


def _labelled(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
        text = record["text"]
        good = isinstance(text, str) and all(
            0 <= int(one["start"]) < int(one["end"]) <= len(text) and isinstance(one["kind"], str)
            for one in record["spans"]
        )
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise CohortError(
            f'{where}: expected {{"text": ..., "spans": [{{"start": ..., "end": ..., "kind": ...}}], "lang": ...}} '
            f"with every span inside the text."
        )
    return dict(record)


def _share(hits: int, n: int) -> Share:
    low, high = wilson(hits, n)
    return Share(value=hits / n, low=low, high=high, n=n)
