"""Whether a model that learnt its records by heart is caught by planted canaries and by membership inference.

    python benchmarks/remembering.py heart
    python benchmarks/remembering.py examples/symptom2disease/study.yaml --data FILE [--only careful]

Three heads on the frozen backbone: over-fitted (100 epochs at a high rate, no dropout, weight decay or early stopping)
and careful, both with 50 canaries planted, and private at epsilon 3 (without canaries, which are of no patient). All
are attacked through their answers before calibration, and judged by the default policy.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np

from primum.ethics import judge, load_policy
from primum.evidence import METRICS, Finding
from primum.privacy import membership_findings
from primum.progress import Silent
from primum.study import Study
from primum.study.clock import Clock
from primum.study.fitting import backbone_of, fit_net, fit_request, inside_of, predictions_of, quiet_libraries
from primum.study.leaking import canaries_of, shadow_features

OFF = ["training.early_stopping=null", "training.optimizer.weight_decay=0.0", "model.dropout=0.0"]
TRAININGS = {
    "over-fitted": [*OFF, "training.epochs=100", "training.optimizer.head_lr=2e-2", "assess.canaries=50"],
    "careful": ["model.dropout=0.3", "training.epochs=40", "assess.canaries=50"],
    "private, epsilon 3": [
        *OFF[:1],
        "model.dropout=0.0",
        "training.epochs=100",
        "training.warmup=0.05",
        "training.privacy={epsilon: 3, batch: 320, clip: 3.0}",
        "training.optimizer={name: sgd, momentum: 0.0, weight_decay: 0.0, head_lr: 1.1}",
    ],
}
"""The private one as in `private_training.py price`, whose settings were chosen for symptom2disease."""


def findings_of(study: Study) -> tuple[list[Finding], float, float]:
    """Return what attacks find, and the model's accuracy on train and on test."""
    cohort = study.read_cohort()
    split = study.split(cohort)
    with tempfile.TemporaryDirectory() as folder:
        request = fit_request(study, cohort, split, backbone_of(study), folder=Path(folder))
        fitted = fit_net(request, Silent())
        table = predictions_of(cohort, split, inside_of(fitted, Silent()).answers)
        found = canaries_of(study, cohort, split, fitted, Clock(Silent()))
        found += membership_findings(table, features=shadow_features(cohort, fitted.untuned_features))
    right = table.predicted == table.target
    return found, float(np.mean(right[split == "train"])), float(np.mean(right[split == "test"]))


def outcomes_of(findings: list[Finding]) -> dict[str, str]:
    """Return the outcome of each rule of the default policy that speaks of memory."""
    names = {name for name in METRICS if name.startswith("membership")} | {"canary_exposure"}
    policy = load_policy("default").about(names)
    assert policy is not None
    return {one.rule.name: one.outcome for one in judge(findings, policy).rules}


def told(one: Finding | None, digits: int) -> str:
    """Return a finding's value and interval."""
    if one is None:
        return "–"
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} to {one.high:.{digits}f})"


def main() -> None:
    """Print one row a training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", choices=list(TRAININGS), nargs="+", default=list(TRAININGS))
    options = parser.parse_args()
    quiet_libraries()
    common = ["model.adapt=head", "training.track=[]"]
    common += [f"cohort.source={options.data.resolve()}"] if options.data else []
    print("| training | right on train, test | canaries, bits | strongest attack, area | members, others | rules | s |")
    print("|---|---|---|---|---|---|---|")
    for name in options.only:
        settings = TRAININGS[name]
        started = time.process_time()
        found, train, test = findings_of(Study.load(options.study, overrides=[*common, *settings]))
        canary = next((one for one in found if one.metric == "canary_exposure"), None)
        areas = [one for one in found if one.metric == "membership_auc" and not one.slice and one.class_ is None]
        area = max(areas, key=lambda one: one.value)
        bad = [f"{rule} {outcome}" for rule, outcome in outcomes_of(found).items() if outcome in ("review", "block")]
        print(
            f"| {name} | {train:.3f}, {test:.3f} | {told(canary, 2)} | {area.detail['attack']} {told(area, 3)} | "
            f"{area.n}, {area.detail['versus_n']} | {'; '.join(bad) or 'none'} | {time.process_time() - started:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
