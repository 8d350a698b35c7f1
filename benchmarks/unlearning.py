"""What training by shards costs in accuracy, and what it saves when a patient is to be unlearnt.

    python benchmarks/unlearning.py heart
    python benchmarks/unlearning.py examples/symptom2disease/study.yaml --data FILE

A head on the frozen backbone, text alone, is trained whole and by 5 and by 10 shards on the same split: the change of
the figures on test is paired. Then a patient of the split train is erased, two patients in turn, and seconds of
processor time are taken of both ways of being rid of them: training every head anew, and the one head of their shard.
The weights of both ways are compared bit by bit. The features, which every way needs, are computed and timed once.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np

from primum.cohort import take
from primum.evidence.paired import gain_findings
from primum.progress import Silent
from primum.study import Study
from primum.study.fitting import backbone_of, fit_net, fit_request, inside_of, predictions_of, quiet_libraries
from primum.training import fit as fitting
from primum.training import shards as sharding
from primum.training.fit import Fitted
from primum.training.names import SHARDS

HEAD = ["cohort.inputs.vitals=[]", "model.adapt=head", "training.track=[]", "cohort.deid=false"]
PATIENTS = 2


@contextmanager
def clocked(spent: list[float]) -> Iterator[None]:
    """Add up the processor time of all trainings meanwhile."""
    original = fitting.train_or_resume

    def timed(*given, **more):
        started = time.process_time()
        done = original(*given, **more)
        spent[0] += time.process_time() - started
        return done

    fitting.train_or_resume = sharding.train_or_resume = timed
    try:
        yield
    finally:
        fitting.train_or_resume = sharding.train_or_resume = original


class Remembered:
    """Features of texts, each read by itself and once."""

    def __init__(self) -> None:
        self.original = fitting.untuned_features_of
        self.known: dict[bytes, np.ndarray] = {}
        self.seconds = 0.0

    def __call__(self, predictor, tokens, name, known=None, *, alone=False) -> np.ndarray:
        """Return the features, shape (n, width), reading only the texts that are not known yet."""
        text = tokens[name]
        keys = [text.ids[a:b].tobytes() for a, b in zip(text.offsets[:-1], text.offsets[1:], strict=True)]
        new = np.array([row for row, key in enumerate(keys) if key not in self.known], dtype=np.int64)
        if len(new):
            started = time.process_time()
            found = self.original(predictor, {name: text.chosen(new)}, name, alone=True)
            self.seconds += time.process_time() - started
            self.known |= {keys[row]: one for row, one in zip(new, found, strict=True)}
        return np.stack([self.known[key] for key in keys])


def trained(study: Study, cohort, split, folder: Path, *, kept: Path | None = None) -> tuple[Fitted, float]:
    """Return a tuned model and the seconds of its trainings."""
    request = fit_request(study, cohort, split, backbone_of(study), folder=folder)
    spent = [0.0]
    with clocked(spent):
        return fit_net(replace(request, probe=False, shards_from=kept), Silent()), spent[0]


def main() -> None:
    """Print the price of sharding, then the times of unlearning."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    quiet_libraries()
    common = [*HEAD, f"training.epochs={options.epochs}", "training.optimizer.head_lr=5e-3"]
    common += [f"cohort.source={options.data.resolve()}"] if options.data else []
    answers, rows = {}, []
    read = fitting.untuned_features_of = Remembered()
    with tempfile.TemporaryDirectory() as name:
        for shards in (1, 5, 10):
            more = [] if shards == 1 else [f"training.shards={shards}"]
            study = Study.load(options.study, overrides=[*common, *more])
            cohort = study.read_cohort()
            split = study.split(cohort)
            folder = Path(name) / str(shards)
            fitted, every = trained(study, cohort, split, folder)
            answers[shards] = predictions_of(cohort, split, inside_of(fitted, Silent()).answers)
            if shards == 1:
                rows.append((shards, every, every, 1, True))
                continue
            for patient in np.unique(cohort.patients[split == "train"])[:PATIENTS]:
                stays = cohort.patients != patient
                left = take(cohort, stays), split[stays]
                whole, every = trained(study, *left, Path(tempfile.mkdtemp(dir=name)))
                quick, one = trained(study, *left, Path(tempfile.mkdtemp(dir=name)), kept=folder / SHARDS)
                same = whole.predictor.net.head.out.weight.equal(quick.predictor.net.head.out.weight)
                same &= whole.predictor.net.head.out.bias.equal(quick.predictor.net.head.out.bias)
                rows.append((shards, every, one, quick.history[SHARDS]["trained"], same))
    print("| shards | figure on test | value | change beside one model | n |\n|---|---|---|---|---|")
    for shards in (5, 10):
        for one in gain_findings(answers[shards], answers[1], name="unsharded", splits=["test"]):
            if one.detail["metric"] in ("accuracy", "balanced_accuracy", "auroc"):
                print(
                    f"| {shards} | {one.detail['metric']} | {one.detail['model']:.3f} beside "
                    f"{one.detail['baseline']:.3f} | {one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f}) | {one.n} |"
                )
    print(f"\nfeatures of {len(read.known)} texts: {read.seconds:.1f} s")
    print("\n| shards | every head anew, s | unlearning, s | ratio | heads anew | weights equal |")
    print("|---|---|---|---|---|---|")
    for shards in (1, 5, 10):
        mine = [row for row in rows if row[0] == shards]
        every, one = (float(np.median([row[i] for row in mine])) for i in (1, 2))
        anew, same = sorted({row[3] for row in mine}), all(row[4] for row in mine)
        print(
            f"| {shards} | {every:.2f} | {one:.2f} | {every / one:.1f} | {', '.join(map(str, anew))} | "
            f"{'–' if shards == 1 else 'yes' if same else 'no'} |"
        )


if __name__ == "__main__":
    main()
