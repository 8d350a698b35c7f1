"""Going on where a stopped training ended, and what its log says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from primum.model.net import Net
from primum.training.plan import TrainingPlan
from primum.training.trainer import StudyTrainer
from primum.training.watching import epoch_figures, last_checkpoint, should_stop


def train_or_resume(trainer: StudyTrainer, net: Net, *, resumable: bool = True) -> dict[str, Any]:
    """Train from the last whole checkpoint, where there is one, and return the log and the best step.

    Args:
        trainer: ready to train.
        net: what it trains.
        resumable: whether checkpoints hold all that a training goes on from; if not, it begins anew.
    """
    folder = Path(str(trainer.args.output_dir))
    checkpoint = last_checkpoint(folder) if resumable else None
    if checkpoint is None:
        shutil.rmtree(folder, ignore_errors=True)
    if checkpoint is not None and _finished(checkpoint, trainer.plan):
        return _best_of(checkpoint, net)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return {"log_history": trainer.state.log_history, "best_step": trainer.state.best_global_step}


def _finished(checkpoint: Path, plan: TrainingPlan) -> bool:
    state = _state(checkpoint)
    figures = epoch_figures(state["log_history"], plan)
    return should_stop(figures, plan) or state["global_step"] >= state["max_steps"]


def _best_of(checkpoint: Path, net: Net) -> dict[str, Any]:
    state = _state(checkpoint)
    best = state.get("best_global_step")
    place = checkpoint.parent / f"checkpoint-{best}" if best else checkpoint
    net.load_state_dict(load_file(place / "model.safetensors"))
    return {"log_history": state["log_history"], "best_step": best}


def _state(checkpoint: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    return state


def curves(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the learning curves and the best step, from the log and best step of `train_or_resume`."""
    train, validation = [], []
    for entry in state["log_history"]:
        place = {"step": entry["step"], "epoch": entry["epoch"]}
        if "loss" in entry:
            train.append({**place, "loss": float(entry["loss"]), "learning_rate": float(entry["learning_rate"])})
        figures = {key.removeprefix("eval_"): v for key, v in entry.items() if key.startswith("eval_")}
        if figures:
            validation.append({**place, **figures})
    return {"train": train, "validation": validation, "best_step": state["best_step"]}
