"""Gradients of a network's score with respect to what it reads: embedded words, coded vitals and pictures.

A score is what an answer is explained by: the log-odds of a class or label, the lead of one class over another, or the
number itself. Weights are never moved and gradients never kept on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from primum.model.batching import cut_by_tokens
from primum.model.encoders import ImageEncoder, TextEncoder, VitalsEncoder
from primum.model.inference import fused_kernels, plain_kernels
from primum.model.inputs import Batch, Prepared, PreparedImage, PreparedText
from primum.model.inputs.cells import CELLS
from primum.model.net import Head, Net
from primum.model.picture_gradients import MapPlace, map_by_cell, map_place, pixel_ends, pixels_by_cell, watched_map

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Kind = Literal["path", "input", "attention"]
_TOKENS = 1536
"""Padded tokens in a batch; what the backward pass keeps of them still fits the cache of a small CPU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which score of each record is asked about."""

    about: IntArray
    """Class or label, shape (n,); 0 for a number."""
    against: IntArray
    """Class whose score is subtracted, shape (n,); -1 for none: then the score is the log-odds of `about`."""

    def chosen(self, rows: IntArray) -> Asked:
        """Return what is asked of these records."""
        return Asked(about=self.about[rows], against=self.against[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A text that says nothing: one token in the place of every word."""

    token: int
    kept: tuple[int, ...]
    """Tokens that are no words and stay: start, end and padding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradients:
    """What each part of each record adds to its score, in the score's unit."""

    tokens: Sequence[FloatArray]
    """One array a record, one value a token; empty where the model reads no text or the record has none."""
    vitals: FloatArray
    """Shape (n, v): numbers, then categories, in the order of the input's codes; v is 0 without vitals."""
    cells: FloatArray
    """Shape (n, CELLS): the cells of each picture, row by row; (n, 0) where the model reads no images."""
    end: FloatArray
    """Score of the records as they are, shape (n,)."""
    start: FloatArray
    """Score where the path begins, shape (n,); NaN where there is no path."""


def score_of(logits: torch.Tensor, head: Head, about: torch.Tensor, against: torch.Tensor) -> torch.Tensor:
    """Return each record's score, shape (b,), from what the head said, shape (b, outputs)."""
    logits = logits.double()
    if head.spec.kind == "number":
        return logits[:, 0] * head.scale.double() + head.shift.double()
    own = logits.gather(1, about[:, None])[:, 0]
    other = logits.gather(1, against.clamp(min=0)[:, None])[:, 0]
    if head.spec.kind == "labels":
        return torch.where(against < 0, own, own - other)
    columns = torch.arange(logits.shape[1], device=logits.device)
    rest = logits.masked_fill(columns == about[:, None], -torch.inf).logsumexp(1)
    return own - torch.where(against < 0, rest, other)


