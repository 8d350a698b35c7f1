"""A calibrator: the map that was chosen on the calibration split, saved with the model and used on every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from primum.evidence.predictions import FloatArray, Predictions, TextArray
from primum.files import read_saved
from primum.safety.calibration.methods import METHODS, Numbers
from primum.safety.calibration.scores import Kind

CALIBRATION_FILE = "calibration.json"
"""Its name in the model's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """One fitted method."""

    method: str
    numbers: Numbers = field(default_factory=dict)

    def apply(self, probabilities: FloatArray, kind: Kind) -> FloatArray:
        """Return the calibrated probabilities, shape (n, k)."""
        return METHODS.get(self.method).apply(self.numbers, probabilities, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """How a model's probabilities are corrected."""

    kind: Kind
    classes: tuple[str, ...]
    common: Map
    """For every site without a map of its own, and for sites never seen."""
    sites: Mapping[str, Map] = field(default_factory=dict)
    """Site -> its own map."""
    too_few: Mapping[str, int | None] = field(default_factory=dict)
    """Sites that keep the common map because they have too few patients -> how many; None for fewer than five."""
    n: int = 0
    """Patients in the calibration split."""
    losses: Mapping[str, float] = field(default_factory=dict)
    """Method -> its cross-fitted log loss on the calibration split, of those that were tried."""
    why: str = ""
    """What decided: few, noise or better; asked where the study names the method."""

    @property
    def changes(self) -> bool:
        """Whether any answer is changed."""
        return any(one.method != "none" for one in (self.common, *self.sites.values()))

    def apply(self, probabilities: FloatArray, sites: TextArray | None = None) -> FloatArray:
        """Return the calibrated probabilities.

        Args:
            probabilities: the model's, shape (n, k).
            sites: each record's hospital, shape (n,); without it every record is calibrated by the common map.
        """
        calibrated = self.common.apply(probabilities, self.kind)
        if sites is None or not self.sites:
            return calibrated
        calibrated = np.array(calibrated, dtype=np.float64)
        for site, own in self.sites.items():
            rows = np.asarray(sites == site, dtype=bool)
            calibrated[rows] = own.apply(probabilities[rows], self.kind)
        return calibrated

    def calibrated(self, predictions: Predictions) -> Predictions:
        """Return the predictions with calibrated probabilities, decided by the largest, or from one half on."""
        if predictions.probabilities is None or not self.changes:
            return predictions
        p = self.apply(predictions.probabilities, predictions.site)
        decided = p.argmax(1) if self.kind == "classes" else (p >= 0.5)
        return replace(predictions, probabilities=p, predicted=decided.astype(np.int64))

    def to_json(self) -> dict[str, Any]:
        """Return the calibrator as plain JSON."""
        return {"format": 1, **asdict(self)}

    @classmethod
    def load(cls, model_folder: Path) -> Calibrator | None:
        """Return the calibrator saved with a model; None where it has none.

        Raises:
            InputError: the file is damaged.
        """
        return read_saved(model_folder / CALIBRATION_FILE, cls._from, what="a calibration")

    @classmethod
    def _from(cls, given: dict[str, Any]) -> Calibrator:
        given["common"] = Map(**given["common"])
        given["sites"] = {site: Map(**one) for site, one in given["sites"].items()}
        for one in (given["common"], *given["sites"].values()):
            METHODS.get(one.method)
        return cls(**{**given, "classes": tuple(given["classes"])})
