"""How often a true reason is withheld and a meaningless one shown, for several bars.

    python benchmarks/reason_bars.py CSV [--column note] [--mark zebra] [--records 400] [--tested 100]

CSV has a column of notes. A word is planted into half of them, and a head on minilm learns whether a note has it: its
rule is known, and a reason withheld is withheld falsely. Then all weights are drawn anew: the model knows nothing, and
a reason shown is shown falsely. A third kind of reason is a random one for the model that knows the rule.

Before that, random reasons among parts whose effects simply add up are simulated: how often they beat most of 19 random
choices, drawn from the rest of the record or from all of it.
"""

from __future__ import annotations

import argparse
import csv
import re
import tempfile
from pathlib import Path

import numpy as np
import torch

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records, TextList
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec
from primum.model.net import HeadSpec
from primum.training.fit import FitRequest, fit
from primum.training.plan import TrainingPlan
from primum.transparency.explaining import subject_of
from primum.transparency.methods import METHODS
from primum.transparency.trust import faithfulness

BARS = (0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
EXCESS = 0.05
HAN = re.compile(r"[\u4e00-\u9fff]")


def main() -> None:
    """Measure and print a line for each model and number of random choices."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--column", default="note")
    parser.add_argument("--mark", default="zebra")
    parser.add_argument("--records", type=int, default=400)
    parser.add_argument("--tested", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(1)
    simulated()
    with options.data.open(encoding="utf-8") as stream:
        notes = [row[options.column] for row in csv.DictReader(stream)]
    rng = np.random.default_rng(29)
    notes = [notes[i] for i in rng.choice(len(notes), options.records, replace=False)]
    has = rng.random(len(notes)) < 0.5
    notes = [planted(note, options.mark, rng) if yes else note for note, yes in zip(notes, has, strict=True)]
    predictor = tuned(notes, has, tested=options.tested)
    rows = np.flatnonzero(has[: options.tested])
    records = Records(n=len(rows), text=TextList([notes[i] for i in rows]))
    told("knows the rule", predictor, records)
    told("knows the rule, random reason", predictor, records, nonsense=True)
    redraw(predictor)
    told("knows nothing", predictor, records)


def simulated(draws: int = 19, records: int = 4000) -> None:
    """Print how often a random reason beats a share of the random choices."""
    rng = np.random.default_rng(0)
    effects = {
        "normal effects": lambda n: rng.normal(size=n),
        "Cauchy effects": lambda n: rng.standard_cauchy(n),
        "one part decides": lambda n: (np.arange(n) == 0) + 1e-3 * rng.normal(size=n),
    }
    for n in (5, 10, 30, 80):
        size = max(round(0.2 * n), 1)
        for name, drawn in effects.items():
            for pool in ("rest", "all"):
                beaten = []
                for _ in range(records):
                    effect, order = drawn(n), rng.permutation(n)
                    others = order[size:] if pool == "rest" else order
                    falls = [effect[rng.permutation(others)[:size]].sum() for _ in range(draws)]
                    own = effect[order[:size]].sum()
                    beaten.append(np.mean(own > np.array(falls)) + 0.5 * np.mean(own == np.array(falls)))
                told = [f"{bar:g}: {np.mean(np.array(beaten) >= bar):.3f}" for bar in (0.75, 0.9, 1.0)]
                print(f"simulated, {n} parts, {name}, choices from {pool}: {', '.join(told)}", flush=True)


def planted(note: str, mark: str, rng: np.random.Generator) -> str:
    """Return the note with the mark at a random place between its words."""
    pieces = list(note) if HAN.search(note) else note.split()
    pieces.insert(int(rng.integers(len(pieces) + 1)), mark)
    return ("" if HAN.search(note) else " ").join(pieces)


def tuned(notes, has, *, tested: int):
    """Return a head on minilm that learnt from all but the tested notes."""
    ids = np.array([str(i) for i in range(len(notes))], dtype=object)
    split = np.full(len(notes), "train", dtype=object)
    split[:tested], split[tested : tested + 40] = "test", "validation"
    cohort = Cohort(
        roles=Roles(inputs=InputRoles(text=("t",)), target=TargetRole(column="y")),
        records=Records(n=len(notes), text=TextList(notes)),
        ids=ids,
        patients=ids,
        target=Target(kind="classes", classes=("no", "yes"), values=has.astype(np.int64)),
    )
    with tempfile.TemporaryDirectory() as folder:
        request = FitRequest(
            cohort=cohort,
            split=split,
            spec=NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=Adaptation(method="head"), width=16),
            plan=TrainingPlan(epochs=25, batch=16, head_lr=1e-2, precision="fp32"),
            backbone_folder=locate_backbone("minilm"),
            max_tokens=96,
            input_names=("text",),
            folder=Path(folder),
            model_folder=Path(folder) / "model",
            probe=False,
        )
        return fit(request).predictor


def redraw(predictor) -> None:
    """Draw every weight anew."""
    generator = torch.Generator().manual_seed(31)
    with torch.no_grad():
        for parameter in predictor.net.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)


def told(name, predictor, records, *, nonsense: bool = False) -> None:
    """Print which share of reasons each bar shows."""
    subject = subject_of(predictor, records, about="yes")
    rng = np.random.default_rng(37)
    found = METHODS.get("attention_gradient")(subject, 7).parts
    if nonsense:
        found = [rng.normal(size=len(parts)) for parts in found]
    print(f"{name}: {len(records)} records, answers yes {(subject.answers[:, 1] > 0.5).mean():.2f}", flush=True)
    for draws in (5, 10, 19):
        faithful = faithfulness(subject, found, draws=draws)
        enough = faithful.comprehensiveness - faithful.random_comprehensiveness >= EXCESS
        both = [f"{bar:g}: {(enough & (faithful.beaten >= bar)).mean():.3f}" for bar in BARS]
        rank = [f"{bar:g}: {(faithful.beaten >= bar).mean():.3f}" for bar in BARS]
        print(f"  {draws} draws, shown by rank alone {', '.join(rank)}; with excess {', '.join(both)}", flush=True)


if __name__ == "__main__":
    main()
