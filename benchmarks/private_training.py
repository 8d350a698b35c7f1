"""Private training beside Opacus: samples a second of processor time, peak memory, and the price in accuracy.

    python benchmarks/private_training.py [speed] [--batch 32] [--samples 64]
    python benchmarks/private_training.py price SYMPTOM2DISEASE.csv [--seeds 5] [--methods head lora]

speed: minilm (6 layers) with a linear head, one thread, texts of 64 tokens, every way in a process of its own: without
privacy, Opacus with per-sample gradients, Opacus with ghost clipping, primum, and primum in bf16, in which it trains
where the processor has it (norms and sums are of the same numbers, added up in float32). price: accuracy on test with
and without the promise, the same method and data, over seeds of the split.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from scipy import stats
from torch import nn
from torch.nn import functional

CLASSES, TOKENS = 24, 64
STUDY = """study: price
cohort:
  source: {source}
  inputs: {{text: text}}
  patient: text
  target: {{column: label, type: classes}}
  split: {{train: 0.7, validation: 0.1, calibration: 0.0, test: 0.2}}
"""
SCOPES = {scope: ("plain", "opacus", "ghost", "primum", "primum_bf16") for scope in ("full", "lora")}


class Classifier(nn.Module):
    """The backbone and a head, with every id given in full, as Opacus asks."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        from transformers import AutoModel

        from primum.model.adapters import Adaptation, adapt
        from primum.model.backbones import locate_backbone

        backbone = AutoModel.from_pretrained(
            locate_backbone("minilm"), attn_implementation="eager", dtype=torch.float32
        )
        backbone.pooler = None
        self.backbone = adapt(backbone, Adaptation(method=scope))
        self.head = nn.Linear(backbone.config.hidden_size, CLASSES)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (b, CLASSES)."""
        b, t = ids.shape
        places = torch.arange(t).repeat(b, 1)
        states = self.backbone(
            input_ids=ids, position_ids=places, token_type_ids=torch.zeros_like(ids)
        ).last_hidden_state
        return self.head(states.mean(1))


def child(scope: str, way: str, batch: int, samples: int) -> None:
    """Train and print seconds of processor time for `samples` and the process's peak memory."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = Classifier(scope).train()
    trainable = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trainable, lr=1e-3)
    ids, labels = torch.randint(1000, 20000, (batch, TOKENS)), torch.randint(0, CLASSES, (batch,))
    step = {"plain": _plain, "primum": _primum, "primum_bf16": _primum}.get(way, _opacus)(
        net, optimizer, ids, labels, way
    )
    step()  # warm
    start = time.process_time()
    for _ in range(max(samples // batch, 1)):
        step()
    seconds = time.process_time() - start
    rate = max(samples // batch, 1) * batch / seconds
    print(json.dumps({"rate": rate, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def _plain(net, optimizer, ids, labels, way):
    def step() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(net(ids), labels).backward()
        optimizer.step()

    return step


def _primum(net, optimizer, ids, labels, way):
    from primum.training.private import PerRecord

    fast, noise = PerRecord(net), torch.Generator().manual_seed(1)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=way == "primum_bf16"):
            fast.add_clipped(
                lambda call: functional.cross_entropy(call(ids).float(), labels, reduction="none"),
                records=len(ids),
                clip=1.0,
            )
        for p in fast.parameters():
            p.grad.add_(torch.empty_like(p).normal_(0.0, 1.0, generator=noise)).div_(len(ids))
        optimizer.step()

    return step


def _opacus(net, optimizer, ids, labels, way):
    import warnings

    from opacus import PrivacyEngine
    from torch.utils.data import DataLoader, TensorDataset

    warnings.simplefilter("ignore")
    loader = DataLoader(TensorDataset(ids, labels), batch_size=len(ids))
    options = {"criterion": nn.CrossEntropyLoss(), "grad_sample_mode": "ghost"} if way == "ghost" else {}
    made = PrivacyEngine(accountant="rdp").make_private(
        module=net,
        optimizer=optimizer,
        data_loader=loader,
        noise_multiplier=1.0,
        max_grad_norm=1.0,
        poisson_sampling=False,
        **options,
    )
    model, private = made[0], made[1]
    criterion = made[2] if way == "ghost" else nn.CrossEntropyLoss()

    def step() -> None:
        private.zero_grad()
        criterion(model(ids), labels).backward()
        private.step()

    return step


def speed(batch: int, samples: int, rounds: int) -> None:
    """Print every way's rate and memory; the rounds take turns, and the median counts."""
    print(
        "| scope | way | records/s | primum in float32 is | in bf16 | peak, MiB | memory of primum |\n"
        "|---|---|---|---|---|---|---|"
    )
    for scope, ways in SCOPES.items():
        found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way in ways:
                command = [
                    sys.executable,
                    __file__,
                    "child",
                    scope,
                    way,
                    "--batch",
                    str(batch),
                    "--samples",
                    str(samples),
                ]
                out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                found[way].append(json.loads(out.strip().splitlines()[-1]))
        rate = {way: float(np.median([one["rate"] for one in runs])) for way, runs in found.items()}
        peak = {way: float(np.median([one["peak"] for one in runs])) for way, runs in found.items()}
        for way in ways:
            print(
                f"| {scope} | {way} | {rate[way]:.1f} | × {rate['primum'] / rate[way]:.2f} | "
                f"× {rate['primum_bf16'] / rate[way]:.2f} | {peak[way]:,.0f} | "
                f"{100 * peak['primum'] / peak[way]:.0f} % |",
                flush=True,
            )


def price(csv: str, seeds: int, methods: Sequence[str]) -> None:
    """Print accuracy on test with and without the promise, over seeds, and what the promise costs with its interval."""
    for method in methods:
        twin = [_accuracy(csv, method, None, seed) for seed in range(seeds)]
        print(f"| {method} | – | {np.mean(twin):.3f} ({_listed(twin)}) | |", flush=True)
        for epsilon in (8.0, 3.0):
            private = [_accuracy(csv, method, epsilon, seed) for seed in range(seeds)]
            loss = 100 * (np.array(twin) - private)
            half = stats.t.ppf(0.975, seeds - 1) * loss.std(ddof=1) / np.sqrt(seeds)
            ends = f"{loss.mean():.1f} ({loss.mean() - half:.1f} to {loss.mean() + half:.1f}) points"
            print(f"| {method} | {epsilon:g} | {np.mean(private):.3f} ({_listed(private)}) | {ends} |", flush=True)


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def _accuracy(csv: str, method: str, epsilon: float | None, seed: int) -> float:
    from primum import Study
    from primum.progress import Silent
    from primum.study.fitting import backbone_of, fit_net, fit_request

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(STUDY.format(source=Path(csv).resolve()))
        overrides = [*_settings(method, epsilon), f"cohort.split.seed={seed}"]
        study = Study.load(folder / "study.yaml", overrides=overrides)
        cohort = study.read_cohort()
        split = study.split(cohort)
        request = fit_request(study, cohort, split, backbone_of(study), folder=folder)
        fitted = fit_net(replace(request, plan=replace(request.plan, track=()), probe=False), Silent())
        answers = fitted.predictor.predict_prepared(fitted.prepared)
        test = split == "test"
        return float((answers[test].argmax(1) == cohort.target.values[test]).mean())


def _settings(method: str, epsilon: float | None) -> list[str]:
    common = [f"model.adapt={{method: {method}}}", "training.early_stopping=null", "training.warmup=0.05"]
    if epsilon is None:
        return [*common, "training.epochs=30", f"training.optimizer.lr={2e-3 if method == 'lora' else 1e-3}"]
    if method == "head":  # nearly all patients in a step, plain gradient descent, a clip as long as the features
        return [
            *common,
            "model.dropout=0.0",
            "training.epochs=100",
            f"training.privacy={{epsilon: {epsilon}, batch: 320, clip: 3.0}}",
            "training.optimizer={name: sgd, momentum: 0.0, weight_decay: 0.0}",
            f"training.optimizer.head_lr={2.2 if epsilon > 5 else 1.1}",
        ]
    return [
        *common,
        "training.epochs=30",
        f"training.privacy={{epsilon: {epsilon}, batch: 256}}",
        "training.optimizer.lr=2e-3",
        "training.optimizer.head_lr=0.01",
    ]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=["speed"])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", nargs="+", default=["head", "lora"])
    asked = parser.parse_args()
    if asked.what[0] == "child":
        child(asked.what[1], asked.what[2], asked.batch, asked.samples)
    elif asked.what[0] == "price":
        price(asked.what[1], asked.seeds, asked.methods)
    else:
        speed(asked.batch, asked.samples, asked.rounds)


if __name__ == "__main__":
    main()
