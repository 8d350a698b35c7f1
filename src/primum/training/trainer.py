"""The one thin class between primum and Hugging Face's Trainer.

The Trainer brings the loop, checkpoints, mixed precision and many processes. Ours are the batches (similar lengths,
same order on resume), the optimiser's groups, the validation figures and an early stop that depends on nothing but the
log, so that a run that was killed ends where an undisturbed one does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from primum.model.batching import LengthBatches, prediction_batches
from primum.model.inference import inference
from primum.model.inputs import Prepared
from primum.model.inputs.image import tokens_of
from primum.model.net import Net
from primum.training.adalora import RankAllocation, orthogonality
from primum.training.fairness import Judge, Mitigation
from primum.training.hardened_pictures import hardened, hardened_losses
from primum.training.optimizers import build_optimizer
from primum.training.plan import TrainingPlan, use_bf16
from primum.training.robustness import moved, opened

_STEP_TOKENS, _STEP_TOKENS_GPU = 2048, 32768
"""Padded tokens that are carried forward and backward at once."""


class _Rows(Dataset[int]):
    """A data set of nothing but row numbers; the collate function looks the rows up."""

    def __init__(self, rows: npt.NDArray[np.int64]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> int:
        return int(self.rows[index])


class Batches(Protocol):
    """Batches of places in the training rows, for one epoch at a time."""

    def __len__(self) -> int:
        """Return the batches of an epoch."""

    def __iter__(self) -> Iterator[list[int]]:
        """Yield one epoch's batches."""


