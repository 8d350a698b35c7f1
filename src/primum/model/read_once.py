"""A Predictor that reads each different text once, however often it comes back beside other vitals.

Reading a note is nearly all that an answer costs. Assessments that ask about one record many times, with other vitals
each time, are cheap through this.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from primum.cohort.records import Records, TextList
from primum.model.encoders import TextEncoder
from primum.model.inputs import Prepared, PreparedFeatures, TextInput
from primum.model.inputs.base import PreparedSelection
from primum.model.predictor import Predictor

FloatArray = npt.NDArray[np.float64]


class ReadOnce:
    """Answers as the Predictor does; keeps every text that it has met, and its features, as long as it lives."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._reads = isinstance(predictor.inputs.get("text"), TextInput)
        self._place: dict[str, int] = {}
        self._features = torch.empty((0, 0))

    def tell(self, texts: Sequence[str | None], prepared: Prepared, rows: npt.NDArray[np.int64]) -> None:
        """Keep the features of texts of which something is known already, such as what frozen layers make of them.

        Args:
            texts: shape (m,).
            prepared: the inputs that they are among.
            rows: their places there, shape (m,).
        """
        new = [i for i, text in enumerate(texts) if text and text not in self._place]
        if self._reads and self._predictor.engine is None and new:
            chosen = np.asarray(rows, dtype=np.int64)[new]
            self._keep([str(texts[i]) for i in new], self._predictor.read(PreparedSelection(prepared, chosen)))

    def predict(self, records: Records) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,), in the records' order."""
        if not self._reads or records.text is None:
            return self._predictor.predict(records)
        texts = records.text.take(np.arange(len(records)))
        new = list(dict.fromkeys(text for text in texts if text and text not in self._place))
        if new:
            fitted = self._predictor.inputs["text"]
            self._keep(new, self._predictor.read(fitted.prepare(Records(n=len(new), text=TextList(new)))))
        vitals = {name: one.prepare(records) for name, one in self._predictor.inputs.items() if name != "text"}
        return self._predictor.predict_prepared({**vitals, "text": self._of(texts)})

    def _of(self, texts: Sequence[str | None]) -> PreparedFeatures:
        present = torch.tensor([bool(text and text.strip()) for text in texts], dtype=torch.bool)
        if not len(self._features):
            encoder = self._predictor.net.encoders["text"]
            assert isinstance(encoder, TextEncoder)
            return PreparedFeatures(torch.zeros((len(texts), encoder.width)), present)
        places = torch.tensor([self._place[text] if text else 0 for text in texts])
        return PreparedFeatures(self._features[places], present)

    def _keep(self, texts: list[str], features: torch.Tensor) -> None:
        self._place |= {text: len(self._place) + i for i, text in enumerate(texts)}
        self._features = features if not len(self._features) else torch.cat([self._features, features])
