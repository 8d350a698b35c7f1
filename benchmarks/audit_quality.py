"""Whom the audit accuses, whom it misses, and what the peers say of the same tables.

    python benchmarks/audit_quality.py [--fair 400] [--planted 100] [--peers 20]

Fabricated predictions whose truth is known: models that serve all alike (2 to 10 attributes of 2 to 4 groups, 500 to
20,000 patients), and models with one planted harm. Each goes through `primum.assess` and the default policy; "accused"
means block. With --peers some of the same tables go through fairlearn's MetricFrame with its bootstrap and through
faircare's audit, where they are installed (pip install fairlearn faircare).
"""

from __future__ import annotations

import argparse
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from primum import assess, judge
from primum.evidence.intervals import wilson

POINTS = 0.15
"""The planted gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A table of predictions and its attributes."""

    table: pd.DataFrame
    attributes: list[str]


def made(rng: np.random.Generator, n: int, groups: list[np.ndarray], worse: Callable[..., np.ndarray] | None) -> Made:
    """Return predictions of a calibrated model; `worse` gives how many points of sensitivity each record loses."""
    prevalence, apart = rng.uniform(0.25, 0.5), rng.uniform(1.0, 1.3)
    ill = rng.random(n) < prevalence
    seen = apart * (2 * ill - 1) + rng.normal(size=n)
    score = 1 / (1 + np.exp(-(np.log(prevalence / (1 - prevalence)) + 2 * apart * seen)))  # the posterior
    if worse is not None:
        found = score > 0.5
        # Of the ill that are found, so many become missed ones that the true positive rate falls by the points.
        lose = ill & found & (rng.random(n) < worse() / found[ill].mean())
        score = np.where(lose, 1 - score, score)
    names = [f"a{i}" for i in range(len(groups))]
    columns = {name: values for name, values in zip(names, groups, strict=True)}
    table = pd.DataFrame({"truth": np.where(ill, "ill", "well"), "p:ill": score, "p:well": 1 - score, **columns})
    return Made(table=table, attributes=names)


def random_groups(rng: np.random.Generator, n: int, attributes: int) -> list[np.ndarray]:
    """Return attributes of 2 to 4 groups of unequal size."""
    sizes = [rng.dirichlet(np.full(int(rng.integers(2, 5)), 4.0)) for _ in range(attributes)]
    return [np.array([f"g{j}" for j in rng.choice(len(p), size=n, p=p)], dtype=object) for p in sizes]


def fair(rng: np.random.Generator) -> Made:
    """A model that serves all alike."""
    n = int(np.exp(rng.uniform(np.log(500), np.log(20_000))))
    return made(rng, n, random_groups(rng, n, int(rng.integers(2, 11))), None)


def _binary(rng: np.random.Generator, n: int, attributes: int) -> list[np.ndarray]:
    return [np.where(rng.random(n) < 0.5, "g0", "g1").astype(object) for _ in range(attributes)]


def clean(rng: np.random.Generator) -> Made:
    """A model that serves all alike, with patients enough in every pair of groups."""
    return made(rng, 12_000, _binary(rng, 12_000, 3), None)


def one_group(rng: np.random.Generator) -> Made:
    """One group of an attribute loses 15 points."""
    n = 6_000
    groups = random_groups(rng, n, 3)
    groups[0] = np.where(rng.random(n) < 0.3, "g0", "g1").astype(object)
    return made(rng, n, groups, lambda: POINTS * (groups[0] == "g0"))


def intersection(rng: np.random.Generator) -> Made:
    """Only intersections differ: each attribute alone looks fair."""
    n = 8_000
    groups = _binary(rng, n, 3)
    return made(rng, n, groups, lambda: 2 * POINTS * (groups[0] == groups[1]))


def unknown(rng: np.random.Generator) -> Made:
    """Patients of unknown sex are served worse."""
    n = 6_000
    groups = _binary(rng, n, 2)
    missing = rng.random(n) < 0.2
    groups[0] = np.where(missing, None, groups[0])
    return made(rng, n, groups, lambda: POINTS * missing)


def nine_patients(rng: np.random.Generator) -> Made:
    """One group has nine patients; nobody is served worse."""
    n = 6_000
    groups = _binary(rng, n, 2)
    groups[0][rng.choice(n, 9, replace=False)] = "few"
    return made(rng, n, groups, None)


SCENARIOS: dict[str, tuple[Callable[[np.random.Generator], Made], str]] = {
    "fair": (fair, "block"),
    "clean": (clean, "pass"),
    "one group": (one_group, "block"),
    "intersection only": (intersection, "block"),
    "unknown sex": (unknown, "block"),
    "nine patients": (nine_patients, "review"),
}


