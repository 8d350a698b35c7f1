"""Where a search for counterfactuals may go: what may change, how far, and what still looks like a training record.

Everything is kept as statistics: the fifth smallest and fifth largest patient of a number, levels that five patients
have, means of groups of five patients and more, and one distance. No record of a patient is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records, VitalColumn
from primum.errors import InputError, nearest
from primum.extras import require
from primum.files import atomic_path, read_saved, write_json
from primum.transparency.counterfactual.nearby import Coordinates, Nearby, levels_of_five
from primum.transparency.grouping import FEWEST, BoolArray, FloatArray, IntArray

FILE, ARRAYS_FILE = "counterfactual.json", "counterfactual.safetensors"
Direction = Literal["any", "up", "down", "never"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
_MOST_DECIMALS = 6
_PARTS = 200
"""A number that is written with more than six decimals moves in so many steps over its standard deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may become of one vital."""

    name: str
    kind: Literal["number", "category"]
    direction: Direction
    """any, up, down (numbers), or never: what must not change."""
    low: float = 0.0
    """Least value of a number: of the study's range and of training, the higher."""
    high: float = 0.0
    step: float = 1.0
    """Every value of training is a multiple of it: 1 for whole numbers."""
    scale: float = 1.0
    """Standard deviation of a number in training, never 0."""
    levels: tuple[str, ...] = ()
    """Levels of a category that five training patients have."""
    unit: str | None = None

    @property
    def movable(self) -> bool:
        """Whether there is anything that this vital may become."""
        return self.direction != "never" and (self.low < self.high if self.kind == "number" else len(self.levels) > 1)

    def breaches(self, before: Any, after: Any) -> list[str]:
        """Return which promises a change breaks: immutable, direction, range, step, level; empty for none."""
        broken = ["immutable"] if self.direction == "never" else []
        if self.kind == "category":
            return broken if after in self.levels else [*broken, "level"]
        if (self.direction == "up" and after < before) or (self.direction == "down" and after > before):
            broken.append("direction")
        if not self.low - 1e-9 <= after <= self.high + 1e-9:
            broken.append("range")
        if abs(after / self.step - round(after / self.step)) > 1e-6:
            broken.append("step")
        return broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """What a study's counterfactuals may change, and what of it is plausible."""

    limits: tuple[Limits, ...]
    """Of every vital, in the study's order."""
    coordinates: Coordinates
    nearby: Nearby | None
    """None where there are no vitals, or too few patients to say what is near them."""
    margin: float
    """By how much a number must move to count as another answer: one standard deviation of the model's own answers on
    training records; 0 for other targets."""

    def plausible(self, records: Records) -> BoolArray:
        """Return which records have vitals like those of training, shape (n,)."""
        if self.nearby is None:
            return np.ones(len(records), dtype=bool)
        return self.nearby.distance(self.coordinates.of(records.vitals, len(records))) <= self.nearby.threshold

    def of(self, name: str) -> Limits:
        """Return the limits of a vital."""
        return next(one for one in self.limits if one.name == name)

    def immutable(self) -> tuple[str, ...]:
        """Return the vitals that never change."""
        return tuple(one.name for one in self.limits if one.direction == "never")

    def save(self, folder: Path) -> None:
        """Write the terrain beside a model, as safetensors and JSON."""
        if self.nearby is not None:
            numpy_files = require("safetensors.numpy", extra="train", purpose="Saving a model")
            with atomic_path(folder / ARRAYS_FILE) as temporary:
                numpy_files.save_file({"means": self.nearby.means.astype(np.float32)}, str(temporary))
        described: dict[str, Any] = {
            "format": 1,
            "limits": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "direction": one.direction,
                    "low": one.low,
                    "high": one.high,
                    "step": one.step,
                    "scale": one.scale,
                    "levels": list(one.levels),
                    "unit": one.unit,
                }
                for one in self.limits
            ],
            "coordinates": self.coordinates.to_json(),
            "threshold": None if self.nearby is None else self.nearby.threshold,
            "margin": self.margin,
        }
        write_json(folder / FILE, described)

    @classmethod
    def load(cls, folder: Path) -> Terrain | None:
        """Return the terrain saved beside a model; None where there is none.

        Raises:
            InputError: it is damaged, or of another format.
        """

        def build(value: dict[str, Any]) -> Terrain:
            nearby = None
            if value["threshold"] is not None:
                numpy_files = require("safetensors.numpy", extra="train", purpose="Opening a model")
                means = numpy_files.load_file(str(folder / ARRAYS_FILE))["means"].astype(np.float64)
                nearby = Nearby(means=means, threshold=value["threshold"])
            return cls(
                limits=tuple(Limits(**{**one, "levels": tuple(one["levels"])}) for one in value["limits"]),
                coordinates=Coordinates.from_json(value["coordinates"]),
                nearby=nearby,
                margin=value["margin"],
            )

        return read_saved(folder / FILE, build, what="the limits of counterfactuals")