def gradients(
    net: Net,
    prepared: Mapping[str, Prepared],
    asked: Asked,
    *,
    kind: Kind,
    blank: Blank,
    nodes: FloatArray | None = None,
    weights: FloatArray | None = None,
    bf16: bool = False,
) -> Gradients:
    """Return what each token, vital and cell of a picture adds to the score, by gradients.

    Args:
        net: the network, in evaluation mode.
        prepared: its inputs, n records.
        asked: the score.
        kind: path: gradients along the straight way from a blank record, times the way (Sundararajan et al. 2017);
            input: gradient times embedding at the record itself (Shrikumar et al. 2016); attention: attention times
            its gradient, summed over layers, heads and queries (Hao et al. 2021, equation 4, at one node), for
            vitals the gradient times the distance from their missing code, and for pictures the last map of features
            times its gradient (Draelos & Carin 2020, arXiv:2011.08891; Grad-CAM without its clipping wherever the
            map is averaged before the head, Selvaraju et al. 2017, ICCV).
        blank: what a blank text is.
        nodes: places on the path in [0, 1], shape (k,).
        weights: of the nodes, shape (k,), summing to 1.
        bf16: multiply in bfloat16 on the way; the ends' scores stay in float32.
    """
    places = np.array([1.0]) if nodes is None or kind != "path" else np.concatenate([nodes, [0.0, 1.0]])
    shares = np.array([1.0]) if weights is None or kind != "path" else np.concatenate([weights, [0.0, 0.0]])
    n = len(asked.about)
    lengths = np.max([p.lengths for p in prepared.values()], axis=0)
    order = np.argsort(lengths, kind="stable").astype(np.int64)
    rows = np.repeat(order, len(places))
    steps = np.tile(np.arange(len(places)), n)
    text = prepared.get("text")
    sizes = np.diff(text.offsets) if isinstance(text, PreparedText) else np.zeros(n, np.int64)
    tokens = [np.zeros(int(size)) for size in sizes]
    vitals = np.zeros((n, _vital_count(net)))
    sees = n > 0 and "image" in net.encoders and isinstance(prepared["image"], PreparedImage)
    cells = np.zeros((n, CELLS if sees else 0))
    scores = np.full((n, len(places)), np.nan)
    device = next(net.parameters()).device
    with _asked_only(net):
        to_pixels = sees and kind != "attention"
        place = _map_of(net, prepared) if sees and not to_pixels else None
        # First all places that need gradients, then the ends of paths, whose scores alone are wanted.
        for wanted in (True, False):
            chosen = np.flatnonzero((shares[steps] != 0) == wanted)
            for pick in cut_by_tokens(chosen, lengths[rows[chosen]], _TOKENS):
                own, at = rows[pick], steps[pick]
                opened = _Opened(net, prepared, own, places[at], kind=kind, blank=blank, place=place)
                part = asked.chosen(own)
                with torch.set_grad_enabled(wanted), _products(device, bf16 and wanted, back_to_pixels=to_pixels):
                    score = opened.score(*(torch.from_numpy(one).to(device) for one in (part.about, part.against)))
                    found = opened.attributed(score) if wanted else {}
                scores[own, at] = score.detach().cpu().numpy()
                _add(found, own, shares[at], {"text": tokens, "vitals": list(vitals), "image": list(cells)})
    start = scores[:, -2] if kind == "path" else np.full(n, np.nan)
    return Gradients(tokens=tokens, vitals=vitals, cells=cells, end=scores[:, -1], start=start)


@contextmanager
def _products(device: torch.device, bf16: bool, *, back_to_pixels: bool) -> Iterator[None]:
    """Multiply in bfloat16, whose fast kernels are oneDNN's, or in float32; convolutions want oneDNN backwards."""
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        with nullcontext() if bf16 else fused_kernels() if back_to_pixels else plain_kernels():
            yield


def _add(
    found: Mapping[str, FloatArray], rows: IntArray, shares: FloatArray, sums: Mapping[str, Sequence[FloatArray]]
) -> None:
    """Add what a batch found of each input, each record by its share, to the sums; padding is left out."""
    for name, values in found.items():
        for i, row in enumerate(rows.tolist()):
            own = sums[name][row]
            own += shares[i] * values[i, : len(own)]


