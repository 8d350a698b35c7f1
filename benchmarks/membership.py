"""Whether membership inference catches an over-fitted model and leaves a regularised one alone, on real records.

    python benchmarks/membership.py STUDY [--data FILE] [--epochs 100] [--splits 20]

STUDY is a built-in study or a study file. A head on the frozen backbone is fitted twice on the same split: over-fitted
(no dropout, no weight decay, no early stopping) and as a careful user would (dropout, weight decay, early stopping).
Both are attacked through their answers alone. `--splits`: false alarms of the rules, on this many random splits, for
records that the careful model was not trained on.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from primum.ethics import judge, load_policy
from primum.evidence import METRICS, Finding, Predictions
from primum.privacy import membership_findings
from primum.progress import Silent
from primum.study import Study
from primum.study.fitting import backbone_of, fit_net, fit_request, inside_of, predictions_of, quiet_libraries
from primum.study.leaking import shadow_features

OVERFITTED = ["model.dropout=0.0", "training.optimizer.weight_decay=0.0", "training.early_stopping=null"]
CAREFUL = ["model.dropout=0.3", "training.optimizer.weight_decay=0.01"]


def trained(study: Study, known: object, clock: dict[str, float]) -> tuple[Predictions, object, object]:
    """Return the predictions of one training, the un-tuned features, and what can be used again."""
    cohort = study.read_cohort()
    split = study.split(cohort)
    with tempfile.TemporaryDirectory() as folder:
        request = fit_request(study, cohort, split, backbone_of(study), folder=Path(folder))
        request = replace(request, plan=replace(request.plan, track=()), known=known)
        started = time.perf_counter()
        fitted = fit_net(request, Silent())
        clock["train"] = time.perf_counter() - started
        answers = inside_of(fitted, Silent()).answers
    features = shadow_features(cohort, fitted.untuned_features)
    return predictions_of(cohort, split, answers), features, fitted.known()


def told(name: str, findings: list[Finding], outcomes: dict[str, str], seconds: float) -> None:
    """Print one row an attack."""
    verdict = "/".join(outcomes[rule] for rule in ("privacy.membership", "privacy.membership_certain"))
    for area in (f for f in findings if f.metric == "membership_auc"):
        attack = area.detail["attack"]
        of = {f.metric: f for f in findings if f.detail.get("attack") == attack and not f.slice and not f.class_}
        caught = of["membership_tpr_at_1_percent"]
        print(
            f"| {name} | {attack} | {area.n}, {area.detail['versus_n']} | {area.value:.3f} ({area.low:.3f} to "
            f"{area.high:.3f}) | {caught.value:.3f} ({caught.low:.3f} to {caught.high:.3f}) | "
            f"{of['membership_advantage'].value:.3f} | {of['membership_epsilon'].value:.2f} | {verdict} | "
            f"{seconds:.2f} |"
        )


def outcomes_of(findings: list[Finding]) -> dict[str, str]:
    """Return the outcome of each rule on membership."""
    policy = load_policy("default").about({name for name in METRICS if name.startswith("membership")})
    assert policy is not None
    return {one.rule.name: one.outcome for one in judge(findings, policy).rules}


def false_alarms(table: Predictions, features: np.ndarray, splits: int) -> int:
    """Return how many random divisions of records that nobody trained on are accused."""
    rows = np.flatnonzero(np.isin(table.split.astype(str), ("test", "external", "calibration", "validation")))
    accused = 0
    for seed in range(splits):
        rng = np.random.default_rng(seed)
        part = table.take(rows)
        part = replace(part, split=np.where(rng.random(len(rows)) < 0.6, "train", "test").astype(object))
        outcomes = outcomes_of(membership_findings(part, features=features[rows], seed=seed))
        few = min((part.split == "train").sum(), (part.split == "test").sum()) < 50
        accused += "block" in outcomes.values() or ("review" in outcomes.values() and not few)
    return accused


def main() -> None:
    """Print the table of both trainings, then the false alarms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--splits", type=int, default=20)
    options = parser.parse_args()
    quiet_libraries()
    common = ["model.adapt=head", f"training.epochs={options.epochs}"]
    common += [f"cohort.source={options.data.resolve()}"] if options.data else []
    known = None
    print("| training | attack | members, others | area | caught at 1 % | advantage | epsilon at least | verdict | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, settings in (("over-fitted", OVERFITTED), ("careful", CAREFUL)):
        clock: dict[str, float] = {}
        table, features, known = trained(Study.load(options.study, overrides=[*common, *settings]), known, clock)
        started = time.perf_counter()
        findings = membership_findings(table, features=features)
        told(name, findings, outcomes_of(findings), time.perf_counter() - started)
    accused = false_alarms(table, features, options.splits)
    print(f"\naccused though no record was trained on: {accused} of {options.splits} divisions")


if __name__ == "__main__":
    main()
