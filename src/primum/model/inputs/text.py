"""Text: notes become token ids, once, in a flat array that grows with the tokens and not with the padding."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records, TextColumn
from primum.model.inputs.base import Arrays, Batch, tensors
from primum.model.inputs.normalise import NEWEST, NORMALISATIONS

_CHUNK = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlaces:
    """One text and where its tokens stand in it."""

    text: str
    """In the form that was tokenised."""
    spans: npt.NDArray[np.int64]
    """First character and one past the last of each token, shape (t, 2)."""
    special: npt.NDArray[np.bool_]
    """Tokens that stand for no part of the text, shape (t,)."""


class PreparedText:
    """Token ids of n texts: one flat int32 array and n + 1 offsets."""

    def __init__(self, ids: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], *, pad_id: int, cut: int) -> None:
        self.ids = ids
        self.offsets = offsets
        self.pad_id = pad_id
        self.cut = cut
        """How many texts were longer than the limit and lost their end."""
        self.present = np.diff(offsets) > 0
        self.lengths: npt.NDArray[np.int64] = np.maximum(np.diff(offsets), 1)

    def chosen(self, rows: npt.NDArray[np.int64]) -> PreparedText:
        """Return these records alone."""
        return self.thinned(rows, [np.ones(self.offsets[row + 1] - self.offsets[row], bool) for row in rows])

    def thinned(self, rows: npt.NDArray[np.int64], kept: Sequence[npt.NDArray[np.bool_]]) -> PreparedText:
        """Return these records with some of their tokens only.

        Args:
            rows: a record may come several times, shape (m,).
            kept: which of its tokens each keeps, one array of its number of tokens each; with none it has no text.
        """
        pieces = [
            self.ids[self.offsets[row] : self.offsets[row + 1]][keep] for row, keep in zip(rows, kept, strict=True)
        ]
        flat = np.concatenate(pieces) if pieces else np.empty(0, np.int32)
        offsets = np.concatenate([[0], np.cumsum([len(p) for p in pieces], dtype=np.int64)]).astype(np.int64)
        return PreparedText(flat, offsets, pad_id=self.pad_id, cut=0)

    def distinct(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the first record of each different text, and for every record which of these it equals, shape (n,)."""
        place: dict[bytes, int] = {}
        ends = self.offsets.tolist()
        pieces = (self.ids[a:b].tobytes() for a, b in zip(ends[:-1], ends[1:], strict=True))
        digests = (hashlib.blake2b(piece, digest_size=16).digest() for piece in pieces)
        equal = np.array([place.setdefault(digest, len(place)) for digest in digests], dtype=np.int64)
        return np.unique(equal, return_index=True)[1].astype(np.int64), equal

    def joined(self, more: PreparedText) -> PreparedText:
        """Return these records followed by `more`."""
        offsets = np.concatenate([self.offsets, self.offsets[-1] + more.offsets[1:]])
        flat = np.concatenate([self.ids, more.ids])
        return PreparedText(flat, offsets, pad_id=self.pad_id, cut=self.cut + more.cut)

    def collate(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """Return what `arrays` does, as tensors."""
        return tensors(self.arrays(rows))

    def arrays(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Arrays:
        """Return ids and mask of shape (b, longest), padded on the right, and present of shape (b,)."""
        index = np.asarray(rows, dtype=np.int64)
        lengths = self.offsets[index + 1] - self.offsets[index]
        width = max(int(lengths.max(initial=0)), 1)
        columns = np.arange(width)
        mask = columns < lengths[:, None]
        place = np.minimum(self.offsets[index][:, None] + columns, max(len(self.ids) - 1, 0))
        ids = np.where(mask, self.ids[place] if len(self.ids) else 0, self.pad_id)
        mask[lengths == 0, 0] = True  # an absent text attends to one pad token; fusion masks its feature out
        return {"ids": ids.astype(np.int64), "mask": mask.astype(np.int64), "present": self.present[index]}


def prepared_text(
    texts: TextColumn, encode: Callable[[list[str | None]], tuple[list[list[int]], int]], *, pad_id: int
) -> PreparedText:
    """Return the tokens of all texts.

    Args:
        texts: of n records.
        encode: from some texts to the tokens of each, none for a missing one, and how many texts lost their end.
        pad_id: token that fills up a batch.
    """
    pieces: list[npt.NDArray[np.int32]] = []
    lengths: list[int] = []
    cut = 0
    for some in texts.chunks(_CHUNK):
        ids, chunk_cut = encode(some)
        cut += chunk_cut
        lengths.extend(len(i) for i in ids)
        pieces.append(np.fromiter((t for i in ids for t in i), dtype=np.int32))
    flat = np.concatenate(pieces) if pieces else np.empty(0, np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
    return PreparedText(flat, offsets, pad_id=pad_id, cut=cut)


class TextInput:
    """Brings texts into one form and tokenises them with the backbone's own fast tokenizer."""

    name = "text"

    def __init__(self, folder: Path, *, max_tokens: int, normalisation: str = NEWEST) -> None:
        """Load the tokenizer from a backbone's or a saved model's folder.

        Args:
            folder: holds tokenizer files.
            max_tokens: longer texts are cut to this many tokens, special ones included.
            normalisation: name of the form that texts are brought into.
        """
        from transformers import AutoTokenizer

        self.normalisation = normalisation
        self._normalised = NORMALISATIONS.get(normalisation)

        self.tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        self.max_tokens = max_tokens

    def prepare(self, records: Records) -> PreparedText:
        """Return the token ids of all texts; a missing or blank text has none."""
        if records.text is None:
            raise ValueError("these records have no text")
        return prepared_text(records.text, self._encode, pad_id=self.tokenizer.pad_token_id or 0)

    def _encode(self, texts: list[str | None]) -> tuple[list[list[int]], int]:
        """Return the token ids of each text, and how many texts were cut; a text that repeats is tokenised once."""
        different: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            if text is not None:
                different.setdefault(text, []).append(place)
        formed = [self._normalised(text) for text in different]
        present = [i for i, text in enumerate(formed) if text.strip()]
        ids: list[list[int]] = [[] for _ in texts]
        if not present:
            return ids, 0
        encoded = self.tokenizer(
            [formed[i] for i in present],
            truncation=True,
            max_length=self.max_tokens,
            return_overflowing_tokens=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        # A cut text comes back in several pieces; only the first is used, the others tell that it was cut.
        owners = encoded["overflow_to_sample_mapping"]
        places = list(different.values())
        seen: set[int] = set()
        cut: set[int] = set()
        for piece, owner in zip(encoded["input_ids"], owners, strict=True):
            if owner in seen:
                cut.add(owner)
                continue
            seen.add(owner)
            for place in places[present[owner]]:
                ids[place] = piece
        return ids, sum(len(places[present[owner]]) for owner in cut)

    def places(self, texts: Sequence[str | None]) -> list[TokenPlaces]:
        """Return where the tokens that `prepare` makes stand in the form that each text is brought into."""
        formed = [None if text is None else self._normalised(text) for text in texts]
        found = []
        for text in formed:
            if text is None or not text.strip():
                found.append(TokenPlaces(text="", spans=np.empty((0, 2), np.int64), special=np.empty(0, bool)))
                continue
            encoded = self.tokenizer(
                text,
                truncation=True,
                max_length=self.max_tokens,
                return_offsets_mapping=True,
                return_special_tokens_mask=True,
            )
            special = np.array(encoded["special_tokens_mask"], dtype=bool)
            spans = np.array(encoded["offset_mapping"], dtype=np.int64).reshape(-1, 2)
            # A word that the vocabulary lacks is a word all the same; only what stands nowhere in the text is special.
            found.append(TokenPlaces(text=text, spans=spans, special=special & (spans[:, 0] == spans[:, 1])))
        return found

    def blank(self) -> tuple[int, tuple[int, ...]]:
        """Return the token that stands for a word of which nothing is known, and those that are never words.

        The padding token before the mask: a masked language model reads a mask as a question and answers it.
        """
        ids = self.tokenizer
        token = next(i for i in (ids.pad_token_id, ids.unk_token_id, ids.mask_token_id, 0) if i is not None)
        ends = (ids.cls_token_id, ids.sep_token_id, ids.bos_token_id, ids.eos_token_id, ids.pad_token_id)
        return int(token), tuple(sorted({int(i) for i in ends if i is not None}))

    def state(self) -> dict[str, Any]:
        """Return what is needed beside the tokenizer's files."""
        return {"max_tokens": self.max_tokens, "normalisation": self.normalisation}
