"""What frozen first layers make of each text, computed once: training and prediction then begin above them.

A frozen layer says the same of a text in every epoch. Its answer is kept for every token, and a forward pass that
brings it along leaves those layers out. Works for every backbone whose layers stand in one list and hand states on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from primum.model.batching import prediction_batches
from primum.model.inference import inference
from primum.model.inputs.base import Batch
from primum.model.inputs.text import PreparedText

MOST_BYTES = 2**30
"""Above this the states are not kept, and the frozen layers are run each time."""
_TOKENS = 2048
_CLOSE = 1e-4


class PreparedStates(PreparedText):
    """Tokens of n texts, and what the frozen layers make of each."""

    def __init__(self, text: PreparedText, states: npt.NDArray[np.float32]) -> None:
        """Keep states of shape (tokens of all texts, width), in the texts' order."""
        super().__init__(text.ids, text.offsets, pad_id=text.pad_id, cut=text.cut)
        self.states = states

    def joined(self, more: PreparedText) -> PreparedText:
        """Return these records followed by `more`; tokens alone if the states of `more` are not known."""
        joined = super().joined(more)
        if not isinstance(more, PreparedStates):
            return joined
        return PreparedStates(joined, np.concatenate([self.states, more.states]))

    def collate(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """Return what a PreparedText does, and states of shape (b, longest, width), zero where a token is padding."""
        batch = super().collate(rows)
        states = np.zeros((*batch["ids"].shape, self.states.shape[1]), np.float32)
        for i, row in enumerate(np.asarray(rows, dtype=np.int64).tolist()):
            own = self.states[self.offsets[row] : self.offsets[row + 1]]
            states[i, : len(own)] = own
        return {**batch, "states": torch.from_numpy(states)}


class _Given(nn.Module):
    """Stands in for a layer: hands on what was known, or what it gets."""

    def __init__(self, states: torch.Tensor | None = None) -> None:
        super().__init__()
        self.states = states

    def forward(self, states: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        return states if self.states is None else self.states


class _Reached(Exception):
    """The frozen layers are through."""


@contextmanager
def begun_above(layers: nn.ModuleList, depth: int, states: torch.Tensor) -> Iterator[None]:
    """Let the first `depth` layers answer `states`, of shape (b, longest, width), whatever they are given."""
    own = list(layers)[:depth]
    for i in range(depth):
        layers[i] = _Given(states if i == 0 else None)
    try:
        yield
    finally:
        for i, layer in enumerate(own):
            layers[i] = layer


def states_of(
    layers: nn.ModuleList, depth: int, answer: Callable[[Batch], torch.Tensor], text: PreparedText
) -> PreparedText:
    """Return the texts with what the first `depth` layers make of them, or as they are where that cannot be kept.

    It cannot be kept if it takes over a gibibyte, or if the backbone's layers do not simply hand their states on: that
    is tried on a batch.

    Args:
        layers: the backbone's layers; the first ones and all before them are frozen.
        depth: how many are frozen.
        answer: the whole encoder, from a batch to features.
        text: the tokens.
    """
    kept: npt.NDArray[np.float32] | None = None
    batches = prediction_batches(text.lengths, _TOKENS)
    for rows in batches:
        states = _through(layers, depth, answer, text.collate(rows))
        if states is None or len(text.ids) * states.shape[-1] * 4 > MOST_BYTES:
            return text
        if kept is None:
            kept = np.empty((len(text.ids), states.shape[-1]), np.float32)
        for row, own in zip(rows.tolist(), states, strict=True):
            start, end = text.offsets[row], text.offsets[row + 1]
            kept[start:end] = own[: end - start]
    if kept is None:
        return text
    known = PreparedStates(text, kept)
    return known if _agrees(answer, known, batches[-1]) else text


def _through(
    layers: nn.ModuleList, depth: int, answer: Callable[[Batch], torch.Tensor], batch: Batch
) -> npt.NDArray[np.float32] | None:
    found: list[Any] = []

    def stop(module: nn.Module, given: Any, output: Any) -> None:
        found.append(output)
        raise _Reached

    hook = layers[depth - 1].register_forward_hook(stop)
    try:
        with inference():
            answer(batch)
    except _Reached:
        pass
    finally:
        hook.remove()
    if not found or not isinstance(found[0], torch.Tensor):
        return None
    states: npt.NDArray[np.float32] = found[0].float().cpu().numpy()
    return states


def _agrees(answer: Callable[[Batch], torch.Tensor], known: PreparedStates, rows: npt.NDArray[np.int64]) -> bool:
    batch = known.collate(rows[known.present[rows]])  # of an absent text nothing is known, and nothing is used
    with inference():
        whole = answer({name: value for name, value in batch.items() if name != "states"})
        return bool(torch.allclose(answer(batch), whole, atol=_CLOSE))
