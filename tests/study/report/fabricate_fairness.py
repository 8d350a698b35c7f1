"""Plausible findings on fairness, from counts that a seed draws: few slices, many, a mitigated run."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from primum.evidence import Finding

LEVELS: Mapping[str, Mapping[str, float]] = {
    "sex": {"Female": 0.36, "Male": 0.61, "unknown": 0.03},
    "age": {"0-45": 0.18, "45-65": 0.5, "65-120": 0.32},
    "site": {"Cleveland": 0.34, "Hungary": 0.32, "Switzerland": 0.13, "VA Long Beach": 0.21},
}
HARM = {("sex", "Female"): 0.1, ("age", "65-120"): 0.06, ("sex", "unknown"): 0.2, ("site", "Switzerland"): 0.08}
CLASS = "Heart_Disease"
SIMULTANEOUS = 3.0
"""How many standard errors a simultaneous interval reaches."""
OTHERS = {"group": "everyone else"}


def fairness_findings(
    *, n: int = 2400, attributes: Mapping[str, Mapping[str, float]] = LEVELS, depth: int = 2, split: str = "test"
) -> list[Finding]:
    """Return levels, gaps, whole-attribute measures and the dataset side for a binary question."""
    rng = np.random.default_rng(13)
    found: list[Finding] = []
    for size in range(1, depth + 1):
        for names in itertools.combinations(attributes, size):
            for levels in itertools.product(*(attributes[name] for name in names)):
                slice_ = dict(zip(names, levels, strict=True))
                share = math.prod(attributes[name][level] for name, level in slice_.items())
                patients = int(rng.binomial(n, share))
                if patients:
                    found += _of_slice(slice_, patients, n, attributes, split, rng)
    return [*found, *_whole(attributes, n, split), *_dataset(attributes, n)]


def _of_slice(
    slice_: Mapping[str, str], size: int, n: int, attributes: Mapping[str, Mapping[str, float]], split: str,
    rng: np.random.Generator,
) -> list[Finding]:  # fmt: skip
    harm = sum(HARM.get(item, 0.0) for item in slice_.items())
    found = []
    for metric, base, worse, share in (("tpr", 0.88, -harm, 0.45), ("fpr", 0.12, harm / 3, 0.55)):
        many = max(1, round(size * share))
        here = rng.binomial(many, min(1.0, max(0.0, base + worse))) / many
        there = base + (0.03 if metric == "tpr" else -0.01) * (-1) ** (metric == "fpr")
        error = math.sqrt(0.25 / many) if many < 12 else math.sqrt(max(here * (1 - here), 0.02) / many + 0.1 / n)
        gap = there - here if metric == "tpr" else here - there
        if len(slice_) == 1:
            found.append(_level(metric, here, error, size, slice_, split))
        found.append(_gap(f"{metric}_gap", gap, (here, there), error, (size, many, n), slice_, attributes, split))
    if len(slice_) == 1:
        for metric, value in (
            ("selection_rate", 0.45 - harm), ("ppv", 0.84), ("auroc", 0.92 - harm / 2), ("ece", 0.05 + harm / 3),
            ("calibration_slope", 1.02 - harm),
        ):  # fmt: skip
            found.append(_level(metric, value + float(rng.normal(0, 0.01)), 0.5 / math.sqrt(size), size, slice_, split))
        found.append(
            _gap(
                "auroc_gap",
                harm / 2,
                (0.92 - harm / 2, 0.92),
                0.3 / math.sqrt(size),
                (size, size, n),
                slice_,
                attributes,
                split,
            )
        )
    return found


def _level(metric: str, value: float, error: float, size: int, slice_: Mapping[str, str], split: str) -> Finding:
    return Finding(
        pillar="fairness", metric=metric, value=value, low=max(0.0, value - 1.96 * error), high=value + 1.96 * error,
        n=size, slice=slice_, class_=CLASS, split=split, enough=size >= 40,
    )  # fmt: skip


def _gap(
    metric: str, value: float, levels: tuple[float, float], error: float, sizes: tuple[int, int, int],
    slice_: Mapping[str, str], attributes: Mapping[str, Mapping[str, float]], split: str,
) -> Finding:  # fmt: skip
    size, many, n = sizes
    detectable = (SIMULTANEOUS + 0.84) * error
    names = list(slice_)
    two = len(names) == 1 and len(attributes[names[0]]) == 2
    versus = {names[0]: next(v for v in attributes[names[0]] if v != slice_[names[0]])} if two else OTHERS
    return Finding(
        pillar="fairness", metric=metric, value=value, low=value - SIMULTANEOUS * error,
        high=value + SIMULTANEOUS * error, n=size, slice=slice_, versus=versus, class_=CLASS, split=split,
        enough=detectable <= 0.25,
        method="Maximal-t simultaneous interval, 1000 resamples.",
        detail={
            "slice_value": levels[0], "versus_value": levels[1], "versus_n": n - size, "detectable": detectable,
            "needed": {"0.1": math.ceil(size * (detectable / 0.1) ** 2)}, "depth": len(slice_),
        },
    )  # fmt: skip


def _whole(attributes: Mapping[str, Mapping[str, float]], n: int, split: str) -> list[Finding]:
    found = []
    for name, levels in attributes.items():
        harm = {level: HARM.get((name, level), 0.0) for level in levels}
        worst, best = max(harm, key=lambda k: harm[k]), min(harm, key=lambda k: harm[k])
        for metric, part in (
            ("demographic_parity_difference", 1.0), ("equal_opportunity_difference", 1.0),
            ("equalised_odds_difference", 1.0), ("average_odds_difference", 0.7), ("predictive_parity_difference", 0.3),
        ):  # fmt: skip
            value = harm[worst] * part + 0.01
            found.append(_attribute(metric, name, worst, best, value, n, split))
        found.append(_attribute("demographic_parity_ratio", name, worst, best, 1 - harm[worst] / 0.45, n, split))
        found.append(
            Finding(
                pillar="fairness",
                metric="slice_differs_p",
                value=0.004 if harm[worst] else 0.4,
                n=n,
                split=split,
                detail={"attribute": name},
            )
        )
    return found


def _attribute(metric: str, name: str, worst: str, best: str, value: float, n: int, split: str) -> Finding:
    return Finding(
        pillar="fairness", metric=metric, value=value, low=max(0.0, value - 0.05), high=value + 0.05, n=n,
        slice={name: worst}, versus={name: best}, class_=CLASS, split=split,
    )  # fmt: skip


def _dataset(attributes: Mapping[str, Mapping[str, float]], n: int) -> list[Finding]:
    found = []
    for name, levels in attributes.items():
        for place, (level, share) in enumerate(levels.items()):
            size = int(n * share)
            rate = 0.35 + 0.17 * place
            common: dict[str, Any] = {"pillar": "fairness", "n": size, "slice": {name: level}}
            found.append(
                Finding(metric="base_rate", value=rate, low=rate - 0.04, high=rate + 0.04, class_=CLASS, **common)
            )
            found.append(Finding(metric="missing_rate", value=0.02 + 0.07 * place, detail={"field": "chol"}, **common))
            if name == "sex":
                gap = -0.14 if level == "Female" else 0.12
                found.append(
                    Finding(metric="representation_gap", value=gap, detail={"reference": share - gap}, **common)
                )
    return found


def swap_findings(n: int = 2400) -> list[Finding]:
    """Return what swapping sex and age did to the answers."""
    found = []
    for name, rate in (("sex", 0.034), ("age", 0.012)):
        common: dict[str, Any] = {"pillar": "fairness", "n": n, "split": "test", "detail": {"attribute": name}}
        found.append(
            Finding(metric="counterfactual_flip_rate", value=rate, low=rate - 0.007, high=rate + 0.009, **common)
        )
        found.append(
            Finding(
                metric="counterfactual_shift",
                value=rate / 2,
                low=rate / 2 - 0.004,
                high=rate / 2 + 0.004,
                class_=CLASS,
                **common,
            )
        )
    return found


def change_findings(
    *, helped: bool = True, n: int = 2400, splits: Sequence[str] = ("test", "external")
) -> list[Finding]:
    """Return the paired changes of a mitigated run."""
    found = []
    twin = {"model": "unmitigated"}
    for split in splits:
        cost = -0.012 if split == "test" else -0.02
        found.append(
            Finding(
                pillar="safety", metric="balanced_accuracy_gain", value=cost, low=cost - 0.009, high=cost + 0.009, n=n,
                split=split, versus={"baseline": "unmitigated"},
            )
        )  # fmt: skip
        changes = (
            ("equalised_odds_difference", "sex", "Female", -0.08),
            ("equalised_odds_difference", "age", "65-120", -0.03),
            ("tpr_gap", "sex", "Female", -0.085),
            ("fpr_gap", "sex", "Female", 0.004),
            ("tpr_gap", "site", "Hungary", 0.028),
        )
        for metric, name, level, change in changes:
            value = change if helped else change / 12
            found.append(
                Finding(
                    pillar="fairness", metric=f"{metric}_change", value=value, low=value - 0.025, high=value + 0.025,
                    n=n, slice={name: level}, class_=CLASS, split=split, versus=twin,
                    detail={"before": 0.11, "after": 0.11 + value},
                )
            )  # fmt: skip
    return found


def many_attributes(count: int = 10) -> Mapping[str, Mapping[str, float]]:
    """Return attributes of four levels each, the first three those of the heart study."""
    more = {f"attribute {k}": {"a": 0.4, "b": 0.3, "c": 0.25, "d": 0.05} for k in range(1, count - 2)}
    return {**LEVELS, **more}


def number_findings(n: int = 3000) -> list[Finding]:
    """Return levels and gaps of mean absolute error and bias."""
    found = []
    for name, levels in LEVELS.items():
        for level, share in levels.items():
            size, harm = int(n * share), HARM.get((name, level), 0.0)
            error = 1.1 / math.sqrt(size)
            common: dict[str, Any] = {"pillar": "fairness", "n": size, "slice": {name: level}, "split": "test"}
            for metric, value in (("mae", 0.9 + 2 * harm), ("bias", harm)):
                found.append(
                    Finding(metric=metric, value=value, low=value - 2 * error, high=value + 2 * error, **common)
                )
                found.append(
                    Finding(
                        metric=f"{metric}_gap", value=2 * harm, low=2 * harm - 3 * error, high=2 * harm + 3 * error,
                        versus=OTHERS, enough=size > 100, detail={"slice_value": value, "versus_value": 0.9}, **common,
                    )
                )  # fmt: skip
    return found


def class_findings(names: Sequence[str], n: int = 1800) -> list[Finding]:
    """Return gaps of a question with many classes: balanced accuracy over all, true positive rate class by class."""
    found = []
    for level, share in LEVELS["sex"].items():
        size, harm = int(n * share), HARM.get(("sex", level), 0.0)
        for metric, class_ in (("balanced_accuracy", None), *(("tpr", name) for name in names)):
            many = size if class_ is None else max(1, size // len(names))
            gap, error = harm + (0.03 if class_ == names[0] else 0.0), 0.35 / math.sqrt(many)
            sizes = (many, many, n)
            gapped = _gap(f"{metric}_gap", gap, (0.85 - gap, 0.85), error, sizes, {"sex": level}, LEVELS, "test")
            found.append(Finding.from_json({**gapped.to_json(), "class": class_}))
    return found
