"""Calibration, conformal sets and abstention: what they keep of their promises, and their speed beside peers.

    python benchmarks/calibration.py speed [--peer FOLDER_WITH_MAPIE]
    python benchmarks/calibration.py promises SYMPTOM2DISEASE.csv [--seeds 50]
    python benchmarks/calibration.py runs RUN_FOLDER...

speed: 10^6 x 10 scores, one thread, processor time, the best of three. promises: a cheap model's out-of-fold answers
on the records of `heart` and of symptom2disease, divided anew into calibration and test for every seed. runs: the
calibration error of finished runs before and after calibration.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from primum.cohort import Cohort
from primum.evidence import Predictions, point_values, read_predictions
from primum.evidence.sums import confidence_and_outcome
from primum.safety import choose_abstention, choose_calibrator, fit_conformal, out_of_fold, sureness_of
from primum.safety.abstention import wrong_of
from primum.safety.calibration import inverse_temperature
from primum.safety.calibration.figures import brier_block
from primum.safety.conformal import SCORES, order_statistic

N, K = 1_000_000, 10


def best_of(run: Callable[[], object], times: int = 3) -> tuple[float, object]:
    """Return the least seconds of processor time of several runs, and the last result."""
    seconds, result = [], None
    for _ in range(times):
        started = time.process_time()
        result = run()
        seconds.append(time.process_time() - started)
    return min(seconds), result


def speed(peer: str | None) -> None:
    """Print seconds beside scikit-learn, torch and MAPIE."""
    rng = np.random.default_rng(0)
    target = rng.integers(K, size=N)
    scores = rng.normal(size=(N, K))
    scores[np.arange(N), target] += 2
    scores *= 1.2
    p = np.exp(scores)
    p /= p.sum(1, keepdims=True)
    if peer is not None:
        sys.path.append(peer)
    conformal(p, target)
    temperatures(scores, target)


def temperatures(scores: np.ndarray, target: np.ndarray) -> None:
    """Print the temperature by Newton, by scikit-learn and by the widely copied LBFGS recipe."""
    import torch
    from sklearn.calibration import _TemperatureScaling

    ours, slope = best_of(lambda: inverse_temperature(scores, target))
    theirs, fitted = best_of(lambda: _TemperatureScaling().fit(scores, target), 1)
    print(f"temperature primum {ours:.3f} s T={1 / slope:.7f}")
    print(f"temperature scikit-learn {theirs:.2f} s T={1 / fitted.beta_:.7f} ratio {theirs / ours:.1f}")
    print(f"difference of the slopes {abs(slope - fitted.beta_):.2e}")
    torch.set_num_threads(1)
    given, classes = torch.tensor(scores), torch.tensor(target)

    def recipe() -> float:
        temperature = torch.nn.Parameter(torch.ones(1, dtype=torch.float64) * 1.5)
        optimizer = torch.optim.LBFGS([temperature], lr=0.01, max_iter=50)

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(given / temperature, classes)
            loss.backward()
            return loss

        optimizer.step(closure)
        return float(temperature.detach()[0])

    seconds, reached = best_of(recipe, 1)
    print(f"temperature torch LBFGS {seconds:.1f} s T={reached:.5f} ratio {seconds / ours:.0f}")


def conformal(p: np.ndarray, target: np.ndarray) -> None:
    """Print LAC and APS, half calibrating and half predicting, beside MAPIE."""
    half = N // 2
    for name in ("lac", "aps"):

        def own(name: str = name) -> np.ndarray:
            score = SCORES.get(name)
            threshold = order_statistic(score.of_true(p[:half], target[:half]), 0.9)
            return score.included(p[half:], np.asarray(threshold))

        ours, sets = best_of(own)
        seconds, (theirs, threshold) = mapie(p, target, name)
        same = np.mean(SCORES.get(name).included(p[half:], np.asarray(threshold)) == theirs)
        alike = np.mean(sets == theirs)
        print(f"{name} primum {ours:.3f} s MAPIE {seconds:.2f} s ratio {seconds / ours:.1f}")
        print(f"{name} sets equal {alike:.6f}, at MAPIE's threshold {same:.6f}")
        for who, found in (("primum", sets), ("MAPIE", theirs)):
            held = found[np.arange(half), target[half:]].mean()
            print(f"{name} {who}: coverage {held:.4f}, classes {found.sum(1).mean():.3f}")


def mapie(p: np.ndarray, target: np.ndarray, name: str) -> tuple[float, tuple[np.ndarray, float]]:
    """Return MAPIE's seconds, sets and threshold; the estimator hands out the probabilities it is given."""
    from mapie.classification import SplitConformalClassifier
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Given(ClassifierMixin, BaseEstimator):
        def fit(self, x: np.ndarray, y: np.ndarray) -> Given:
            self.classes_, self.fitted_ = np.arange(K), True
            return self

        def predict_proba(self, x: np.ndarray) -> np.ndarray:
            return x

        def predict(self, x: np.ndarray) -> np.ndarray:
            return x.argmax(1)

    half = len(p) // 2
    model = Given().fit(p[:2], target[:2])

    def run() -> tuple[np.ndarray, float]:
        options = {"include_last_label": True} if name == "aps" else {}
        tool = SplitConformalClassifier(model, confidence_level=[0.9], conformity_score=name, prefit=True)
        tool.conformalize(p[:half], target[:half])
        sets = tool.predict_set(p[half:], conformity_score_params=options)[1][:, :, 0]
        return sets, float(tool._mapie_classifier.quantiles_[0])

    return best_of(run)


