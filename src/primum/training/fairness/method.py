"""What a mitigation during training is, and the registry of them.

A method answers with a Mitigation: weights of records, how often each is drawn, further training records, or a term of
the loss. The training applies whatever it finds there and knows no method by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Cohort
from primum.cohort.images import JoinedImages
from primum.cohort.records import Records, TextList, VitalColumn
from primum.cohort.roles import TargetKind
from primum.errors import StudyError
from primum.model.net import AbstractObjective, Net
from primum.registry import Registry
from primum.training.fairness.groups import Groups, groups_of
from primum.training.plan import FairnessPlan

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Judge = Callable[[IntArray, FloatArray, FloatArray], float]
"""(rows, their losses, their answers) -> what the method makes small, measured on those rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a method may look at."""

    cohort: Cohort
    train_rows: IntArray
    groups: Groups
    strength: float
    plan: FairnessPlan
    seed: int
    folder: Path
    """Where the study's relative paths start."""


def joined_records(parts: list[Records]) -> Records:
    """Return the records of all parts, which have the same inputs, one after the other."""
    first = parts[0]
    texts = [text for part in parts if part.text is not None for text in part.text.take(np.arange(len(part)))]
    vitals: dict[str, VitalColumn] = {
        name: replace(vital, values=np.concatenate([part.vitals[name].values for part in parts]))
        for name, vital in first.vitals.items()
    }
    text = None if first.text is None else TextList(texts)
    images = [part.image for part in parts if part.image is not None]
    image = JoinedImages(images) if images else None
    return Records(n=sum(len(part) for part in parts), text=text, vitals=vitals, image=image)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Further training records, made from the cohort's own."""

    records: Records
    """Their inputs."""
    rows: IntArray
    """The record that each was made from and whose target it keeps, shape (len(records),)."""

    def joined(self, more: Copies) -> Copies:
        """Return these copies followed by `more`, of the same inputs."""
        records = joined_records([self.records, more.records])
        return Copies(records=records, rows=np.concatenate([self.rows, more.rows]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitigation:
    """What a method changes about a training; what is left out stays as it was."""

    weights: FloatArray | None = None
    """Weight of each record's loss, shape (n,)."""
    chances: FloatArray | None = None
    """How likely each training record is drawn, shape (number of training records,), summing to 1."""
    copies: Copies | None = None
    """Further training records."""
    objective: Callable[[Net], AbstractObjective] | None = None
    """Makes the method's own term of the loss for a network."""
    judge: Judge | None = None
    """The figure on the validation split by which the best epoch is chosen; None: the plain loss."""
    groups: Groups | None = None
    """The groups that are evened out; None where the method does not look at groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to mitigate."""

    apply: Callable[[Setting], Mitigation]
    strength: float
    """Used when the study gives none."""
    strongest: float
    """A larger strength means nothing."""
    targets: tuple[TargetKind, ...]
    """Types of target it works for."""
    needs_text: bool = False


METHODS: Registry[Method] = Registry("fairness method")
"""Every mitigation during training, by the name that a study uses."""


def check_fits(plan: FairnessPlan, kind: TargetKind, input_names: tuple[str, ...]) -> None:
    """Check that a study's method works for its target and inputs.

    Raises:
        InputError: there is no such method.
        StudyError: it works for other targets or inputs, or not so strongly.
    """
    method = METHODS.get(plan.method)
    where = f"training.objective.fairness.method: {plan.method}"
    if kind not in method.targets:
        fitting = [name for name in METHODS if kind in METHODS.get(name).targets]
        raise StudyError(f"{where} does not work for a target of type {kind}; choose one of {', '.join(fitting)}.")
    if method.needs_text and "text" not in input_names:
        raise StudyError(f"{where} needs a text input, and this study has none.")
    if plan.strength is not None and plan.strength > method.strongest:
        raise StudyError(
            f"training.objective.fairness.strength: {plan.method} takes 0 to {method.strongest:g}, "
            f"got {plan.strength:g}."
        )


def mitigate(plan: FairnessPlan, cohort: Cohort, train_rows: IntArray, *, seed: int, folder: Path) -> Mitigation:
    """Return what the plan's method changes about the training.

    Raises:
        StudyError: the plan does not fit the cohort.
    """
    check_fits(plan, cohort.target.kind, cohort.records.input_names())
    method = METHODS.get(plan.method)
    groups = groups_of(cohort.sensitive, plan.attributes, train_rows)
    strength = method.strength if plan.strength is None else plan.strength
    setting = Setting(
        cohort=cohort, train_rows=train_rows, groups=groups, strength=strength, plan=plan, seed=seed, folder=folder
    )
    return replace(method.apply(setting), groups=groups)


def described(plan: FairnessPlan, mitigation: Mitigation) -> dict[str, Any]:
    """Return what was done, as plain JSON for the run's history."""
    groups, copies = mitigation.groups, mitigation.copies
    return {
        "method": plan.method,
        "strength": METHODS.get(plan.method).strength if plan.strength is None else plan.strength,
        "groups": {} if groups is None else dict(zip(groups.names, groups.counts.tolist(), strict=True)),
        "copies": 0 if copies is None else len(copies.rows),
    }
