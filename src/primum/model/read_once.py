"""A Predictor that reads each different text, and each picture, once, however often it comes back beside other vitals.

Reading a note or a picture is nearly all that an answer costs. Assessments that ask about one record many times, with
other vitals each time, are cheap through this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from primum.cohort.build import take_records
from primum.cohort.records import Records
from primum.model import asked
from primum.model.encoders import ImageEncoder, TextEncoder
from primum.model.inputs import ImageInput, Prepared, PreparedFeatures, TextInput
from primum.model.inputs.base import PreparedSelection
from primum.model.predictor import Predictor

FloatArray = npt.NDArray[np.float64]


class ReadOnce:
    """Answers as the Predictor does; keeps every text and picture that it has met, as features, as long as it lives."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        kinds = TextInput | ImageInput
        self._kept = {name: _Kept() for name, one in predictor.inputs.items() if isinstance(one, kinds)}

    def tell(self, name: str, keys: Sequence[str | None], prepared: Prepared, rows: npt.NDArray[np.int64]) -> None:
        """Keep the features of texts or pictures of which something is known, such as what frozen layers make of them.

        Args:
            name: of the input, text or image.
            keys: the texts, or the pictures' keys, shape (m,).
            prepared: the inputs that they are among.
            rows: their places there, shape (m,).
        """
        kept = self._kept.get(name)
        new = [] if kept is None else kept.unmet(keys)
        exact = name != "text" or self._predictor.engine is None
        if kept is not None and exact and new:
            chosen = np.asarray(rows, dtype=np.int64)[new]
            found = self._predictor.read(PreparedSelection(prepared, chosen), name=name)
            kept.add([keys[i] for i in new], found)

    def predict(self, records: Records) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,), in the records' order."""
        seen = {name for name, there in (("text", records.text), ("image", records.image)) if there is not None}
        known = {name: self._of(name, records) for name in self._kept.keys() & seen}
        if not known:
            return self._predictor.predict(records)
        rest = {name: one for name, one in self._predictor.inputs.items() if name not in known}
        prepared = asked.each_prepared(rest, records) | known
        return self._predictor.predict_prepared({name: prepared[name] for name in self._predictor.inputs})

    def _of(self, name: str, records: Records) -> PreparedFeatures:
        """Return the features of the records' texts or pictures; those that are new are read."""
        kept, keys = self._kept[name], _keys(name, records)
        new = kept.unmet(keys)
        if new:
            prepared = self._predictor.inputs[name].prepare(_alone(name, records, new))
            kept.add([keys[i] for i in new], self._predictor.read(prepared, name=name))
        there = [bool(key and (name != "text" or key.strip())) for key in keys]
        encoder = self._predictor.net.encoders[name]
        assert isinstance(encoder, TextEncoder | ImageEncoder)
        return kept.features(keys, torch.tensor(there, dtype=torch.bool), width=encoder.width)


class _Kept:
    """Features by what they are of."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}
        self._features = torch.empty((0, 0))

    def unmet(self, keys: Sequence[str | None]) -> list[int]:
        """Return where each key stands first that is not known yet; nothing is known of what is absent."""
        first: dict[str, int] = {}
        for place, key in enumerate(keys):
            if key and key not in self._place:
                first.setdefault(key, place)
        return list(first.values())

    def add(self, keys: Sequence[str | None], features: torch.Tensor) -> None:
        """Keep the features of keys that are not known yet."""
        self._place |= {str(key): len(self._place) + i for i, key in enumerate(keys)}
        self._features = features if not len(self._features) else torch.cat([self._features, features])

    def features(self, keys: Sequence[str | None], present: torch.Tensor, *, width: int) -> PreparedFeatures:
        """Return what is kept of keys that are known or absent."""
        if not len(self._features):
            return PreparedFeatures(torch.zeros((len(keys), width)), present)
        return PreparedFeatures(self._features[[self._place[key] if key else 0 for key in keys]], present)


def _keys(name: str, records: Records) -> list[str | None]:
    if name == "text":
        return [] if records.text is None else list(records.text.take(np.arange(len(records))))
    return [] if records.image is None else records.image.keys.tolist()


def _alone(name: str, records: Records, rows: list[int]) -> Records:
    """Return the texts, or the pictures, of these records and nothing else."""
    some = take_records(records, np.asarray(rows, dtype=np.int64))
    return replace(
        some, vitals={}, text=some.text if name == "text" else None, image=None if name == "text" else some.image
    )
