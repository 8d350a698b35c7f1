"""A Predictor's twin: the same questions, the same answers, by ONNX Runtime.

Every text, and every picture, is read by itself. On a processor a batch of texts is no faster than the same texts one
after another (benchmarks/serving.py), nothing is spent on padding, and no answer can depend on what else is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records
from primum.cohort.roles import VitalKind
from primum.errors import InputError
from primum.extras import require
from primum.files import read_saved
from primum.model import asked
from primum.model.inputs.base import AbstractInput, Prepared
from primum.model.inputs.image import ImageInput, PreparedImage
from primum.model.inputs.text import PreparedText, TokenPlaces
from primum.model.inputs.vitals import PreparedVitals, VitalsInput
from primum.model.inside import Inside
from primum.model.served.files import HEAD_FILE, IMAGE_FILE, SERVED_FILE, TOKENIZER_FILE
from primum.model.served.image import cells_left, pixels_of
from primum.model.served.text import ServedText
from primum.model.sessions import open_session, usable_threads

FloatArray = npt.NDArray[np.float64]
Ticker = Callable[[int, int], None]
Form = Literal["float32", "int8"]
_ROWS = 1024
"""Records in one call of the head."""
_MANY = 16
"""Texts, or pictures, from which on several are read at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A tuned model that needs no torch. Its tolerance: float32 answers lie within 1e-5 of the Predictor's."""

    inputs: Mapping[str, AbstractInput]
    classes: tuple[str, ...]
    """Class or label names, in the order of the probabilities; empty for a number."""
    kind: str
    """Of the target: classes, labels or number."""
    outputs: int
    """Classes or labels; 1 for a number."""
    form: Form
    """Of the text encoder; 8-bit integers only where the run's own answers came from them."""
    text: Any
    """Session of the text encoder: ids and mask to features; None without text."""
    head: Any
    """Session of the rest: features and vitals to logits and fused features."""
    out: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
    """Weight (outputs, width) and bias of the head's last layer."""
    readers: int = 1
    """Texts, or pictures, that are read at the same time where many are asked about."""
    scale: float
    shift: float
    image: Any = None
    """Session of the image network: pixels of one picture to features; None without images."""

    def prepare(self, records: Records) -> dict[str, Prepared]:
        """Return each input of the records, ready to be asked about.

        Raises:
            InputError: the records have none of the inputs the model was tuned on.
        """
        return asked.prepare(self.inputs, records)

    def vital_kinds(self) -> dict[str, VitalKind]:
        """Return whether each vital was tuned as a number or as a category."""
        return asked.vital_kinds(self.inputs)

    def colour(self) -> bool | None:
        """Return whether the model was tuned on images in colour; None where it reads none."""
        return asked.colour(self.inputs)

    def vital_names(self) -> tuple[str, ...]:
        """Return the vitals the model reads: numbers, then categories."""
        return asked.vital_names(self.inputs)

    def vitals_there(self, prepared: Mapping[str, Prepared]) -> npt.NDArray[np.bool_]:
        """Return which vitals each record has, in the order of `vital_names`, shape (n, v)."""
        return asked.vitals_there(prepared)

    def cells_there(self, prepared: Mapping[str, Prepared]) -> npt.NDArray[np.bool_]:
        """Return which cells of a picture each record has; see `primum.model.asked`."""
        return asked.cells_there(prepared)

    def thinned(
        self,
        prepared: Mapping[str, Prepared],
        rows: npt.NDArray[np.int64],
        tokens: Sequence[npt.NDArray[np.bool_]],
        vitals: npt.NDArray[np.bool_],
        cells: npt.NDArray[np.bool_] | None = None,
    ) -> dict[str, Prepared]:
        """Return records of which only a part is left, ready for `predict_prepared`; see `Predictor.thinned`."""
        return asked.thinned(prepared, rows, tokens, vitals, cells)

    def token_places(self, records: Records) -> list[TokenPlaces]:
        """Return where the tokens of each record's text stand; no tokens where there is no text or none is read."""
        fitted = self.inputs.get("text")
        if not isinstance(fitted, ServedText):
            return [TokenPlaces(text="", spans=np.empty((0, 2), np.int64), special=np.empty(0, bool))] * len(records)
        texts = [None] * len(records) if records.text is None else records.text.take(np.arange(len(records)))
        return fitted.places(texts)

    def predict(self, records: Records, *, tick: Ticker | None = None) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,), in the records' order."""
        return self.predict_prepared(self.prepare(records), tick=tick)

    def predict_prepared(self, prepared: Mapping[str, Prepared], *, tick: Ticker | None = None) -> FloatArray:
        """Return what `predict` returns, for inputs prepared earlier."""
        return self.inside_prepared(prepared, tick=tick).answers

    def inside(self, records: Records, *, tick: Ticker | None = None) -> Inside:
        """Return features, logits and answers of the records, in their order."""
        return self.inside_prepared(self.prepare(records), tick=tick)

    def inside_prepared(self, prepared: Mapping[str, Prepared], *, tick: Ticker | None = None) -> Inside:
        """Return what `inside` returns, for inputs prepared earlier."""
        logits, features = self._asked(prepared, tick)
        answers = asked.answers_of(logits, kind=self.kind, scale=self.scale, shift=self.shift)
        return Inside(
            features=features.astype(np.float64),
            logits=logits[:, : self.outputs].astype(np.float64),
            answers=answers,
        )

    def headed(self, fused: npt.NDArray[np.float32]) -> FloatArray:
        """Return the answers that the head's last layer gives on fused features, shape (n, width)."""
        weight, bias = self.out
        return asked.answers_of(fused @ weight.T + bias, kind=self.kind, scale=self.scale, shift=self.shift)

    def _asked(
        self, prepared: Mapping[str, Prepared], tick: Ticker | None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        n = len(next(iter(prepared.values())).lengths)
        wanted = [one.name for one in self.head.get_inputs()]
        features = {}
        if "text" in prepared:
            features["text"] = self._text_features(prepared["text"], tick)
        if "image" in prepared:
            features["image"] = self._image_features(prepared["image"], tick)
        parts = []
        for start in range(0, n, _ROWS):
            rows = np.arange(start, min(start + _ROWS, n))
            feed = _feed(prepared, features, rows)
            logits, fused = self.head.run(["logits", "features"], {name: feed[name] for name in wanted})
            parts.append((logits[: len(rows)], fused[: len(rows)]))
        if not parts:
            return np.empty((0, self.outputs), np.float32), np.empty((0, self.out[0].shape[1]), np.float32)
        return np.concatenate([one for one, _ in parts]), np.concatenate([one for _, one in parts])

    def _text_features(self, text: Prepared, tick: Ticker | None) -> npt.NDArray[np.float32]:
        """Return the features of every text, shape (n, width); equal texts are read once."""
        assert isinstance(text, PreparedText)
        first, equal = text.distinct()

        def read(row: int) -> npt.NDArray[np.float32]:
            batch = text.arrays([row])
            (features,) = self.text.run(["features"], {"ids": batch["ids"], "mask": batch["mask"]})
            return np.asarray(features)

        found = []
        for place, features in enumerate(_in_order(read, first.tolist(), readers=self.readers)):
            found.append(features)
            if tick is not None:
                tick(int((equal <= place).sum()), len(equal))
        width = self.text.get_outputs()[0].shape[-1]
        return np.concatenate(found)[equal] if found else np.empty((0, int(width)), np.float32)

    def _image_features(self, image: Prepared, tick: Ticker | None) -> npt.NDArray[np.float32]:
        """Return the features of every picture, shape (n, width), zeros for none; equal ones are read once."""
        assert isinstance(image, PreparedImage)
        side = int(self.image.get_inputs()[0].shape[-1])
        if image.images is not None and image.form.side is None and image.images.size != side:
            raise InputError(
                f"image: these pictures have {image.images.size} pixels a side, and the model was tuned on {side}; "
                "read them at that size."
            )
        first, equal = image.distinct()
        found = np.zeros((len(first), int(self.image.get_outputs()[0].shape[-1])), np.float32)
        there = [(place, row) for place, row in enumerate(first.tolist()) if image.present[row]]
        whole = _Whole(image, side)

        def read(row: int) -> npt.NDArray[np.float32]:
            return np.asarray(self.image.run(["features"], {"pixels": whole.left_of(row)})[0][0])

        done = iter(_in_order(read, [row for _, row in there], readers=self.readers))
        of_row = dict(there)
        for place in range(len(first)):
            if place in of_row:
                found[place] = next(done)
            if tick is not None:
                tick(int((equal <= place).sum()), len(equal))
        return found[equal]

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> Served | None:
        """Return the served model in a model's folder; None where there is none.

        Args:
            folder: of the model.
            threads: that one call may use; None: as many as the process may.
        Raises:
            InputError: it is damaged, or of another format.
            ExtraMissingError: ONNX Runtime, tokenizers or safetensors are not installed.
        """
        if not (folder / SERVED_FILE).is_file():
            return None
        count = usable_threads() if threads is None else threads
        return read_saved(folder / SERVED_FILE, lambda said: _opened(folder, said, count), what="a served model")


class _Whole:
    """Pictures as a network takes them; one of which many parts are asked about is read and normalised once."""

    def __init__(self, image: PreparedImage, side: int) -> None:
        self.image = image
        self.side = side
        self.last: tuple[object, npt.NDArray[np.float32]] | None = None

    def left_of(self, row: int) -> npt.NDArray[np.float32]:
        """Return what is left of a record's picture, shape (1, 3, side, side); rows of one picture come together."""
        if self.image.kept is None:
            return pixels_of(self.image, row, side=self.side)
        assert self.image.images is not None
        key, last = self.image.images.keys[row], self.last
        if last is None or last[0] != key:
            self.last = last = (key, pixels_of(self.image, row, side=self.side))
        return cells_left(last[1], self.image.kept[row])


def _in_order(
    read: Callable[[int], npt.NDArray[np.float32]], rows: Sequence[int], *, readers: int
) -> Iterator[npt.NDArray[np.float32]]:
    """Yield what `read` returns of each row; several at the same time where there are many, as a reason asks for."""
    if readers < 2 or len(rows) < _MANY:
        yield from map(read, rows)
        return
    with ThreadPoolExecutor(readers, thread_name_prefix="read") as pool:
        yield from pool.map(read, rows)


def _feed(
    prepared: Mapping[str, Prepared], features: Mapping[str, npt.NDArray[np.float32]], rows: npt.NDArray[np.int64]
) -> dict[str, Any]:
    # One record is asked twice: a product with one row takes another way through the library, and rounds otherwise.
    index = np.repeat(rows, 2) if len(rows) == 1 else rows
    feed: dict[str, Any] = {}
    vitals = prepared.get("vitals")
    for name, values in features.items():
        read = prepared[name]
        assert isinstance(read, PreparedText | PreparedImage)
        feed |= {name: values[index], f"{name}_present": read.present[index]}
    if isinstance(vitals, PreparedVitals):
        arrays = vitals.arrays(index)
        feed |= {"numbers": arrays["numbers"], "categories": arrays["categories"], "vitals_present": arrays["present"]}
    return feed


def _opened(folder: Path, said: dict[str, Any], threads: int) -> Served:
    described: dict[str, Any] = json.loads((folder / "primum.json").read_text(encoding="utf-8"))
    if described.get("format") != 1:
        raise ValueError("unknown format")
    head, form = described["net"]["head"], said["form"]
    session = open_session(_there(folder / HEAD_FILE), threads=1, purpose=_PURPOSE)
    text = None if said["text"] is None else _text_session(folder, said["text"], form, threads)
    image = _image_session(folder, threads) if "image" in described["inputs"] else None
    weights = require("safetensors", extra="serve", purpose=_PURPOSE).safe_open(
        str(folder / "model.safetensors"), framework="np"
    )
    with weights as opened:
        out = opened.get_tensor("head.out.weight"), opened.get_tensor("head.out.bias")
        scale, shift = float(opened.get_tensor("head.scale")), float(opened.get_tensor("head.shift"))
    return Served(
        inputs={name: _input_of(folder, name, state, said) for name, state in described["inputs"].items()},
        classes=tuple(described["classes"]),
        kind=head["kind"],
        outputs=head["outputs"],
        form=form,
        text=text,
        image=image,
        head=session,
        out=out,
        scale=scale,
        shift=shift,
        readers=max(usable_threads() // threads, 1),
    )


_PURPOSE = "Answering without torch"


def _text_session(folder: Path, file: str, form: str, threads: int) -> Any:
    model = _there(folder / Path(file).name)
    return open_session(model, threads=threads, approximate=form == "int8", purpose=_PURPOSE)


def _image_session(folder: Path, threads: int) -> Any:
    return open_session(_there(folder / IMAGE_FILE), threads=threads, purpose=_PURPOSE)


def _there(file: Path) -> Path:
    if not file.is_file():
        raise ValueError("a file is missing")
    return file


def _input_of(folder: Path, name: str, state: Mapping[str, Any], said: Mapping[str, Any]) -> AbstractInput:
    if name == "vitals":
        return VitalsInput.from_state(state)
    if name == "image":
        return ImageInput.from_state(state)
    if name != "text":
        raise ValueError("an input that has no served form")
    return ServedText(
        folder / TOKENIZER_FILE,
        max_tokens=state["max_tokens"],
        normalisation=state.get("normalisation", "none"),
        pad_id=said["pad_id"],
    )
