"""What a model of several inputs answers when one is absent: AUROC on test, beside all inputs, paired.

    python benchmarks/absent_inputs.py RUN [--resamples 2000]

RUN is a finished run with a target of classes and two inputs or more. Its model is asked about the test records as they
are, and with each input, and each pair of inputs, taken away from all of them. AUROC of several classes is the mean
over them; intervals are percentiles over patients resampled together, the same for both sides of a difference.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from primum.cohort import take
from primum.cohort.records import Records
from primum.model.predictor import Predictor
from primum.study import Study

FloatArray = npt.NDArray[np.float64]


def without(records: Records, names: tuple[str, ...]) -> Records:
    """Return the records as if nobody had given these inputs."""
    return replace(
        records,
        text=None if "text" in names else records.text,
        vitals={} if "vitals" in names else records.vitals,
        image=None if "image" in names else records.image,
    )


def auroc(answers: FloatArray, truth: npt.NDArray[np.int64]) -> float:
    """Return the mean over the classes that occur, each against the rest."""
    found = [roc_auc_score(truth == c, answers[:, c]) for c in np.unique(truth)] if len(np.unique(truth)) > 1 else []
    return float(np.mean(found)) if found else float("nan")


def intervals(
    all_of_it: FloatArray, less: FloatArray, truth: npt.NDArray[np.int64], patients: npt.NDArray[np.object_], n: int
) -> tuple[FloatArray, FloatArray]:
    """Return ends of the intervals of the AUROC with less, and of what is lost, each (2,)."""
    rng = np.random.default_rng(7)
    ids, codes = np.unique(patients, return_inverse=True)
    of = [np.flatnonzero(codes == one) for one in range(len(ids))]
    values = []
    for _ in range(n):
        rows = np.concatenate([of[one] for one in rng.integers(len(ids), size=len(ids))])
        here = auroc(less[rows], truth[rows])
        values.append((here, auroc(all_of_it[rows], truth[rows]) - here))
    low, high = np.nanquantile(values, [0.025, 0.975], axis=0)
    return np.array([low[0], high[0]]), np.array([low[1], high[1]])


def main() -> None:
    """Print one line for each set of inputs that is left."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--resamples", type=int, default=2000)
    given = parser.parse_args()
    study = Study.load(given.run / "study.yaml")
    cohort = study.read_cohort()
    test = take(cohort, np.flatnonzero(study.split(cohort) == "test").astype(np.int64))
    predictor = Predictor.load(given.run / "model")
    names = tuple(predictor.inputs)
    truth = test.target.values.astype(np.int64)
    whole = predictor.predict(test.records)
    print(f"all of {', '.join(names)}: {auroc(whole, truth):.3f}, {len(test)} records")
    for count in range(1, len(names)):
        for gone in combinations(names, count):
            less = predictor.predict(without(test.records, gone))
            one, lost = intervals(whole, less, truth, test.patients, given.resamples)
            value = auroc(less, truth)
            print(
                f"without {' and '.join(gone)}: {value:.3f} ({one[0]:.3f} to {one[1]:.3f}), lost "
                f"{auroc(whole, truth) - value:.3f} ({lost[0]:.3f} to {lost[1]:.3f})"
            )


if __name__ == "__main__":
    main()
