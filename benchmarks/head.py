"""Training a head on a frozen backbone, beside the textbook loop: same model, data, batches, rate and epochs.

    python benchmarks/head.py [--records 640] [--epochs 10]

The textbook loop reads every padded note through the backbone in every epoch. primum reads each note once, keeps its
features, and trains the head on them. One thread; the figure is seconds of the process's own CPU time, from raw text
to trained head.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from notes import CLASSES, minilm, notes, primum_net, records_of
from torch import nn

from primum.cohort.cohort import Cohort, Target
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec
from primum.model.net import HeadSpec
from primum.training.fit import FitRequest, fit
from primum.training.plan import TrainingPlan

LR = 5e-3
TEST_RECORDS = 400


def textbook(texts: list[str], labels: list[int], tests: list[str], epochs: int) -> tuple[float, np.ndarray]:
    """Frozen backbone under a linear head: pad to 128, tokenise one by one, AdamW, batch 16; seconds and answers."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(minilm()))
    backbone = AutoModel.from_pretrained(str(minilm()), dtype=torch.float32).eval().requires_grad_(False)
    head = nn.Linear(384, CLASSES)
    optimizer = torch.optim.AdamW(head.parameters(), lr=LR)
    order = np.random.default_rng(0)

    def features(some: list[str]) -> torch.Tensor:
        rows = [tokenizer(t, padding="max_length", truncation=True, max_length=128, return_tensors="pt") for t in some]
        ids = torch.cat([row["input_ids"] for row in rows])
        mask = torch.cat([row["attention_mask"] for row in rows])
        states = backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    started = time.process_time()
    for _ in range(epochs):
        shuffled = order.permutation(len(texts))
        for i in range(0, len(texts), 16):
            rows = shuffled[i : i + 16]
            logits = head(features([texts[row] for row in rows]))
            loss = nn.functional.cross_entropy(logits, torch.tensor([labels[row] for row in rows]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    seconds = time.process_time() - started
    with torch.inference_mode():
        answers = torch.cat([head(features(tests[i : i + 32])) for i in range(0, len(tests), 32)])
    return seconds, answers.argmax(1).numpy()


def cached(texts: list[str], labels: list[int], tests: list[str], epochs: int) -> tuple[float, np.ndarray]:
    """Fit with `adapt: head`, proof and saving included; return seconds and answers on the test notes."""
    ids = np.array([str(i) for i in range(len(texts))], dtype=object)
    cohort = Cohort(
        roles=Roles(inputs=InputRoles(text=("text",)), target=TargetRole(column="label")),
        records=records_of(texts),
        ids=ids,
        patients=ids,
        target=Target(kind="classes", classes=tuple("abcd"), values=np.array(labels)),
    )
    with tempfile.TemporaryDirectory() as name:
        request = FitRequest(
            cohort=cohort,
            split=np.full(len(texts), "train", dtype=object),
            spec=NetSpec(
                head=HeadSpec(kind="classes", outputs=CLASSES), adaptation=Adaptation(method="head"), dropout=0.0
            ),
            plan=TrainingPlan(epochs=epochs, batch=16, lr=LR, head_lr=LR, warmup=0.0, patience=None),
            backbone_folder=minilm(),
            max_tokens=128,
            input_names=("text",),
            folder=Path(name),
            model_folder=Path(name) / "model",
            probe=False,
        )
        started = time.process_time()
        fitted = fit(request)
        seconds = time.process_time() - started
        return seconds, fitted.predictor.predict(records_of(tests)).argmax(1)


def main() -> None:
    """Time both and print figures and ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=640)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    primum_net()  # imports and the first reading of the weights are off the clock for both
    train, test = notes(options.records, 1), notes(TEST_RECORDS, 2)
    taken = {}
    for name, variant in (("primum", cached), ("textbook", textbook)):
        taken[name], answers = variant(*train, test[0], options.epochs)
        accuracy = float((answers == np.array(test[1])).mean())
        print(f"{name:9} {taken[name]:7.1f} s  accuracy {accuracy:.3f}")
    print(f"primum x{taken['textbook'] / taken['primum']:.1f}")


if __name__ == "__main__":
    main()
