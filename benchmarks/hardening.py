"""Adversarial training beside plain training: accuracy as records stand, and under a search for the worst words.

    python benchmarks/hardening.py examples/symptom2disease/study.yaml --data FILE [--seeds 3] [--set KEY=VALUE ...]

Every seed divides the records anew and trains each way on the same division; all ways are searched on the same test
records. A change is a way's share of right records minus that of plain training on the same records, with a bootstrap
interval over patients, who may be tested under several seeds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.model.predictor import Predictor
from primum.progress import Silent
from primum.safety.robustness.asking import decider
from primum.safety.robustness.search.asking import Asker
from primum.safety.robustness.search.attacks import WordsAttack
from primum.safety.robustness.search.findings import drawn, known_words
from primum.study import Study
from primum.study.fitting import backbone_of, fit_net, fit_request, quiet_libraries

BoolArray = npt.NDArray[np.bool_]
Right = dict[str, tuple[npt.NDArray[np.object_], BoolArray]]
WAYS: dict[str, list[str]] = {
    "plain": [],
    "fgm": ["training.objective.robustness={method: fgm}"],
    "augmentation": ["training.objective.robustness={method: augmentation}"],
}
SEARCHED, LETTERS = 100, 1_000_000


def right_of(predictor: Predictor, cohort: Cohort, split: npt.NDArray[np.object_], seed: int) -> Right:
    """Return which patients are answered rightly: all of test as it stands, and some of it under the search."""
    test = np.flatnonzero(split == "test")
    answers = predictor.predict(take(cohort, test).records).argmax(1)
    rows = drawn(test, SEARCHED, seed)
    asker = Asker(predictor=predictor, part=take(cohort, rows), rows=rows, decide=decider(cohort.target.kind))
    margin, lost = asker.of_variants(range(len(rows)), None, {})
    turned = WordsAttack(asker, known_words(cohort, split, rows), seed=seed).run(margin, ~lost, letters=LETTERS).turned
    return {
        "as it stands": (cohort.patients[test], answers == cohort.target.values[test]),
        "searched, before": (cohort.patients[rows], ~lost),
        "searched, after": (cohort.patients[rows], ~lost & ~turned),
    }


def interval(patients: npt.NDArray[np.object_], values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean and its percentile bootstrap over patients."""
    units = np.unique(patients.astype(str), return_inverse=True)[1]
    n = units.max() + 1
    sums, counts = np.bincount(units, values, n), np.bincount(units, minlength=n)
    weights = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), 5000)
    low, high = np.percentile((weights @ sums) / (weights @ counts), [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def main() -> None:
    """Print a row a way and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--data", default=None)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    options = parser.parse_args()
    quiet_libraries()
    found: dict[str, list[Right]] = {way: [] for way in WAYS}
    seconds = dict.fromkeys(WAYS, 0.0)
    for seed in range(options.seeds):
        source = [f"cohort.source={options.data}"] if options.data else []
        seeds = [f"training.seed={seed}", f"cohort.split.seed={seed}"]
        for way, more in WAYS.items():
            study = Study.load(options.study, overrides=[*source, *options.overrides, *seeds, *more])
            cohort = study.read_cohort()
            split = study.split(cohort)
            with tempfile.TemporaryDirectory() as folder:
                request = fit_request(study, cohort, split, backbone_of(study), folder=Path(folder))
                started = time.process_time()
                request = replace(request, plan=replace(request.plan, track=()), probe=False)
                predictor = fit_net(request, Silent()).predictor
                seconds[way] += time.process_time() - started
                found[way].append(right_of(predictor, cohort, split, seed))
    print("| way | measured | n | right | change beside plain | s of training |\n|---|---|---|---|---|---|")
    for way, seeds_found in found.items():
        for measure in seeds_found[0]:
            patients = np.concatenate([one[measure][0] for one in seeds_found])
            right = np.concatenate([one[measure][1] for one in seeds_found]).astype(np.float64)
            plain = np.concatenate([one[measure][1] for one in found["plain"]]).astype(np.float64)
            share, change = interval(patients, right), interval(patients, right - plain)
            print(
                f"| {way} | {measure} | {len(right)} | {share[0]:.3f} ({share[1]:.3f} to {share[2]:.3f}) | "
                f"{change[0]:+.3f} ({change[1]:+.3f} to {change[2]:+.3f}) | {seconds[way]:.0f} |"
            )


if __name__ == "__main__":
    main()
