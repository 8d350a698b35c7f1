"""Groups of at least ten similar training patients: all that a Release tells of whom its model learnt from.

Each patient is a point in the model's own features, standardised. Neighbouring patients are put into groups of ten to
nineteen (microaggregation), and of each group three things are kept: the mean of the points, rounded to half a
standard deviation, how many patients it has, and the sum of their outcomes. No patient, no distance of one patient from
another and no outcome of one patient is in the file, and none can be computed from it alone.

What that is not: differential privacy. Who knows every other patient of a group still learns something of the last one,
blurred by the rounding; and where all patients of a group share an outcome, who knows that somebody was among the
training patients and what the record says learns that outcome, as the model's own answer nearly tells it too. After
private training there are no groups unless the study asks for them: epsilon does not count what they tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from primum.cohort import Cohort
from primum.errors import InputError
from primum.extras import require
from primum.files import atomic_path, read_saved, write_json
from primum.transparency.grouping import (
    FEWEST,
    FloatArray,
    IntArray,
    distances,
    distances_without_self,
    grouped,
    means_by,
)

FILE, ARRAYS_FILE = "similar.json", "similar.safetensors"
GROUP = 10
"""Patients of a group, at least: twice as many as may be told of together (FEWEST). On the records of `heart` groups of
five gave away more of who was trained on (AUROC 0.60 against 0.57, intervals overlap), and lost no less against exact
neighbours (benchmarks/beside.py)."""
STEP = 0.5
"""Standard deviations that a group's mean is rounded to; a quarter of one lost no less."""
_MOST_PATIENTS = 10_000
"""Patients that are grouped; of more, so many are drawn: the work grows with their square."""
_FEWEST_PATIENTS = 2 * GROUP
_FEWEST_HELD = 20
LEVELS = np.linspace(0.05, 0.95, 19)
"""Shares of patients whose distance from the nearest group is kept."""
Kind = Literal["classes", "labels", "number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Groups of at least ten training patients each."""

    kind: Kind
    """Of the target."""
    classes: tuple[str, ...]
    """Class or label names; empty for a number."""
    centre: FloatArray
    """Mean of the training patients' features, shape (width,)."""
    scale: FloatArray
    """Their standard deviation, never 0, shape (width,)."""
    means: FloatArray
    """Mean of each group's standardised features, rounded to STEP, shape (groups, width)."""
    patients: IntArray
    """Patients of each group, at least GROUP, shape (groups,)."""
    outcomes: FloatArray
    """Sum over each group's patients: of their share of records in each class, of their share of records with each
    label, shape (groups, k); of their number and of its square, shape (groups, 2)."""
    usual: FloatArray
    """Distance from the nearest group that 5 %, 10 %, … 95 % of patients have who were not grouped, shape (19,)."""

    def away(self, features: FloatArray) -> FloatArray:
        """Return each record's distance from every group, in standard deviations, shape (n, groups).

        Args:
            features: of the model, shape (n, width).
        Raises:
            InputError: the features are of another model.
        """
        given = np.asarray(features, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != len(self.centre):
            raise InputError(
                f"features: expected shape (n, {len(self.centre)}), got {given.shape}; give those of this very model."
            )
        return distances((given - self.centre) / self.scale, self.means)

    def save(self, folder: Path) -> None:
        """Write the groups beside a model, as safetensors and JSON."""
        numpy_files = require("safetensors.numpy", extra="train", purpose="Saving a model")
        arrays = {
            "centre": self.centre.astype(np.float32),
            "scale": self.scale.astype(np.float32),
            "means": np.rint(self.means / STEP).astype(np.int16),
            "patients": self.patients.astype(np.int32),
            "outcomes": self.outcomes.astype(np.float32),
        }
        with atomic_path(folder / ARRAYS_FILE) as temporary:
            numpy_files.save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, str(temporary))
        described: dict[str, Any] = {
            "format": 1,
            "kind": self.kind,
            "classes": list(self.classes),
            "fewest": GROUP,
            "step": STEP,
            "usual": self.usual.tolist(),
        }
        write_json(folder / FILE, described)

    @classmethod
    def load(cls, folder: Path) -> Groups | None:
        """Return the groups saved beside a model; None where there are none.

        Raises:
            InputError: they are damaged, or of another format.
        """

        def build(value: dict[str, Any]) -> Groups:
            numpy_files = require("safetensors.numpy", extra="train", purpose="Opening a model")
            arrays = numpy_files.load_file(str(folder / ARRAYS_FILE))
            if arrays["patients"].min() < FEWEST:
                raise ValueError("a group is too small")
            return cls(
                kind=value["kind"],
                classes=tuple(value["classes"]),
                centre=arrays["centre"].astype(np.float64),
                scale=arrays["scale"].astype(np.float64),
                means=arrays["means"].astype(np.float64) * value["step"],
                patients=arrays["patients"].astype(np.int64),
                outcomes=arrays["outcomes"].astype(np.float64),
                usual=np.array(value["usual"], dtype=np.float64),
            )

        return read_saved(folder / FILE, build, what="groups of similar patients")


def fit_groups(
    cohort: Cohort, split: np.ndarray[tuple[int], np.dtype[np.object_]], features: FloatArray, *, seed: int
) -> Groups | None:
    """Return the groups of a cohort's training patients; None where there are fewer than twenty.

    Args:
        cohort: the records.
        split: name of each record's split, shape (n,).
        features: what the model makes of each record, shape (n, width).
        seed: of the patients that are drawn where there are very many.
    """
    points, outcomes = by_patient(cohort, np.flatnonzero(split == "train"), features)
    if len(points) > _MOST_PATIENTS:
        drawn = np.sort(np.random.default_rng([seed, 23]).choice(len(points), _MOST_PATIENTS, replace=False))
        points, outcomes = points[drawn], outcomes[drawn]
    if len(points) < _FEWEST_PATIENTS:
        return None
    # What is kept is what is computed with, so that a saved model answers as the run did.
    centre = points.mean(0).astype(np.float32).astype(np.float64)
    scale = scale_of(points).astype(np.float32).astype(np.float64)
    standard = (points - centre) / scale
    groups = grouped(standard, fewest=GROUP)
    means = np.array([np.rint(standard[own].mean(0) / STEP) * STEP for own in groups])
    held, _ = by_patient(cohort, np.flatnonzero(split == "validation"), features)
    if len(held) >= _FEWEST_HELD:
        near = distances((held - centre) / scale, means).min(1)
    else:
        near = distances_without_self(standard, groups)
    return Groups(
        kind=cohort.target.kind,
        classes=cohort.target.classes,
        centre=centre,
        scale=scale,
        means=means,
        patients=np.array([len(own) for own in groups], dtype=np.int64),
        outcomes=np.array([outcomes[own].sum(0) for own in groups]).astype(np.float32).astype(np.float64),
        usual=np.quantile(near, LEVELS),
    )


def scale_of(points: FloatArray) -> FloatArray:
    """Return each feature's standard deviation, shape (width,), at least a twentieth of their root mean square.

    A feature that hardly moves in training would else outweigh all others as soon as it does.
    """
    spread = points.std(0)
    least = 0.05 * float(np.sqrt((spread**2).mean()))
    return np.asarray(np.maximum(spread, least)) if least > 0 else np.ones_like(spread)


def by_patient(cohort: Cohort, rows: IntArray, features: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean features of each patient among these rows, and the mean outcome, each (patients, …).

    A patient with several records is one patient: in a class by the share of the records that are in it.
    """
    if not len(rows):
        return np.empty((0, features.shape[1])), np.empty((0, 1))
    owner = np.unique(cohort.patients[rows].astype(str), return_inverse=True)[1].astype(np.int64)
    count = int(owner.max()) + 1
    values = cohort.target.values[rows]
    if cohort.target.kind == "classes":
        coded = np.eye(len(cohort.target.classes))[values.astype(np.int64)]
    elif cohort.target.kind == "labels":
        coded = values.astype(np.float64)
    else:
        one = means_by(values.astype(np.float64)[:, None], owner, count)
        return means_by(features[rows], owner, count), np.column_stack([one, one**2])
    return means_by(features[rows], owner, count), means_by(coded, owner, count)
