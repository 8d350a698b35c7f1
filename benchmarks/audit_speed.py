"""Speed and memory of the fairness audit beside fairlearn's MetricFrame, one thread.

    python benchmarks/audit_speed.py [--records 1000000] [--rounds 3]

Predictions with three attributes of 2, 5 and 4 groups (40 combinations). Point figures: six metrics (selection rate,
TPR, FPR, PPV, accuracy, AUROC) of the 40 combinations by both. Then what fairlearn's bootstrap would take, from a few
resamples, and the whole audit: every slice to depth 3, every metric, every gap, intervals that hold together. Seconds
are the process's own CPU time; the peer is left out where it is not installed (pip install fairlearn).
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from primum.evidence import Predictions
from primum.evidence.slices import slices_of
from primum.fairness import fairness_findings
from primum.fairness.problems import problems_of
from primum.fairness.ranking import areas_by_group
from primum.fairness.shares import hits_and_n

SHARES = ("selection_rate", "tpr", "fpr", "ppv", "accuracy")


def table(n: int) -> Predictions:
    """Return fabricated predictions of a fair model."""
    rng = np.random.default_rng(7)
    ill = rng.random(n) < 0.4
    p = 1 / (1 + np.exp(-(2 * ill - 1 + 1.2 * rng.normal(size=n))))
    groups = {
        name: np.array([f"{name}{i}" for i in range(k)], dtype=object)[rng.integers(k, size=n)]
        for name, k in (("sex", 2), ("race", 5), ("age", 4))
    }
    return Predictions(
        ids=np.arange(n).astype(str).astype(object),
        split=np.full(n, "test", dtype=object),
        target_type="classes",
        classes=("well", "ill"),
        target=ill.astype(np.int64),
        predicted=(p > 0.5).astype(np.int64),
        probabilities=np.stack([1 - p, p], axis=1),
        groups=groups,
    )


def point_figures(predictions: Predictions) -> dict[tuple[str, ...], dict[str, float]]:
    """Return the six metrics of every combination of all attributes."""
    slices = slices_of(predictions)
    [axis] = slices.of_depth(3)
    [problem] = problems_of(predictions)
    outcomes = axis.sums(slices.count(problem.outcomes(), 4))
    assert problem.probability is not None
    areas = areas_by_group(axis.of_cell[slices.cell], len(axis), problem.probability, problem.truth)
    shares = {metric: np.divide(*hits_and_n(metric, outcomes)) for metric in SHARES}
    columns = {**shares, "auroc": areas.value}
    return {levels: {m: float(v[i]) for m, v in columns.items()} for i, levels in enumerate(axis.levels)}


def metric_frame(predictions: Predictions, **bootstrap: object) -> object:
    """Return fairlearn's frame of the same metrics and combinations."""
    import pandas as pd
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import accuracy_score, precision_score, roc_auc_score

    score = predictions.probabilities[:, 1]  # type: ignore[index]
    metrics = {
        "selection_rate": selection_rate,
        "tpr": true_positive_rate,
        "fpr": false_positive_rate,
        "ppv": precision_score,
        "accuracy": accuracy_score,
        "auroc": lambda y, _, score: roc_auc_score(y, score),
    }
    return MetricFrame(
        metrics=metrics,
        y_true=predictions.target,
        y_pred=predictions.predicted,
        sensitive_features=pd.DataFrame(dict(predictions.groups)),
        sample_params={"auroc": {"score": score}},
        **bootstrap,
    )


def seconds(call: object, *arguments: object, **named: object) -> tuple[float, object]:
    """Return the CPU seconds of a call, and what it returned."""
    started = time.process_time()
    answer = call(*arguments, **named)  # type: ignore[operator]
    return time.process_time() - started, answer


def memory_kib(name: str) -> int:
    """Return a figure of /proc/self/status in KiB: VmRSS is resident now, VmHWM the most since the peak was reset."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def audit_alone(n: int) -> None:
    """Print seconds and MiB above the table of one whole audit; run in a process of its own, for its peak memory."""
    predictions = table(n)
    fairness_findings(table(2000))  # imports
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew (Linux)
    before = memory_kib("VmRSS")
    took, findings = seconds(fairness_findings, predictions)
    peak = memory_kib("VmHWM")
    print(f"{took:.3f} {(peak - before) / 1024:.0f} {len(findings)}")  # type: ignore[arg-type]


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="only the whole audit, in this process")
    arguments = parser.parse_args()
    n = arguments.records
    if arguments.alone:
        audit_alone(n)
        return
    predictions = table(n)
    point_figures(table(2000))
    ours, theirs, frame = [], [], None
    for _ in range(arguments.rounds):
        took, figures = seconds(point_figures, predictions)
        ours.append(took)
        try:
            took, frame = seconds(lambda: metric_frame(predictions).by_group)  # type: ignore[attr-defined]
            theirs.append(took)
        except ImportError:
            print("fairlearn is not installed")
    point = statistics.median(ours)
    print(f"{n} records, 40 combinations x 6 metrics: primum {point:.3f} s", flush=True)
    if frame is not None:
        peer = statistics.median(theirs)
        far = max(abs(frame.loc[k, m] - v) for k, f in figures.items() for m, v in f.items())  # type: ignore[attr-defined]
        print(f"fairlearn {peer:.2f} s, x{peer / point:.0f}; largest difference {far:.1e}", flush=True)
        few = table(min(n, 10_000))
        took, _ = seconds(metric_frame, few, n_boot=5, ci_quantiles=[0.025, 0.975], random_state=7)
        print(
            f"fairlearn, 5 resamples of {len(few)} records: {took:.1f} s, so 1,000 take {200 * took:.0f} s", flush=True
        )
    for _ in range(arguments.rounds):
        command = [sys.executable, __file__, "--alone", "--records", str(n)]
        took, mib, count = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        print(f"whole audit, {count} findings with intervals: {took} s, {mib} MiB above the table", flush=True)


if __name__ == "__main__":
    main()