def fit_terrain(
    vitals: Mapping[str, VitalColumn],
    patients: npt.NDArray[Any],
    *,
    directions: Mapping[str, Direction],
    answers: FloatArray | None = None,
) -> Terrain:
    """Return what may change in records like these training records.

    Args:
        vitals: of the training records, each of shape (n,); a stated range is kept to.
        patients: whose each record is, shape (n,).
        directions: how a vital may change; left out: any.
        answers: the model's numbers on these records, shape (n,); None where it answers with classes or labels.
    Raises:
        InputError: `directions` names a vital that is not there, or a direction that does not fit it.
    """
    for name, direction in directions.items():
        if name not in vitals:
            raise InputError(f"directions: {name!r} is no vital{nearest(name, list(vitals))}.")
        if direction not in DIRECTIONS:
            raise InputError(f"directions: {name}: expected one of {', '.join(DIRECTIONS)}, got {direction!r}.")
        if vitals[name].kind == "category" and direction in ("up", "down"):
            raise InputError(f"directions: {name} is a category, which goes neither up nor down; say any or never.")
    owner = np.unique(patients.astype(str), return_inverse=True)[1].astype(np.int64)
    coordinates = Coordinates.fit(vitals, owner)
    return Terrain(
        limits=tuple(_limits(column, owner, directions.get(name, "any")) for name, column in vitals.items()),
        coordinates=coordinates,
        nearby=Nearby.fit(coordinates.of(vitals, len(owner)), owner) if vitals else None,
        margin=0.0 if answers is None or not len(answers) else float(answers.std()),
    )


def _limits(column: VitalColumn, owner: IntArray, direction: Direction) -> Limits:
    if column.kind == "category":
        levels = levels_of_five(column, owner)
        return Limits(name=column.name, kind="category", direction=direction, levels=levels, unit=column.unit)
    values = np.asarray(column.values, dtype=np.float64)
    there = np.isfinite(values)
    least, most = _ends(values[there], owner[there])
    if column.range is not None:
        least, most = max(least, column.range[0]), min(most, column.range[1])
    scale = float(values[there].std()) if there.any() else 1.0
    scale = scale if scale > 0 else 1.0
    step = step_of(values[there], scale)
    return Limits(
        name=column.name,
        kind="number",
        direction=direction,
        # Where nothing is between the ends there is nothing to move to.
        low=on_step(least, step, up=True) if least <= most else 0.0,
        high=on_step(most, step, up=False) if least <= most else 0.0,
        step=step,
        scale=scale,
        unit=column.unit,
    )


def _ends(values: FloatArray, owner: IntArray) -> tuple[float, float]:
    """Return the fifth smallest of the patients' least values and the fifth largest of their greatest; else 0, −1."""
    if not len(values):
        return 0.0, -1.0
    count = int(owner.max()) + 1
    least, most = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, owner, values)
    np.maximum.at(most, owner, values)
    known = np.isfinite(least)
    if known.sum() < FEWEST:
        return 0.0, -1.0
    return float(np.sort(least[known])[FEWEST - 1]), float(np.sort(most[known])[-FEWEST])


def step_of(values: FloatArray, scale: float) -> float:
    """Return the largest power of ten, at most 1, that every value is a multiple of; else a small part of the scale."""
    for decimals in range(_MOST_DECIMALS + 1):
        times = values * 10.0**decimals
        if np.all(np.abs(times - np.rint(times)) < 1e-6 * np.maximum(1.0, np.abs(times))):
            return float(10.0**-decimals)
    return float(10.0 ** np.floor(np.log10(scale / _PARTS)))


def on_step(value: float, step: float, *, up: bool | None = None) -> float:
    """Return a multiple of the step: the next one up or down, or the nearest."""
    parts = value / step
    whole = np.rint(parts) if up is None else np.ceil(parts - 1e-6) if up else np.floor(parts + 1e-6)
    return float(np.round(whole * step, 10))
