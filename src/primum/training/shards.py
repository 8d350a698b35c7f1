"""Training by shards: patients are dealt to shards, each shard has a head of its own, and their mean answers.

What a patient taught is in the head of one shard. To unlearn one, that head is trained again without them and the
others stay as they are; what comes out is, bit for bit on the same machine, what training without the patient from the
start would have made.

Source: Bourtoule et al. 2021, "Machine Unlearning" (SISA), IEEE S&P, section IV. Shards are not sliced: the frozen
backbone's features are computed once, and a head on them is trained in seconds. We also differ in how heads are joined.
The paper lets them vote or averages their probabilities; here their logits are averaged. The heads are linear on the
same features, so the mean of their logits is one linear head with the mean of their weights: the answer costs what one
model's costs, and reasons, gradients and the 8-bit engine are of that model and exact.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from primum.errors import SplitError
from primum.files import atomic_path, read_saved, write_json
from primum.model.inputs.base import Batch
from primum.model.net import Head, Net
from primum.training.plan import TrainingPlan, use_bf16
from primum.training.resuming import train_or_resume
from primum.training.trainer import Collate, StudyTrainer
from primum.training.watching import Watch

Rows = npt.NDArray[np.int64]
Weights = Mapping[str, torch.Tensor]
_DESCRIBED, _HEADS = "shards.json", "heads.safetensors"
_DEALT = "BLAKE2b of the patient's id under the training's seed, modulo the number of shards"


def shard_of(patients: Sequence[str] | npt.NDArray[np.object_], *, shards: int, seed: int) -> Rows:
    """Return each record's shard, shape (n,): a hash of seed and patient, so that nobody else plays a part in it."""
    key = str(seed).encode()

    def number(patient: str) -> int:
        digest = hashlib.blake2b(patient.encode("utf-8", "surrogatepass"), digest_size=8, key=key, person=b"shard")
        return int.from_bytes(digest.digest(), "big") % shards

    of = {patient: number(patient) for patient in set(map(str, patients))}
    return np.array([of[str(patient)] for patient in patients], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardHead:
    """What one shard taught."""

    weights: Weights
    learnt_from: str
    """SHA-256 of everything that the weights depend on: features, labels and weights of the shard's records and of the
    validation split, where training began and how it went on, and on what machine. Equal hashes mean equal weights."""
    log: Mapping[str, Any]
    """The training's log and best step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardJob:
    """What is to be learnt by shards."""

    net: Net
    """Not trained; its head is where every shard begins."""
    plan: TrainingPlan
    collate_of: Callable[[Rows], Collate]
    """From the rows of a shard to their tensors and theirs alone: class weights are of the shard."""
    train_rows: Rows
    patients: npt.NDArray[np.object_]
    """Of the training rows."""
    validation_rows: Rows
    folder: Path
    """Of checkpoints."""
    watch: Callable[[int], Watch]
    """What tells the reader where the training of a shard is."""


def train_shards(job: ShardJob, kept: Sequence[ShardHead] = ()) -> tuple[list[ShardHead], int]:
    """Return each shard's head, in order, and how many of them had to be trained.

    Args:
        job: what is to be learnt.
        kept: heads learnt earlier, used where a shard would learn from the very same.
    Raises:
        SplitError: a shard has nobody to learn from.
    """
    shards = job.plan.shards
    assert shards is not None
    dealt = shard_of(job.patients, shards=shards, seed=job.plan.seed)
    known = {head.learnt_from: head for head in kept}
    heads, trained = [], 0
    for shard in range(shards):
        rows = job.train_rows[dealt == shard]
        if not len(rows):
            raise SplitError(
                f"training.shards: shard {shard + 1} of {shards} has no patient to learn from; give fewer shards."
            )
        collate = job.collate_of(rows)
        learnt_from = _learnt_from(job, collate, rows)
        if learnt_from not in known:
            known[learnt_from] = _trained(job, collate, rows, job.watch(shard), learnt_from)
            trained += 1
        heads.append(known[learnt_from])
    return heads, trained


def join_heads(head: Head, heads: Sequence[ShardHead]) -> None:
    """Give a head the mean of the shards' weights."""
    mean = {
        name: torch.stack([one.weights[name].double() for one in heads]).mean(0).to(value.dtype)
        for name, value in head.state_dict().items()
    }
    head.load_state_dict(mean)


def save_heads(folder: Path, heads: Sequence[ShardHead]) -> None:
    """Write each shard's head as safetensors and JSON."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"{place}.{name}": value for place, head in enumerate(heads) for name, value in head.weights.items()}
    with atomic_path(folder / _HEADS) as temporary:
        save_file(tensors, temporary, metadata={"format": "pt"})
    described = [{"learnt_from": one.learnt_from, "log": one.log} for one in heads]
    write_json(folder / _DESCRIBED, {"format": 1, "shards": len(heads), "dealt_by": _DEALT, "heads": described})


def load_heads(folder: Path) -> list[ShardHead]:
    """Return the heads that `save_heads` wrote; none where there are none.

    Raises:
        InputError: they are damaged, or of another format.
    """
    return read_saved(folder / _DESCRIBED, lambda said: _read(folder, said), what="shards") or []


def _read(folder: Path, described: Mapping[str, Any]) -> list[ShardHead]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(folder / _HEADS)
    except (OSError, SafetensorError) as exc:
        raise ValueError(_HEADS) from exc
    heads = []
    for place, one in enumerate(described["heads"]):
        start = f"{place}."
        weights = {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
        heads.append(ShardHead(weights=weights, learnt_from=one["learnt_from"], log=one["log"]))
    return heads


class _Known(torch.nn.Module):
    """Stands in for the frozen backbone, so that checkpoints hold the head alone."""

    def forward(self, batch: Batch) -> torch.Tensor:
        return batch["features"]


def _trained(job: ShardJob, collate: Collate, rows: Rows, watch: Watch, learnt_from: str) -> ShardHead:
    net = Net({"text": _Known()}, job.net.fusion, copy.deepcopy(job.net.head))
    trainer = StudyTrainer(
        net,
        job.plan,
        collate=collate,
        train_rows=rows,
        validation_rows=job.validation_rows,
        folder=job.folder / learnt_from[:16],  # a stopped training goes on only if it would learn from the very same
        callbacks=[watch],
    )
    log = train_or_resume(trainer, net)
    # Without how long it took: equal heads have equal logs.
    log["log_history"] = [entry for entry in log["log_history"] if "train_runtime" not in entry]
    weights = {name: value.detach().cpu().clone().contiguous() for name, value in net.head.state_dict().items()}
    return ShardHead(weights=weights, learnt_from=learnt_from, log=log)


def _learnt_from(job: ShardJob, collate: Collate, rows: Rows) -> str:
    head = job.net.head
    plan = {name: value for name, value in asdict(job.plan).items() if name != "track"}
    digest = hashlib.sha256(json.dumps([plan, asdict(head.spec), head.dropout.p, _machine(job.plan)]).encode())
    tensors = [*head.state_dict().values()]
    for part in (rows, job.validation_rows):
        batch = collate(part.tolist())
        tensors += [*batch["inputs"]["text"].values(), batch["labels"], *filter(_there, [batch.get("weights")])]
    for tensor in tensors:
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _there(value: torch.Tensor | None) -> bool:
    return value is not None


def _machine(plan: TrainingPlan) -> list[str]:
    """Return what decides, beside the data, how sums are rounded."""
    import transformers

    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else torch.backends.cpu.get_cpu_capability()
    precision = "bf16" if use_bf16(plan.precision) else "fp32"
    return [torch.__version__, transformers.__version__, device, str(torch.get_num_threads()), precision]
