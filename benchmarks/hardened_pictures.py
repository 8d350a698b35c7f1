"""Training on moved pictures beside plain training: decisions that moved pixels turn, and the price in AUROC.

    python benchmarks/hardened_pictures.py STUDY.yaml [--ways plain pgd-full] [--searched 60] [--set KEY=VALUE ...]

All ways learn from the same records and are asked about the same test records; `--set` is for all of them. The price is
a way's AUROC minus that of the first way named, by a paired bootstrap over patients; what turned has an exact interval.
Decisions that stand are asked about again, by more steps from random starts and by a search that sees answers alone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from primum.cohort import Cohort, take
from primum.evidence import Finding
from primum.model.predictor import Predictor
from primum.progress import Silent
from primum.safety.robustness import pixel_findings
from primum.study import Study
from primum.study.fitting import backbone_of, fit_net, fit_request, quiet_libraries

FloatArray = npt.NDArray[np.float64]
PGD = "training.objective.robustness={method: pgd}"
ALONE = "training.objective.robustness={method: pgd, strength: 1.0}"
FULL = ["model.adapt={method: full}", "training.optimizer.lr=3e-4"]
WAYS: dict[str, list[str]] = {
    "plain": [],
    "pgd": [PGD, "training.epochs=8"],
    "full": [*FULL, "training.epochs=4"],
    "pgd-full": [*FULL, "training.epochs=4", ALONE],
    "pgd-upper": ["model.adapt=upper", "training.epochs=12", PGD],
}


def searched(predictor: Predictor, cohort: Cohort, split: npt.NDArray[np.object_], most: int) -> list[Finding]:
    """Return what moved pixels turn on test, and what other searches turn of what stood."""
    return pixel_findings(
        lambda r, t, bound, steps: predictor.under_attack(r, t, bound=bound, steps=steps),
        cohort,
        split,
        doubts={
            "more_steps": lambda r, t, bound: predictor.under_attack(r, t, bound=bound, steps=20, restarts=3),
            "answers_alone": lambda r, t, bound: predictor.under_blind_attack(r, t, bound=bound, questions=400),
        },
        most=most,
    )


def price(truth: FloatArray, ours: FloatArray, theirs: FloatArray, patients: npt.NDArray[np.object_]) -> str:
    """Return the AUROC and its change, with percentile intervals over 1,000 resamples of patients."""
    codes = np.unique(patients.astype(str), return_inverse=True)[1]
    rows = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    draws, found = np.random.default_rng(0), []
    while len(found) < 1000:
        some = np.concatenate([rows[i] for i in draws.integers(0, len(rows), len(rows))])
        if 0 < truth[some].sum() < len(some):
            found.append([roc_auc_score(truth[some], ours[some]), roc_auc_score(truth[some], theirs[some])])
    both = np.array(found)
    whole = roc_auc_score(truth, ours)
    (low, high), (under, over) = (np.percentile(v, [2.5, 97.5]) for v in (both[:, 0], both[:, 0] - both[:, 1]))
    change = whole - roc_auc_score(truth, theirs)
    return f"{whole:.3f} ({low:.3f} to {high:.3f}) | {change:+.3f} ({under:+.3f} to {over:+.3f})"


def main() -> None:
    """Print a row a way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--searched", type=int, default=60)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    options = parser.parse_args()
    quiet_libraries()
    print("| way | AUROC | change | turned by 2, in one step | turned by 2 | turned by 4 | missed | s |", flush=True)
    print("|---|---|---|---|---|---|---|---|")
    first: FloatArray | None = None
    for way in options.ways:
        study = Study.load(options.study, overrides=[*WAYS[way], *options.overrides])
        cohort = study.read_cohort()
        split = study.split(cohort)
        test = np.flatnonzero(split == "test")
        with tempfile.TemporaryDirectory() as folder:
            request = fit_request(study, cohort, split, backbone_of(study), folder=Path(folder))
            started = time.process_time()
            predictor = fit_net(replace(request, plan=replace(request.plan, track=()), probe=False), Silent()).predictor
            seconds = time.process_time() - started
            answers = predictor.predict(take(cohort, test).records)[:, 1]
            first = answers if first is None else first
            found = searched(predictor, cohort, split, options.searched)
        truth = (cohort.target.values[test] == 1).astype(np.float64)
        shares = [
            f"{f.value:.2f} ({f.low:.2f} to {f.high:.2f}, n = {f.n})" for f in found if f.metric == "adversarial_turned"
        ]
        missed = [f"{f.value:.2f} (n = {f.n}) {dict(f.detail)}" for f in found if f.metric == "pixel_search_missed"]
        cells = [price(truth, answers, first, cohort.patients[test]), *shares, *(missed or ["none stood"])]
        print(f"| {way} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
