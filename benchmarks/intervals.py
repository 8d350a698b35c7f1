"""How often the interval of a probability holds the true share, and how wide it is, where the true share is known.

    python benchmarks/intervals.py [--draws 400] [--seed 7] [--truth "too sure"]

Each draw makes a calibration split whose true shares are known, fits the intervals as a run does and asks about fresh
patients. Beside it: the same intervals of probabilities that were calibrated on the same split, by slope and intercept,
cross-fitted, which is why a run looks at probabilities before calibration; and
inductive Venn-Abers predictors (Vovk & Petej 2014) on the first draws, as if their two probabilities were an interval.
Prints a table; needs scikit-learn for Venn-Abers.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.isotonic import IsotonicRegression

from primum.evidence import Predictions
from primum.safety import choose_calibrator, fit_reliability, out_of_fold

SHAPES = {
    "calibrated": lambda p: p,
    "too sure": lambda p: 1 / (1 + np.exp(-0.5 * np.log(p / (1 - p)))),
    "too low": lambda p: p**0.4,
    "flat at 0.3": lambda p: np.full_like(p, 0.3),
}
SIZES = (40, 72, 150, 400, 1000, 5000)
ASKED = 10


def drawn(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return probabilities that a model may say."""
    return 1 / (1 + np.exp(-rng.normal(0, 1.5, n)))


def table_of(p: np.ndarray, truth: np.ndarray) -> Predictions:
    """Return a calibration split of two classes."""
    n = len(p)
    return Predictions(
        ids=np.arange(n).astype(str).astype(object),
        split=np.full(n, "calibration", dtype=object),
        target_type="classes",
        classes=("well", "ill"),
        target=truth.astype(np.int64),
        predicted=(p >= 0.5).astype(np.int64),
        probabilities=np.column_stack([1 - p, p]),
        groups={},
        site=None,
    )


def ours(p: np.ndarray, truth: np.ndarray, asked: np.ndarray, *, fitted: bool) -> np.ndarray:
    """Return the intervals of the second class, shape (asked, 2)."""
    table, shown = table_of(p, truth), np.column_stack([1 - asked, asked])
    if fitted:
        shown = choose_calibrator(table, method="vector").apply(shown)
        table = out_of_fold(table, lambda rest: choose_calibrator(rest, method="vector").calibrated)
    found = fit_reliability(table).intervals(shown)
    assert found is not None
    return found[:, 1]


def venn_abers(p: np.ndarray, truth: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return both probabilities of each, shape (asked, 2): isotonic with the patient taken as well, and as ill."""
    found = np.empty((len(asked), 2))
    for row, one in enumerate(asked):
        for label in (0, 1):
            fit = IsotonicRegression(out_of_bounds="clip").fit(np.append(p, one), np.append(truth, label))
            found[row, label] = fit.predict([one])[0]
    return found


def main() -> None:
    """Print coverage and width by true shape, patients and method."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--draws", type=int, default=400)
    asking.add_argument("--seed", type=int, default=7)
    asking.add_argument("--truth", choices=list(SHAPES), help="only this one")
    given = asking.parse_args()
    print(
        f"{'truth':12} {'patients':>8}   intervals: held, width   cross-fitted: held, width   Venn-Abers: held, width"
    )
    for name, shape in SHAPES.items() if given.truth is None else [(given.truth, SHAPES[given.truth])]:
        for n in SIZES:
            rng, found = np.random.default_rng([given.seed, n]), {}
            for draw in range(given.draws):
                p, asked = drawn(rng, n), drawn(rng, ASKED)
                truth, wanted = rng.random(n) < shape(p), shape(asked)
                made = {"intervals": ours(p, truth, asked, fitted=False)}
                if draw < given.draws // 8:
                    made["venn-abers"] = venn_abers(p, truth, asked)
                    if n >= 72:
                        made["fitted"] = ours(p, truth, asked, fitted=True)
                for method, ends in made.items():
                    held = (ends[:, 0] <= wanted) & (wanted <= ends[:, 1])
                    found.setdefault(method, []).append((held.mean(), np.diff(ends).mean()))
            means = {method: np.mean(rows, axis=0) for method, rows in found.items()}
            shown = [
                "{:.3f}, {:.2f}".format(*means[m]) if m in means else "-" for m in ("intervals", "fitted", "venn-abers")
            ]
            print(f"{name:12} {n:8}   {shown[0]:>22}   {shown[1]:>25}   {shown[2]:>23}", flush=True)


if __name__ == "__main__":
    main()
