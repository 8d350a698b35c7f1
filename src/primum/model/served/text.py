"""Tokens of texts without the library that trained the model: the same tokenizer, from one JSON file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from primum.cohort.records import Records
from primum.extras import require
from primum.model.inputs.normalise import NORMALISATIONS
from primum.model.inputs.text import PreparedText, TokenPlaces, prepared_text


class ServedText:
    """Brings texts into the model's form and tokenises them; answers what `TextInput` does."""

    name = "text"

    def __init__(self, file: Path, *, max_tokens: int, normalisation: str, pad_id: int) -> None:
        """Load the tokenizer.

        Args:
            file: the tokenizer's JSON file.
            max_tokens: longer texts are cut to this many tokens, special ones included.
            normalisation: name of the form that texts are brought into.
            pad_id: token that fills up a batch.
        """
        tokenizers = require("tokenizers", extra="serve", purpose="Reading texts")
        self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self._normalisation = normalisation
        self._normalised = NORMALISATIONS.get(normalisation)
        self._max_tokens = max_tokens
        self._pad_id = pad_id

    def prepare(self, records: Records) -> PreparedText:
        """Return the token ids of all texts; a missing or blank text has none."""
        if records.text is None:
            raise ValueError("these records have no text")
        return prepared_text(records.text, self._encode, pad_id=self._pad_id)

    def _encode(self, texts: list[str | None]) -> tuple[list[list[int]], int]:
        formed = [None if text is None else self._normalised(text) for text in texts]
        present = [i for i, text in enumerate(formed) if text is not None and text.strip()]
        ids: list[list[int]] = [[] for _ in texts]
        cut = 0
        for place, found in zip(present, self._tokenizer.encode_batch([formed[i] for i in present]), strict=True):
            ids[place] = found.ids
            cut += bool(found.overflowing)
        return ids, cut

    def places(self, texts: Sequence[str | None]) -> list[TokenPlaces]:
        """Return where the tokens that `prepare` makes stand in the form that each text is brought into."""
        formed = [None if text is None else self._normalised(text) for text in texts]
        places = []
        for text in formed:
            if text is None or not text.strip():
                places.append(TokenPlaces(text="", spans=np.empty((0, 2), np.int64), special=np.empty(0, bool)))
                continue
            found = self._tokenizer.encode(text)
            special = np.array(found.special_tokens_mask, dtype=bool)
            spans = np.array(found.offsets, dtype=np.int64).reshape(-1, 2)
            places.append(TokenPlaces(text=text, spans=spans, special=special & (spans[:, 0] == spans[:, 1])))
        return places

    def state(self) -> dict[str, Any]:
        """Return what is needed beside the tokenizer's file."""
        return {"max_tokens": self._max_tokens, "normalisation": self._normalisation}