class _Opened:
    """A batch of records, each at its place of the path, whose words, coded vitals and pictures may be derived by."""

    def __init__(
        self,
        net: Net,
        prepared: Mapping[str, Prepared],
        rows: IntArray,
        places: FloatArray,
        *,
        kind: Kind,
        blank: Blank,
        place: MapPlace | None,
    ) -> None:
        self.net = net
        self.kind = kind
        self.place = place
        device = next(net.parameters()).device
        taken = {name: one.collate(rows) for name, one in prepared.items()}
        self.batch: dict[str, Batch] = {name: {k: v.to(device) for k, v in b.items()} for name, b in taken.items()}
        self.points: dict[str, torch.Tensor] = {}
        self.ways: dict[str, torch.Tensor] = {}
        at = torch.from_numpy(places.astype(np.float32)).to(device)
        with torch.no_grad():
            for name, encoder in net.encoders.items():
                if isinstance(encoder, ImageEncoder) and (kind == "attention" or "pixels" not in self.batch[name]):
                    continue  # its map is derived by, or an encoder has read it already
                own, start = _ends(encoder, self.batch[name], blank)
                # Gradient times input is measured from 0, all others from what says nothing.
                self.ways[name] = own if kind == "input" else own - start
                shape = (-1, *[1] * (own.ndim - 1))
                self.points[name] = torch.lerp(start, own, at.reshape(shape))
        for name, point in self.points.items():
            self.batch[name]["pixels" if name == "image" else "embedded"] = point.requires_grad_()
        self.attentions: Sequence[torch.Tensor] = ()
        self.maps: Sequence[torch.Tensor] = ()

    def score(self, about: torch.Tensor, against: torch.Tensor) -> torch.Tensor:
        encoder = self.net.encoders["text"] if "text" in self.net.encoders else None
        with ExitStack() as watching:
            if self.kind == "attention" and isinstance(encoder, TextEncoder):
                self.attentions = watching.enter_context(encoder.watched())
            if self.place is not None:
                self.maps = watching.enter_context(watched_map(self.place))
            logits = self.net(self.batch)["logits"]
        return score_of(logits, self.net.head, about, against)

    def attributed(self, score: torch.Tensor) -> dict[str, FloatArray]:
        """Return what tokens (b, s), vitals (b, v) and cells (b, CELLS) add, of those that are read."""
        wanted: dict[str, Sequence[torch.Tensor]] = {name: [point] for name, point in self.points.items()}
        if self.attentions:
            wanted["text"] = self.attentions
        if self.maps:
            wanted["image"] = self.maps
        flat = [tensor for tensors in wanted.values() for tensor in tensors]
        if not flat:
            return {}
        given = iter(torch.autograd.grad(score.sum(), flat, allow_unused=True))
        slopes = {name: [next(given) for _ in tensors] for name, tensors in wanted.items()}
        return {name: self._of(name, slopes[name]) for name in wanted}

    def _of(self, name: str, slopes: Sequence[Any]) -> FloatArray:
        if name == "text" and self.attentions:
            return _by_attention(self.attentions, slopes, self.batch[name]["ids"].shape[1])
        if name == "image" and self.maps:
            slope = torch.zeros_like(self.maps[-1]) if slopes[-1] is None else slopes[-1]
            return np.asarray(map_by_cell(self.maps[-1], slope).double().cpu().numpy(), dtype=np.float64)
        way = self.ways[name]
        product = torch.zeros_like(way) if slopes[0] is None else slopes[0] * way
        added = pixels_by_cell(product) if name == "image" else product.sum(-1).double()
        return np.asarray(added.cpu().numpy(), dtype=np.float64)


def _by_attention(attentions: Sequence[torch.Tensor], slopes: Sequence[Any], width: int) -> FloatArray:
    """Return attention times its gradient, summed over layers, heads and queries, for each key, shape (b, s)."""
    total = None
    for weight, slope in zip(attentions, slopes, strict=True):
        if slope is not None:
            part = (weight.detach() * slope).sum((1, 2))[:, -width:]  # a prefix may stand in front
            total = part if total is None else total + part
    if total is None:
        return np.zeros((len(attentions[0]), width))
    return np.asarray(total.double().cpu().numpy(), dtype=np.float64)


def _ends(encoder: torch.nn.Module, batch: Batch, blank: Blank) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a batch's words (b, s, d), coded vitals (b, v, d) or pixels, and the same of records that say nothing."""
    if isinstance(encoder, ImageEncoder):
        return pixel_ends(batch)
    if isinstance(encoder, TextEncoder):
        ids = batch["ids"]
        own = encoder.embedded(ids)
        kept = torch.isin(ids, torch.tensor(blank.kept, dtype=ids.dtype, device=ids.device))
        filled = torch.where(kept, ids, torch.full_like(ids, blank.token))
        return own, encoder.embedded(filled)
    assert isinstance(encoder, VitalsEncoder)
    empty = {
        "numbers": torch.full_like(batch["numbers"], torch.nan),
        "categories": torch.zeros_like(batch["categories"]),
    }
    return encoder.coded(batch), encoder.coded(empty)


def _map_of(net: Net, prepared: Mapping[str, Prepared]) -> MapPlace | None:
    encoder = net.encoders["image"]
    assert isinstance(encoder, ImageEncoder)
    return map_place(encoder, prepared["image"].collate([0]))


def _vital_count(net: Net) -> int:
    encoder = net.encoders["vitals"] if "vitals" in net.encoders else None
    return encoder.count if isinstance(encoder, VitalsEncoder) else 0


@contextmanager
def _asked_only(net: Net) -> Iterator[None]:
    """Leave the weights out of the gradient for a while, and dropout off."""
    moved = [p for p in net.parameters() if p.requires_grad]
    training = net.training
    net.eval()
    for parameter in moved:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in moved:
            parameter.requires_grad_(True)
        net.train(training)
