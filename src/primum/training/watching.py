"""What is seen of a training while it goes: where it is, when to stop it, where it can go on from."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from primum.progress import Progress
from primum.training.plan import TrainingPlan

logger = logging.getLogger(__name__)

EpochReport = Callable[[int, float], bool]
"""Receives the number of the finished epoch and its validation figure; True ends the training."""


class Watch(TrainerCallback):
    """Tells the reader where the training is, stops it early, and lets a search prune it."""

    def __init__(self, plan: TrainingPlan, progress: Progress, report: EpochReport | None = None) -> None:
        self.plan = plan
        self.progress = progress
        self.report = report
        self._loss = float("nan")

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Remember the newest loss."""
        self._loss = float((logs or {}).get("loss", self._loss))

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Advance the bar."""
        figures = {} if np.isnan(self._loss) else {"loss": self._loss}
        best = state.best_metric
        if best is not None:
            figures[self.plan.metric] = float(best)
        self.progress.advance(state.global_step, state.max_steps, **figures)

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Stop when the validation figure has not improved for `patience` epochs, or the search says so."""
        figures = epoch_figures(state.log_history, self.plan)
        if should_stop(figures, self.plan):
            control.should_training_stop = True
        if self.report is not None and figures and self.report(len(figures), figures[-1]):
            control.should_training_stop = True


def epoch_figures(log_history: Sequence[Mapping[str, Any]], plan: TrainingPlan) -> list[float]:
    """Return the validation figure of every finished epoch, from the trainer's log alone."""
    key = f"eval_{plan.metric}"
    return [float(entry[key]) for entry in log_history if key in entry]


def should_stop(figures: Sequence[float], plan: TrainingPlan) -> bool:
    """Return whether the best of these epochs lies `patience` or more epochs back."""
    if plan.patience is None or not figures:
        return False
    best = int(np.argmax(figures) if plan.greater_is_better else np.argmin(figures))
    return len(figures) - 1 - best >= plan.patience


def last_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint that was written whole; its state file is what the trainer writes last."""
    whole = []
    for place in folder.glob("checkpoint-*"):
        try:
            state = json.loads((place / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            logger.info("checkpoint_incomplete name=%s", place.name)
            continue
        whole.append((int(state["global_step"]), place))
    return max(whole)[1] if whole else None