def primum_says(one: Made) -> tuple[str, bool]:
    """Return the verdict, and whether it says how many patients would be needed where there are too few."""
    findings = assess(one.table, target="truth", sensitive=one.attributes)
    verdict = judge(findings, policy="default")
    told = any("would be needed" in rule.because["en"] for rule in verdict.rules if rule.outcome == "review")
    return verdict.outcome, told


def fairlearn_accuses(one: Made, *, resamples: int) -> bool:
    """Return whether any attribute's bootstrapped difference in TPR or FPR lies above 5 points (2.5 % quantile)."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, true_positive_rate

    truth, said = (one.table["truth"] == "ill").astype(int), (one.table["p:ill"] > 0.5).astype(int)
    for name in one.attributes:
        frame = MetricFrame(
            metrics={"tpr": true_positive_rate, "fpr": false_positive_rate},
            y_true=truth,
            y_pred=said,
            sensitive_features=one.table[name].fillna("unknown"),
            n_boot=resamples,
            ci_quantiles=[0.025, 0.975],
            random_state=7,
        )
        if (frame.difference_ci()[0] > 0.05).any():
            return True
    return False


def faircare_accuses(one: Made, *, resamples: int) -> bool:
    """Return whether faircare flags equalised odds for any group."""
    import polars as pl
    from faircareai import FairCareAudit, FairnessMetric

    table = pl.DataFrame(
        {
            "y": (one.table["truth"] == "ill").astype(int).to_numpy(),
            "p": one.table["p:ill"].to_numpy(),
            **{name: one.table[name].fillna("unknown").astype(str).tolist() for name in one.attributes},
        }
    )
    audit = FairCareAudit(table, pred_col="p", target_col="y")
    for name in one.attributes:
        audit.add_sensitive_attribute(name=name, column=name)
    audit.config.primary_fairness_metric = FairnessMetric.EQUALIZED_ODDS
    audit.config.fairness_justification = "benchmark"
    results = audit.run(bootstrap_ci=True, n_bootstrap=resamples, n_jobs=1, progress=False)
    return any(flag.get("metric") == "equalized_odds" for flag in results.flags)


def run(name: str, count: int) -> None:
    """Audit so many tables of one scenario and print what was said."""
    make, wanted = SCENARIOS[name]
    said: Counter[str] = Counter()
    told, started = 0, time.process_time()
    for index in range(count):
        outcome, tells = primum_says(make(np.random.default_rng([index, len(name)])))
        said[outcome] += 1
        told += tells
    seconds = (time.process_time() - started) / count
    low, high = wilson(said[wanted], count)
    share = f"{wanted} {said[wanted] / count:.3f} ({low:.3f} to {high:.3f})"
    print(
        f"{name:18s} {count:4d} tables  {share:32s} {dict(said)}  needed told {told}  {seconds:.2f} s each", flush=True
    )


def run_peers(count: int, resamples: int) -> None:
    """Send the first tables of three scenarios, of at most 4 attributes, through the peers as well."""
    logging.disable(logging.WARNING)
    for name in ("fair", "one group", "intersection only"):
        make, _ = SCENARIOS[name]
        tables = (make(np.random.default_rng([index, len(name)])) for index in range(10 * count))
        chosen = [one for one in tables if len(one.attributes) <= 4 and len(one.table) <= 8_000][:count]
        for peer, accuses in (
            ("primum", lambda one: primum_says(one)[0] == "block"),
            ("fairlearn", lambda one: fairlearn_accuses(one, resamples=resamples)),
            ("faircare", lambda one: faircare_accuses(one, resamples=resamples)),
        ):
            started = time.process_time()
            try:
                accused = sum(accuses(one) for one in chosen)
            except ImportError as exc:
                print(f"{name:18s} {peer:10s} not installed ({exc.name})")
                continue
            seconds = (time.process_time() - started) / len(chosen)
            print(f"{name:18s} {peer:10s} accused {accused} of {len(chosen)}, {seconds:.2f} s each", flush=True)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fair", type=int, default=400)
    parser.add_argument("--planted", type=int, default=100)
    parser.add_argument("--peers", type=int, default=0)
    parser.add_argument("--resamples", type=int, default=100)
    arguments = parser.parse_args()
    for name in SCENARIOS:
        count = arguments.fair if name == "fair" else arguments.planted
        if count:
            run(name, count)
    if arguments.peers:
        run_peers(arguments.peers, arguments.resamples)


if __name__ == "__main__":
    main()