def promises(symptoms: Path, seeds: int) -> None:
    """Print coverage by class and slice and how often abstention keeps its risk, over seeds."""
    import warnings

    warnings.simplefilter("ignore")
    for name, table in (("heart", heart()), ("symptom2disease", described(symptoms))):
        kept(name, table, seeds)


def heart() -> Predictions:
    """Return out-of-fold answers of a logistic regression on heart's vitals."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from primum.study import Study

    cohort = Study.load("heart").read_cohort()
    columns = []
    for vital in cohort.records.vitals.values():
        if vital.kind == "category":
            levels, codes = np.unique([str(v) for v in vital.values], return_inverse=True)
            columns.append(np.eye(len(levels))[codes])
        else:
            values = vital.values.astype(float)
            columns.append(np.column_stack([np.nan_to_num(values, nan=np.nanmean(values)), np.isnan(values)]))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    return table_of(
        cohort, cross_val_predict(model, np.hstack(columns), cohort.target.values, cv=10, method="predict_proba")
    )


def described(path: Path) -> Predictions:
    """Return out-of-fold answers of a logistic regression on the words of symptom2disease."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    from primum.study import Study

    root = Path(__file__).resolve().parents[1] / "examples" / "symptom2disease" / "study.yaml"
    cohort = Study.load(root, overrides=[f"cohort.source={path.resolve()}"]).read_cohort()
    texts = [text or "" for chunk in cohort.records.text.chunks(1000) for text in chunk]
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=20, max_iter=2000)
    )
    folds = GroupKFold(10).split(texts, groups=cohort.patients)
    return table_of(cohort, cross_val_predict(model, texts, cohort.target.values, cv=folds, method="predict_proba"))


def table_of(cohort: Cohort, p: np.ndarray) -> Predictions:
    """Return the cohort's predictions, one record a patient."""
    return Predictions(
        ids=cohort.ids, split=np.full(len(cohort), "calibration", dtype=object), target_type="classes",
        classes=cohort.target.classes, target=cohort.target.values, predicted=p.argmax(1), probabilities=p,
        groups=dict(cohort.sensitive), site=cohort.site,
    )  # fmt: skip


