"""The fast way to a text's features: the encoder in 8-bit integers, kept only where it agrees with float32."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from primum.files import atomic_path
from primum.model.batching import prediction_batches
from primum.model.encoders import TextEncoder
from primum.model.inputs import PreparedText
from primum.model.int8 import Feed, export_encoder, quantise
from primum.model.sessions import open_session

logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float64]
MEAN_DIFFERENCE, MAX_DIFFERENCE = 0.01, 0.1
"""How far probabilities may lie from float32 (a number: in standard deviations of the target) for int8 to be used."""
_CALIBRATION_TEXTS = 256
_TOKENS = 256
"""Padded tokens in a batch: their activations stay in the cache of one core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far the fast answers lie from the float32 ones."""

    n: int
    """Records compared."""
    mean_difference: float
    max_difference: float
    decisions_changed: int
    """Records whose most probable class, or one of whose labels, is another."""

    @property
    def close(self) -> bool:
        """Whether the fast answers may stand for the others."""
        return self.n > 0 and self.mean_difference <= MEAN_DIFFERENCE and self.max_difference <= MAX_DIFFERENCE

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON."""
        return asdict(self)


class TextEngine:
    """A text encoder in 8-bit integers, run by ONNX Runtime."""

    def __init__(self, model: bytes) -> None:
        """Open a serialised model with inputs ids and mask and the output features."""
        self._model = model
        self._session = open_session(model, threads=torch.get_num_threads(), approximate=True)
        self._width = int(self._session.get_outputs()[0].shape[-1])

    def features(
        self, text: PreparedText, *, tick: Callable[[int, int], None] | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the features of every text, shape (n, width), each independent of the others."""
        features = np.empty((len(text.lengths), self._width), dtype=np.float32)
        done = 0
        for rows in prediction_batches(text.lengths, _TOKENS):
            features[rows] = self._session.run(["features"], dict(_feed(text, rows)))[0]
            done += len(rows)
            if tick is not None:
                tick(done, len(features))
        return features

    def save(self, path: Path) -> None:
        """Write the model; ONNX is a list of numbers and operations and runs no code of its own."""
        with atomic_path(path) as temporary:
            temporary.write_bytes(self._model)

    @classmethod
    def load(cls, path: Path) -> TextEngine:
        """Return the engine that `save` wrote."""
        return cls(path.read_bytes())


def exported_encoder(encoder: TextEncoder) -> Any | None:
    """Return the tuned encoder, on the CPU, as a float32 ONNX model; None where it cannot be exported."""
    try:
        return export_encoder(encoder)
    except Exception as exc:  # the exporter raises from many trees, and an architecture it cannot trace is no fault
        logger.warning("engine_not_exported error=%s", type(exc).__name__)
        return None


def build_engine(encoder: TextEncoder, text: PreparedText, train_rows: npt.NDArray[np.int64]) -> TextEngine | None:
    """Return the encoder in 8-bit integers, its ranges seen on training texts; None where it cannot be exported.

    Args:
        encoder: the tuned encoder, on the CPU.
        text: tokens of all records.
        train_rows: the records that may be looked at.
    """
    exported = exported_encoder(encoder)
    return None if exported is None else quantised_engine(exported, text, train_rows)


def quantised_engine(exported: Any, text: PreparedText, train_rows: npt.NDArray[np.int64]) -> TextEngine:
    """Return what `build_engine` does, for an encoder that `exported_encoder` exported."""
    present = train_rows[text.present[train_rows]]
    spread = present[np.linspace(0, len(present) - 1, min(len(present), _CALIBRATION_TEXTS)).astype(np.int64)]
    batches = prediction_batches(text.lengths[spread], _TOKENS)
    model = quantise(exported, (_feed(text, spread[rows]) for rows in batches), threads=torch.get_num_threads())
    return TextEngine(model.SerializeToString())


def agreement(exact: FloatArray, fast: FloatArray, *, scale: float = 1.0) -> Agreement:
    """Return how far `fast` lies from `exact`, both of shape (n, k) or (n,); differences are divided by `scale`."""
    difference = np.abs(exact - fast) / scale
    changed = np.zeros(len(exact), dtype=bool)
    if exact.ndim == 2:
        sums_to_one = np.allclose(exact.sum(1), 1.0)
        changed = exact.argmax(1) != fast.argmax(1) if sums_to_one else ((exact >= 0.5) != (fast >= 0.5)).any(1)
    return Agreement(
        n=len(exact),
        mean_difference=float(difference.mean()) if len(exact) else 0.0,
        max_difference=float(difference.max(initial=0.0)),
        decisions_changed=int(changed.sum()),
    )


@cache
def integers_are_fast() -> bool:
    """Return whether this CPU multiplies 8-bit integers without overflow and quickly (x86 VNNI, ARM dot product)."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="ignore").split())
    except OSError:
        return False
    return bool(flags & {"avx512_vnni", "avx_vnni", "asimddp"}) and not torch.cuda.is_available()


def _feed(text: PreparedText, rows: npt.NDArray[np.int64]) -> Feed:
    batch = text.arrays(rows)
    return {"ids": batch["ids"], "mask": batch["mask"]}
