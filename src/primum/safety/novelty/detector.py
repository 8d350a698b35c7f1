"""One flag a record: is it unlike everything that the model was trained on.

Ten scores, of the model's features and of the inputs themselves, are fitted on the training records and made comparable
on records that were not trained on (`tails`); the largest counts. The threshold is a split-conformal one from the
calibration split (Vovk, Gammerman & Shafer 2005; Bates et al. 2023, Annals of Statistics 51(1)): a new record that is
exchangeable with the calibration records is flagged with at most the probability asked for, whatever the scores are
worth. A model tuned further, or other sites, void that promise, which is what the flag is there to notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import floor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, Records, take
from primum.extras import require
from primum.files import atomic_path, read_saved, write_json
from primum.model.inside import Inside
from primum.safety.novelty import measures, writing
from primum.safety.novelty.measures import Measures
from primum.safety.novelty.spaces import Space, energy
from primum.safety.novelty.tails import Tail, surprises
from primum.safety.novelty.writing import Writing

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.object_]
FILE, ARRAYS_FILE = "novelty.json", "novelty.safetensors"
SCORES: Mapping[str, float] = {
    "distance": 1e-3,
    "neighbours": 1e-3,
    "energy": 1e-3,
    **writing.SCORES,
    **measures.SCORES,
}
"""Every score and the smallest scale of its tail, in the score's unit."""
_MOST_FITTED = 20_000
"""Training records that the space is fitted on; of more, so many are drawn."""
_FEWEST_FITTED, _FEWEST_HELD = 20, 10
_CHUNK = 2048


