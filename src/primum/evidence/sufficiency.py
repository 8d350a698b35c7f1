"""When a figure rests on enough patients to tell.

The three numbers below are conventions with reasons, not laws; a figure that misses its number is still shown, with
its interval, but no rule of a policy may pass on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import Predictions
from primum.evidence.resampling import units_of
from primum.evidence.sums import Key

ENOUGH_FOR_A_SHARE = 10
"""Patients in the denominator of a share, and in each class for a ranking or a mean over classes. Below ten, even
an unbroken row of successes leaves the lower end of Wilson's interval under 0.72."""
ENOUGH_FOR_A_MEAN = 30
"""Patients for a mean of losses or errors: below thirty the percentile bootstrap of a skewed mean covers too little
(Hesterberg 2015, The American Statistician 69(4))."""
ENOUGH_FOR_CALIBRATION = 100
"""Patients for a binned calibration error: with fewer, most of the 15 bins hold a handful and the error is noise."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What a figure rests on."""

    records: int
    """Records in its denominator."""
    patients: int
    """Patients among them."""
    enough: bool
    """Whether they are enough to tell."""


class Supports:
    """Counts, for each figure of a table of predictions, the records and patients that it rests on."""

    def __init__(self, predictions: Predictions) -> None:
        self._table = predictions
        self._units, self._n_units = units_of(predictions)
        self._everybody = np.ones(len(predictions), dtype=bool)
        self._memory: dict[str, tuple[Mask, Mask]] = {}
        self._rarest: tuple[int, int] | None = None

    def of(self, key: Key) -> Support:
        """Return the support of a figure."""
        metric, class_ = key
        if class_ is not None:
            return self._of_class(metric, class_)
        n = self._patients(self._everybody)
        if metric in ("balanced_accuracy", "macro_f1"):
            enough = self._fewest()[0] >= ENOUGH_FOR_A_SHARE
        elif metric in ("auroc", "auprc"):
            enough = min(self._fewest()) >= ENOUGH_FOR_A_SHARE
        elif metric in ("accuracy", "subset_accuracy", "micro_f1"):
            enough = n >= ENOUGH_FOR_A_SHARE
        elif metric == "ece":
            enough = n >= ENOUGH_FOR_CALIBRATION
        else:
            enough = n >= ENOUGH_FOR_A_MEAN
        return Support(records=len(self._table), patients=n, enough=enough)

    def _of_class(self, metric: str, class_: str) -> Support:
        true, said = self._masks(class_)
        chosen: dict[str, Callable[[], Mask]] = {
            "sensitivity": lambda: true,
            "specificity": lambda: ~true,
            "ppv": lambda: said,
            "npv": lambda: ~said,
        }
        if metric in chosen:
            mask = chosen[metric]()
            patients = self._patients(mask)
            return Support(records=int(mask.sum()), patients=patients, enough=patients >= ENOUGH_FOR_A_SHARE)
        fewest = min(self._patients(true), self._patients(~true))
        everybody = self._patients(self._everybody)
        return Support(records=len(self._table), patients=everybody, enough=fewest >= ENOUGH_FOR_A_SHARE)

    def _fewest(self) -> tuple[int, int]:
        """Return the fewest patients of a class, and the fewest not of one, over the classes."""
        if self._rarest is None:
            masks = [self._masks(name)[0] for name in self._table.classes]
            inside = min(self._patients(mask) for mask in masks)
            self._rarest = inside, min(self._patients(~mask) for mask in masks)
        return self._rarest

    def _masks(self, class_: str) -> tuple[Mask, Mask]:
        if class_ not in self._memory:
            code = self._table.classes.index(class_)
            labels = self._table.target_type == "labels"
            true, said = self._table.target, self._table.predicted
            pair = (true[:, code] == 1, said[:, code] == 1) if labels else (true == code, said == code)
            self._memory[class_] = pair
        return self._memory[class_]

    def _patients(self, mask: Mask) -> int:
        if self._n_units == len(self._table):
            return int(mask.sum())
        return len(np.unique(self._units[mask]))
