"""The Trainer of a private training: sampled patients, clipped gradients, noise, and a log that tells nothing.

Source: Abadi et al. 2016, "Deep Learning with Differential Privacy", algorithm 1.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader
from transformers import TrainerCallback

from primum.errors import StudyError
from primum.model.net import Net
from primum.training.plan import TrainingPlan
from primum.training.private.budget import Budget, budget_of
from primum.training.private.per_record import PerRecord
from primum.training.private.sampling import PoissonPatients
from primum.training.private.self_test import losses_of, self_test
from primum.training.trainer import Collate, StudyTrainer, in_parts, step_tokens

_TESTED = 4
_SECRET = frozenset({"loss", "grad_norm", "train_loss"})
"""What the Trainer logs of training records without noise."""


class PrivateTrainer(StudyTrainer):
    """A StudyTrainer in whose weights no patient of the split train can be found, up to epsilon and delta."""

    def __init__(
        self,
        net: Net,
        plan: TrainingPlan,
        *,
        collate: Collate,
        train_rows: npt.NDArray[np.int64],
        patients: npt.NDArray[np.object_],
        folder: Path,
        callbacks: Sequence[TrainerCallback] = (),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Prepare a private training.

        Args:
            net: as of StudyTrainer.
            plan: with `privacy`.
            collate: as of StudyTrainer.
            train_rows: as of StudyTrainer.
            patients: each training record's patient, shape (rows,).
            folder: as of StudyTrainer.
            callbacks: as of StudyTrainer.
            seed: of draws and noise, for tests; None: secret, which the promise needs.
            kwargs: as of StudyTrainer.
        Raises:
            StudyError: the model cannot be trained privately, or the plan promises nothing.
        """
        assert plan.privacy is not None
        if int(torch.distributed.is_initialized() and torch.distributed.get_world_size()) > 1:
            raise StudyError("training.privacy: private training runs in one process; start it without torchrun.")
        expected = plan.privacy.expected(len(np.unique(patients.astype(str))))
        self._sampler = PoissonPatients(patients, expected=expected, seed=seed)
        self._expected = expected
        self._chosen = train_rows
        super().__init__(
            net,
            plan,
            collate=collate,
            train_rows=train_rows,
            folder=folder,
            callbacks=callbacks,
            batches=self._sampler,
            **kwargs,
        )
        self.args.max_grad_norm = 0.0
        self.per_record = PerRecord(self.net)
        self.budget: Budget = budget_of(
            plan.privacy,
            patients=self._sampler.patients,
            rate=self._sampler.rate,
            steps=len(self._sampler) * plan.epochs,
        )
        self.tested = self._tested()
        self._noise = torch.Generator(self.args.device)
        self._noise.manual_seed(secrets.randbits(63) if seed is None else seed)

    def get_train_dataloader(self) -> DataLoader[int]:
        """Return batches of patients drawn by a coin of their own; a batch may be empty."""
        assert self.train_dataset is not None
        loader = DataLoader(self.train_dataset, batch_sampler=self._sampler, collate_fn=self._collated)
        return self.accelerator.prepare(loader)  # type: ignore[no-any-return]

    def training_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: torch.Tensor | int | None = None
    ) -> torch.Tensor:
        """Put the sum of the clipped gradients with its noise, over the expected number of patients, into `grad`."""
        self.net.train()
        for parameter in self.per_record.parameters():
            parameter.grad = None
        for part in in_parts(inputs, step_tokens()) if len(inputs["labels"]) else []:
            part = self._prepare_inputs(part)
            with self.compute_loss_context_manager():
                losses = losses_of(self.net, part)
                self.per_record.add_clipped(losses, records=len(part["labels"]), clip=self.budget.clip)
        deviation = self.budget.noise * self.budget.clip
        for parameter in self.per_record.parameters():
            noise = torch.empty_like(parameter).normal_(0.0, deviation, generator=self._noise)
            parameter.grad = (noise if parameter.grad is None else parameter.grad.add_(noise)).div_(self._expected)
        return torch.zeros((), device=self.args.device)

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log nothing that comes from training records without noise."""
        super().log({name: value for name, value in logs.items() if name not in _SECRET}, *args, **kwargs)

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> float:
        return 0.0

    def _collated(self, rows: list[int]) -> dict[str, Any]:
        return self.learn(rows) if rows else {"inputs": {}, "labels": torch.empty(0, dtype=torch.int64)}

    def _tested(self) -> float:
        """Return the self-test's difference, on the training records of most different lengths."""
        lengths = self.collate.lengths(self._chosen)
        order = self._chosen[np.argsort(lengths, kind="stable")]
        some = order[np.unique(np.linspace(0, len(order) - 1, _TESTED).astype(int))].tolist()
        batch, singles = self.collate(some), [self.collate([row]) for row in some]
        assert self.plan.privacy is not None
        on = [self._prepare_inputs(one) for one in (batch, *singles)]
        return self_test(self.net, on[0], on[1:], clip=self.plan.privacy.clip)
