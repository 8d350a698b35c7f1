"""Where training figures go besides the run's history; each place is named by the study, none is on by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from primum.extras import require
from primum.registry import Registry

Log = Callable[[dict[str, float], int], None]
Close = Callable[[], None]
TRACKERS: Registry[Callable[[Path, str], tuple[Log, Close]]] = Registry("tracker")


@TRACKERS.register("tensorboard")
def _tensorboard(folder: Path, name: str) -> tuple[Log, Close]:
    board = require("torch.utils.tensorboard", extra="train", purpose="Tracking to TensorBoard")
    writer = board.SummaryWriter(str(folder / "tensorboard"))

    def log(figures: dict[str, float], step: int) -> None:
        for key, value in figures.items():
            writer.add_scalar(key, value, step)

    return log, writer.close


@TRACKERS.register("mlflow")
def _mlflow(folder: Path, name: str) -> tuple[Log, Close]:
    import os

    mlflow = require("mlflow", extra="track", purpose="Tracking to MLflow")
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_experiment(name)
    mlflow.start_run()

    def log(figures: dict[str, float], step: int) -> None:
        mlflow.log_metrics(figures, step=step)

    return log, mlflow.end_run


@TRACKERS.register("wandb")
def _wandb(folder: Path, name: str) -> tuple[Log, Close]:
    wandb = require("wandb", extra="track", purpose="Tracking to W&B")
    settings = wandb.Settings(
        mode="offline", silent=True, x_disable_meta=True, x_disable_stats=True, disable_git=True, console="off"
    )
    run = wandb.init(project=name, dir=str(folder), settings=settings)

    def log(figures: dict[str, float], step: int) -> None:
        run.log(figures, step=step)

    return log, run.finish


class Tracking(TrainerCallback):
    """Passes what the trainer logs on to the trackers that the study names."""

    def __init__(self, names: tuple[str, ...], folder: Path, study: str) -> None:
        self._names = names
        self._folder = folder
        self._study = study
        self._open: list[tuple[Log, Close]] = []

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Open every tracker, on the first process only."""
        if state.is_world_process_zero:
            self._open = [TRACKERS.get(name)(self._folder, self._study) for name in self._names]

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Pass the figures on."""
        figures = {k: float(v) for k, v in (logs or {}).items() if isinstance(v, int | float)}
        for log, _ in self._open:
            log(figures, state.global_step)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Close every tracker."""
        for _, close in self._open:
            close()
        self._open = []