class Collating(Protocol):
    """Makes batches of records."""

    prepared: Mapping[str, Prepared]
    labels: torch.Tensor
    """One entry a record, by which a validation figure judges answers."""

    def __call__(self, rows: Sequence[int]) -> dict[str, Any]:
        """Return one batch."""

    def lengths(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the cost of each record in tokens."""


class Collate:
    """Row numbers -> the tensors of those records, their labels and weights."""

    def __init__(
        self,
        prepared: Mapping[str, Prepared],
        labels: torch.Tensor,
        weights: torch.Tensor | None = None,
        groups: torch.Tensor | None = None,
    ) -> None:
        self.prepared = prepared
        self.labels = labels
        self.weights = weights
        self.groups = groups

    def __call__(self, rows: Sequence[int]) -> dict[str, Any]:
        """Return one batch."""
        index = torch.as_tensor(np.asarray(rows, dtype=np.int64))
        batch: dict[str, Any] = {
            "inputs": {name: prepared.collate(rows) for name, prepared in self.prepared.items()},
            "labels": self.labels[index],
        }
        if self.weights is not None:
            batch["weights"] = self.weights[index]
        if self.groups is not None:
            batch["groups"] = self.groups[index]
        return batch

    def lengths(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the cost of each record in tokens."""
        lengths: npt.NDArray[np.int64] = np.max([p.lengths[rows] for p in self.prepared.values()], axis=0)
        return lengths


class StudyTrainer(Trainer):
    """Hugging Face's Trainer with primum's batches, optimiser and validation."""

    def __init__(
        self,
        net: Net,
        plan: TrainingPlan,
        *,
        collate: Collating,
        train_rows: npt.NDArray[np.int64],
        validation_rows: npt.NDArray[np.int64],
        folder: Path,
        learn: Collating | None = None,
        mitigation: Mitigation | None = None,
        callbacks: Sequence[TrainerCallback] = (),
        batches: Batches | None = None,
    ) -> None:
        """Prepare a training whose checkpoints go to `folder`.

        Args:
            net: what is trained.
            plan: how.
            collate: makes batches.
            train_rows: records to train on.
            validation_rows: records that choose the epoch.
            folder: of the checkpoints.
            learn: makes the batches that are trained on, where they differ: augmented ones.
            mitigation: what is changed for fairness and robustness.
            callbacks: are told of steps and epochs.
            batches: in place of those of similar lengths.
        """
        mitigation = mitigation or Mitigation()
        self.net = net
        self.plan = plan
        self.collate = collate
        self.learn = learn or collate
        self.validation_rows = validation_rows
        self._judge = mitigation.judge
        self._batches: Batches = (
            LengthBatches(
                collate.lengths(train_rows),
                records=plan.batch,
                tokens=plan.batch_tokens,
                seed=plan.seed,
                processes=world_size(),
                chances=mitigation.chances,
            )
            if batches is None
            else batches
        )
        net.record_weight = len(self._batches) / len(train_rows)
        super().__init__(
            model=net,
            args=_arguments(plan, folder, len(self._batches), validated=len(validation_rows) > 0),
            train_dataset=_Rows(train_rows),
            eval_dataset=_Rows(validation_rows),
            data_collator=collate,
            callbacks=[RankAllocation(net), *callbacks],
        )
        self.remove_callback(PrinterCallback)

    def get_train_dataloader(self) -> DataLoader[int]:
        """Return batches of similar lengths, the same for the same seed and epoch."""
        assert self.train_dataset is not None
        loader = DataLoader(self.train_dataset, batch_sampler=self._batches, collate_fn=self.learn)
        return self.accelerator.prepare(loader)  # type: ignore[no-any-return]

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Return the plan's optimiser."""
        if self.optimizer is None:
            self.optimizer = build_optimizer(self.net, self.plan)
        return self.optimizer

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the net's own loss, with the orthogonality term that adalora asks for.

        Of adversarial training it is the mean of that on the records and on the records moved, by the shares of pgd.
        """
        net = self.accelerator.unwrap_model(model)
        robust = self.plan.robustness
        if robust is None or robust.method == "augmentation":
            outputs = model(**inputs)
            loss = outputs["loss"]
        elif robust.method == "pgd":
            outputs = {}
            loss = torch.zeros((), device=inputs["labels"].device)
            for share, batch in hardened(net, self.learn.prepared, inputs, robust):
                outputs = model(**batch)
                loss = loss + share * outputs["loss"]
        else:
            batch = opened(net, inputs["inputs"])
            outputs = model(**{**inputs, "inputs": batch})
            # An objective has seen the records; of the records moved only their own losses count.
            others = {key: value for key, value in inputs.items() if key != "groups"}
            hurt = model(**{**others, "inputs": moved(batch, outputs["loss"], robust.strength)})
            loss = (outputs["loss"] + hurt["loss"]) / 2
        loss = loss + orthogonality(net)
        return (loss, outputs) if return_outputs else loss

    def training_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: torch.Tensor | int | None = None
    ) -> torch.Tensor:
        """Carry a batch forward and backward, a large one in parts: their gradients add up to the same step."""
        parts = in_parts(inputs, step_tokens())
        losses = [super(StudyTrainer, self).training_step(model, part, num_items_in_batch) for part in parts]
        return torch.stack(losses).sum()

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Return the figures on the validation split, every process computing them alike."""
        net = self.accelerator.unwrap_model(self.model)
        judge = self._judge or self._hardened_judge(net)
        figures = validation_figures(net, self.collate, self.validation_rows, self.args.device, judge=judge)
        metrics = {f"eval_{name}": value for name, value in figures.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _hardened_judge(self, net: Net) -> Judge | None:
        """Return what judges an epoch of pgd: the loss that training makes small, under a search without chance."""
        robust = self.plan.robustness
        if robust is None or robust.method != "pgd":
            return None
        prepared, labels = self.collate.prepared, self.collate.labels

        def judge(rows: npt.NDArray[np.int64], losses: npt.NDArray[np.float64], answers: object) -> float:
            moved = hardened_losses(net, prepared, rows, labels[torch.as_tensor(rows)], robust)
            return float((robust.strength * moved + (1 - robust.strength) * losses).mean())

        return judge


def step_tokens() -> int:
    """Return how many padded tokens are carried forward and backward at once on this machine."""
    return _STEP_TOKENS_GPU if torch.cuda.is_available() else _STEP_TOKENS


def in_parts(batch: dict[str, Any], tokens: int) -> list[dict[str, Any]]:
    """Return a batch of `Collate` cut by records, so that no part holds more than `tokens` padded tokens.

    Memory then grows with `tokens` and not with the longest records that happen to share a batch.
    """
    records = len(batch["labels"])
    width = max(_width(block) for block in batch["inputs"].values())
    each = max(tokens // width, 1)
    if records <= each:
        return [batch]
    parts = []
    for start in range(0, records, each):
        rows = slice(start, start + each)
        part = {key: value[rows] for key, value in batch.items() if key != "inputs"}
        inputs = {name: {k: v[rows] for k, v in block.items()} for name, block in batch["inputs"].items()}
        parts.append({"inputs": inputs, **part})
    return parts


def _width(block: Mapping[str, torch.Tensor]) -> int:
    """Return what a record of this input costs, in tokens."""
    if "pixels" in block:
        return tokens_of(block["pixels"].shape[-1])
    if "map" in block:
        return int(block["map"].shape[-1] ** 2)
    return block["ids"].shape[1] if "ids" in block else 1


def validation_figures(
    net: Net, collate: Collating, rows: npt.NDArray[np.int64], device: torch.device, *, judge: Judge | None = None
) -> dict[str, float]:
    """Return log_loss (the mean loss on whatever target), balanced_accuracy for classes or mae for a number, and
    objective, what a fairness method makes small.
    """
    losses, answers = losses_and_answers(net, collate, rows, device)
    figures = {"log_loss": float(losses.mean())}
    labels = collate.labels[torch.as_tensor(rows)].cpu().numpy()
    if net.head.spec.kind == "classes":
        hit = answers.argmax(1) == labels
        figures["balanced_accuracy"] = float(np.mean([hit[labels == c].mean() for c in np.unique(labels)]))
    if net.head.spec.kind == "number":
        figures["mae"] = float(np.abs(answers - labels).mean())
    if judge is not None:
        figures["objective"] = judge(rows, losses, answers)
    return figures


def losses_and_answers(
    net: Net, collate: Collating, rows: npt.NDArray[np.int64], device: torch.device
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return each record's loss (n,) and answer (n, k) or (n,), in float32 arithmetic."""
    training = net.training
    net.eval()
    losses = np.empty(len(rows))
    answers: npt.NDArray[np.float64] | None = None
    for place in prediction_batches(collate.lengths(rows), 2048):
        batch = collate(rows[place].tolist())
        with inference():
            inputs = {n: {k: v.to(device) for k, v in b.items()} for n, b in batch["inputs"].items()}
            outputs = net(inputs)["logits"]
            losses[place] = net.head.losses(outputs, batch["labels"].to(device)).cpu().numpy()
            given = net.head.answer(outputs).cpu().numpy()
        if answers is None:
            answers = np.empty((len(rows), *given.shape[1:]))
        answers[place] = given
    net.train(training)
    return losses, answers if answers is not None else np.empty(0)


def _arguments(plan: TrainingPlan, folder: Path, batches: int, *, validated: bool) -> TrainingArguments:
    steps = max(batches // plan.accumulate, 1) * plan.epochs
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=plan.epochs,
        gradient_accumulation_steps=plan.accumulate,
        learning_rate=plan.lr,
        max_grad_norm=plan.clip,
        warmup_steps=plan.warmup,
        lr_scheduler_type="linear",
        eval_strategy="epoch" if validated else "no",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=validated,
        metric_for_best_model=f"eval_{plan.metric}" if validated else None,
        greater_is_better=plan.greater_is_better,
        restore_callback_states_from_checkpoint=False,
        logging_steps=max(1, steps // 200),
        logging_first_step=True,
        logging_nan_inf_filter=False,
        report_to="none",
        use_cpu=not torch.cuda.is_available(),
        bf16=use_bf16(plan.precision),
        seed=plan.seed,
        data_seed=plan.seed,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=torch.cuda.is_available(),
        accelerator_config={"even_batches": False},
        ddp_backend="gloo" if world_size() > 1 and not torch.cuda.is_available() else None,
        disable_tqdm=True,
    )


def world_size() -> int:
    """Return how many processes share a training."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_world_size()
    return int(os.environ.get("WORLD_SIZE", "1"))