class Insider(Protocol):
    """What is asked: a model that shows what it computes on the way to its answer."""

    def inside(self, records: Records) -> Inside:
        """Return features, logits and answers of the records, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the detector says of n records."""

    surprise: FloatArray
    """How far out in its tail each score lies, shape (n, scores), in the order of `names`."""
    names: tuple[str, ...]
    threshold: float
    beyond: FloatArray
    """How many standard deviations each vital lies outside its range, shape (n, vitals)."""
    vitals: tuple[str, ...]

    @property
    def combined(self) -> FloatArray:
        """The largest surprise of each record, shape (n,)."""
        return np.asarray(self.surprise.max(1))

    @property
    def flagged(self) -> BoolArray:
        """Which records are flagged, shape (n,)."""
        return np.asarray(self.combined > self.threshold)

    def reasons(self, row: int) -> list[str]:
        """Return the scores that lie beyond the threshold, the most surprising first."""
        order = np.argsort(-self.surprise[row], kind="stable")
        return [self.names[place] for place in order if self.surprise[row, place] > self.threshold]

    def vitals_outside(self, row: int) -> list[str]:
        """Return the vitals of a record that lie outside what training saw, the furthest first."""
        order = np.argsort(-self.beyond[row], kind="stable")
        return [self.vitals[place] for place in order if self.beyond[row, place] > 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """The fitted detector."""

    kind: str
    """Of the target: classes, labels or number."""
    space: Space | None
    """None where too few training records have features."""
    writing: Writing | None
    """None for a study without text."""
    measures: Measures
    tails: Mapping[str, Tail]
    threshold: float
    asked: float
    """Share of false alarms asked for."""
    promised: float
    """Share of false alarms that the calibration records can promise: at most the one asked for, unless they are too
    few for it; then one in their number plus one."""
    calibration: int
    """Records that the threshold was chosen on."""
    names: tuple[str, ...] = field(default=tuple(SCORES))

    def judge(self, records: Records, inside: Inside) -> Judged:
        """Return what the detector says of records and of what the model computed of them."""
        scores = _scores(self, records, inside)
        surprise = surprises([scores[name] for name in self.names], [self.tails[name] for name in self.names])
        return Judged(
            surprise=surprise,
            names=self.names,
            threshold=self.threshold,
            beyond=self.measures.beyond(records),
            vitals=tuple(seen.name for seen in self.measures.vitals),
        )

    def save(self, folder: Path) -> None:
        """Write the detector beside a model, as safetensors and JSON."""
        numpy_files = require("safetensors.numpy", extra="train", purpose="Saving a model")
        if self.space is not None:
            with atomic_path(folder / ARRAYS_FILE) as temporary:
                numpy_files.save_file(self.space.arrays(), str(temporary))
        write_json(folder / FILE, self._described())

    def _described(self) -> dict[str, Any]:
        return {
            "format": 1,
            "kind": self.kind,
            "space": self.space is not None,
            "writing": None if self.writing is None else self.writing.to_json(),
            "measures": self.measures.to_json(),
            "tails": {name: {"start": tail.start, "scale": tail.scale} for name, tail in self.tails.items()},
            "threshold": self.threshold,
            "asked": self.asked,
            "promised": self.promised,
            "calibration": self.calibration,
        }

    @classmethod
    def load(cls, folder: Path) -> Novelty | None:
        """Return the detector saved beside a model; None where there is none.

        Raises:
            InputError: it is damaged, or of another format.
        """

        def build(value: dict[str, Any]) -> Novelty:
            return cls(
                kind=value["kind"],
                space=_space_in(folder) if value["space"] else None,
                writing=None if value["writing"] is None else Writing.from_json(value["writing"]),
                measures=Measures.from_json(value["measures"]),
                tails={name: Tail(**tail) for name, tail in value["tails"].items()},
                threshold=value["threshold"],
                asked=value["asked"],
                promised=value["promised"],
                calibration=value["calibration"],
                names=tuple(value["tails"]),
            )

        return read_saved(folder / FILE, build, what="a novelty detector")


def _space_in(folder: Path) -> Space:
    numpy_files = require("safetensors.numpy", extra="train", purpose="Opening a model")
    return Space.from_arrays(numpy_files.load_file(str(folder / ARRAYS_FILE)))


def fit_novelty(cohort: Cohort, split: TextArray, inside: Inside, *, false_alarms: float, seed: int) -> Novelty | None:
    """Return the detector of a model and its cohort; None where too few records are left to fit it.

    Args:
        cohort: the records.
        split: name of each record's split, shape (n,).
        inside: what the model computes of the whole cohort.
        false_alarms: largest share of records like the training records that may be flagged, in (0, 1).
        seed: of the records and prototypes that are drawn.
    """
    train = _drawn(np.flatnonzero(split == "train"), seed)
    held = {name: np.flatnonzero(split == name) for name in ("validation", "calibration")}
    if len(held["calibration"]) < _FEWEST_HELD:
        halves = np.random.default_rng(seed).permutation(held["validation"])
        held = {"validation": halves[::2], "calibration": halves[1::2]}
    if len(train) < _FEWEST_FITTED or min(map(len, held.values())) < _FEWEST_HELD:
        return None
    known = take(cohort, train).records
    codes = cohort.target.values[train] if cohort.target.kind == "classes" else np.zeros(len(train))
    unfitted = Novelty(
        kind=cohort.target.kind,
        space=Space.fit(inside.features[train], codes.astype(np.int64), seed=seed),
        writing=None
        if known.text is None
        else Writing.fit(text for part in known.text.chunks(_CHUNK) for text in part),
        measures=Measures.fit(known, texts_of(known)),
        tails={},
        threshold=0.0,
        asked=false_alarms,
        promised=false_alarms,
        calibration=len(held["calibration"]),
    )
    return _calibrated(unfitted, cohort, inside, held)


def _calibrated(
    unfitted: Novelty, cohort: Cohort, inside: Inside, held: Mapping[str, npt.NDArray[np.int64]]
) -> Novelty:
    scores = _scores(unfitted, take(cohort, held["validation"]).records, inside.take(held["validation"]))
    tails = {name: Tail.fit(values, floor=SCORES[name]) for name, values in scores.items() if np.isfinite(values).any()}
    tailed = replace(unfitted, tails=tails, names=tuple(tails))
    judged = tailed.judge(take(cohort, held["calibration"]).records, inside.take(held["calibration"]))
    threshold, promised = conformal_threshold(judged.combined, unfitted.asked)
    return replace(tailed, threshold=threshold, promised=promised)


def conformal_threshold(scores: FloatArray, rate: float) -> tuple[float, float]:
    """Return the score above which a new record is flagged, and the rate of false alarms that this promises.

    The k-th largest of n calibration scores, k = ⌊rate (n + 1)⌋: a new exchangeable score lies above it with a
    probability of at most k / (n + 1). Where k would be 0, and so nothing ever flagged, it is 1, and the promise is
    1 / (n + 1).

    Source: Vovk, Gammerman & Shafer 2005, "Algorithmic Learning in a Random World", chapter 2.
    """
    n = len(scores)
    k = max(floor(rate * (n + 1) + 1e-9), 1)
    return float(np.sort(scores)[n - k]), k / (n + 1)


def texts_of(records: Records) -> list[str | None] | None:
    """Return all texts; None for a study without text."""
    return None if records.text is None else records.text.take(np.arange(len(records)))


def _scores(novelty: Novelty, records: Records, inside: Inside) -> dict[str, FloatArray]:
    texts = texts_of(records)
    nothing = np.full(len(records), np.nan)
    to_class, to_prototype = (nothing, nothing) if novelty.space is None else novelty.space.distances(inside.features)
    found = {
        "distance": to_class,
        "neighbours": to_prototype,
        "energy": energy(inside.logits, kind=novelty.kind),
        **dict.fromkeys(writing.SCORES, nothing),
        **novelty.measures.scores(records, texts),
    }
    if novelty.writing is not None and texts is not None:
        found |= novelty.writing.scores(texts)
    return found


def _drawn(rows: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    if len(rows) <= _MOST_FITTED:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, _MOST_FITTED, replace=False))


def reasons_in_words(judged: Judged, say: Mapping[str, str]) -> Sequence[str]:
    """Return why each record is flagged, in a sentence a record; "" for one that is not.

    Args:
        judged: what the detector said.
        say: words of each score; those of `vitals` have a place for {names}.
    """
    flagged = judged.flagged
    return [
        "; ".join(say[name].format(names=", ".join(judged.vitals_outside(row))) for name in judged.reasons(row))
        if flagged[row]
        else ""
        for row in range(len(flagged))
    ]