def kept(name: str, table: Predictions, seeds: int, target: float = 0.9) -> None:
    """Print what `seeds` divisions into halves keep of the promises."""
    held: dict[str, list[float]] = {}
    counts: dict[str, list[int]] = {}
    risks = {0.05: [], 0.1: [], 0.15: []}  # type: dict[float, list[tuple[bool, float]]]
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(table))
        calibration, test = table.take(order[: len(order) * 2 // 3]), table.take(order[len(order) * 2 // 3 :])
        calibrator = choose_calibrator(calibration)

        def answering(
            rest: Predictions, method: str = calibrator.common.method
        ) -> Callable[[Predictions], Predictions]:
            return choose_calibrator(rest, method=method).calibrated

        answers = out_of_fold(calibration, answering)
        new = calibrator.calibrated(test)
        holds = fit_conformal(answers, coverage=target).holds(new)
        for group, rows in groups_of(calibration, new):
            counts.setdefault(group, []).append(rows[0])
            held.setdefault(group, []).append(float(holds[rows[1]].mean()))
        sureness, wrong = sureness_of(new.probabilities, new.predicted), wrong_of(new)
        for risk, found in risks.items():
            answered = choose_abstention(answers, risk=risk).answers(sureness)
            found.append((not answered.any() or bool(wrong[answered].mean() <= risk), float(answered.mean())))
    for group, values in held.items():
        if np.mean(counts[group]) >= 200:
            print(
                f"{name} {group}: {np.mean(counts[group]):.0f} calibration records, mean coverage {np.mean(values):.4f}"
            )
    for risk, found in risks.items():
        share, answered = np.mean(found, axis=0)
        print(f"{name} risk {risk}: kept on test in {share:.2f} of seeds, answered {answered:.2f}")


def groups_of(calibration: Predictions, test: Predictions) -> list[tuple[str, tuple[int, np.ndarray]]]:
    """Return everybody, each class and each level with its calibration records and its rows of test."""
    found = [("everybody", (len(calibration), np.ones(len(test), dtype=bool)))]
    for code, name in enumerate(test.classes):
        found.append((f"class {name}", (int((calibration.target == code).sum()), test.target == code)))
    levels = {**test.groups, **({} if test.site is None else {"site": test.site})}
    known = {**calibration.groups, **({} if calibration.site is None else {"site": calibration.site})}
    for attribute, values in levels.items():
        for level in sorted(set(values)):
            found.append((f"{attribute} {level}", (int((known[attribute] == level).sum()), values == level)))
    return [one for one in found if one[1][1].any()]


def runs(folders: list[Path]) -> None:
    """Print each run's calibration error on test and external before and after calibration."""
    for folder in folders:
        place = folder / "uncalibrated.parquet"
        before = read_predictions(place if place.is_file() else folder / "predictions.parquet")
        calibrator = choose_calibrator(before)
        after = calibrator.calibrated(before)
        chosen = f"{calibrator.common.method} ({calibrator.why}), {calibrator.n} patients"
        print(f"{folder.name}: {chosen}, losses {calibrator.losses}")
        for split in ("test", "external"):
            parts = [one.of_split(split) for one in (before, after)]
            if len(parts[0]):
                print(f"  {split} n={len(parts[0])}: before {errors(parts[0])}; after {errors(parts[1])}")


def errors(part: Predictions) -> str:
    """Return the calibration error, the log loss and the reliability of a part."""
    values = point_values(part)
    return f"ECE {values['ece']:.3f} log loss {values['log_loss']:.3f} reliability {reliability(part):.4f}"


def reliability(part: Predictions) -> float:
    """Return the reliability part of the Brier score, less what chance adds."""
    said, came = confidence_and_outcome(part)
    block = brier_block(said, came, len(part))
    return float(block.finish(block.totals())["brier_reliability", None][0])


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "promises", "runs"])
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--peer", default=None, help="folder in which MAPIE is installed")
    given = parser.parse_args()
    if given.what == "speed":
        speed(given.peer)
    elif given.what == "promises":
        promises(given.paths[0], given.seeds)
    else:
        runs(given.paths)


if __name__ == "__main__":
    main()
