"""Gradients of a network's score with respect to what it reads: embedded words and coded vitals.

A score is what an answer is explained by: the log-odds of a class or label, the lead of one class over another, or the
number itself. Weights are never moved and gradients never kept on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from primum.model.batching import cut_by_tokens
from primum.model.encoders import TextEncoder, VitalsEncoder
from primum.model.inference import plain_kernels
from primum.model.inputs import Batch, Prepared, PreparedText
from primum.model.net import Head, Net

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
    """Return what each token and vital adds to the score, by gradients.

    Args:
        net: the network, in evaluation mode.
        prepared: its inputs, n records.
        asked: the score.
        kind: path: gradients along the straight way from a blank record, times the way (Sundararajan et al. 2017);
            input: gradient times embedding at the record itself (Shrikumar et al. 2016); attention: attention times
            its gradient, summed over layers, heads and queries (Hao et al. 2021, equation 4, at one node), and for
            vitals the gradient times the distance from their missing code.
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
    scores = np.full((n, len(places)), np.nan)
    with _asked_only(net):
        # First all places that need gradients, then the ends of paths, whose scores alone are wanted.
        for wanted in (True, False):
            chosen = np.flatnonzero((shares[steps] != 0) == wanted)
            for pick in cut_by_tokens(chosen, lengths[rows[chosen]], _TOKENS):
                own, at = rows[pick], steps[pick]
                opened = _Opened(net, prepared, own, places[at], kind=kind, blank=blank)
                part = asked.chosen(own)
                with torch.set_grad_enabled(wanted), _products(bf16 and wanted):
                    score = opened.score(torch.from_numpy(part.about), torch.from_numpy(part.against))
                    found = opened.attributed(score) if wanted else (None, None)
                scores[own, at] = score.detach().numpy()
                _add(found, own, shares[at], tokens, vitals)
    start = scores[:, -2] if kind == "path" else np.full(n, np.nan)
    return Gradients(tokens=tokens, vitals=vitals, end=scores[:, -1], start=start)


@contextmanager
def _products(bf16: bool) -> Iterator[None]:
    """Multiply in bfloat16, whose fast kernels are oneDNN's, or in float32."""
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16), nullcontext() if bf16 else plain_kernels():
        yield


def _add(
    found: tuple[FloatArray | None, FloatArray | None],
    rows: IntArray,
    shares: FloatArray,
    tokens: Sequence[FloatArray],
    vitals: FloatArray,
) -> None:
    """Add what a batch found, each record by its share, to the sums."""
    of_tokens, of_vitals = found
    for i, row in enumerate(rows.tolist()):
        if of_tokens is not None and len(tokens[row]):
            tokens[row][:] += shares[i] * of_tokens[i, : len(tokens[row])]
        if of_vitals is not None:
            vitals[row] += shares[i] * of_vitals[i]


class _Opened:
    """A batch of records, each at its place of the path, whose embedded words and coded vitals may be derived by."""

    def __init__(
        self,
        net: Net,
        prepared: Mapping[str, Prepared],
        rows: IntArray,
        places: FloatArray,
        *,
        kind: Kind,
        blank: Blank,
    ) -> None:
        self.net = net
        self.kind = kind
        self.batch: dict[str, Batch] = {name: dict(one.collate(rows)) for name, one in prepared.items()}
        self.points: dict[str, torch.Tensor] = {}
        self.ways: dict[str, torch.Tensor] = {}
        at = torch.from_numpy(places.astype(np.float32))
        with torch.no_grad():
            for name, encoder in net.encoders.items():
                if not isinstance(encoder, TextEncoder | VitalsEncoder):
                    continue  # a gradient of words and vitals, whatever else is read beside them
                own, start = _ends(encoder, self.batch[name], blank)
                # Gradient times input is measured from 0, all others from what says nothing.
                self.ways[name] = own if kind == "input" else own - start
                shape = (-1, *[1] * (own.ndim - 1))
                self.points[name] = torch.lerp(start, own, at.reshape(shape))
        for name, point in self.points.items():
            self.batch[name]["embedded"] = point.requires_grad_()
        self.attentions: Sequence[torch.Tensor] = ()

    def score(self, about: torch.Tensor, against: torch.Tensor) -> torch.Tensor:
        encoder = self.net.encoders["text"] if "text" in self.net.encoders else None
        if self.kind == "attention" and isinstance(encoder, TextEncoder):
            with encoder.watched() as seen:
                logits = self.net(self.batch)["logits"]
            self.attentions = seen
        else:
            logits = self.net(self.batch)["logits"]
        return score_of(logits, self.net.head, about, against)

    def attributed(self, score: torch.Tensor) -> tuple[FloatArray | None, FloatArray | None]:
        """Return what tokens (b, s) and vitals (b, v) add."""
        wanted: dict[str, Sequence[torch.Tensor]] = {name: [point] for name, point in self.points.items()}
        if self.attentions:
            wanted["text"] = self.attentions
        flat = [tensor for tensors in wanted.values() for tensor in tensors]
        found = iter(torch.autograd.grad(score.sum(), flat, allow_unused=True))
        slopes = {name: [next(found) for _ in tensors] for name, tensors in wanted.items()}
        of_tokens = of_vitals = None
        for name in self.points:
            encoder = self.net.encoders[name]
            if isinstance(encoder, TextEncoder) and self.attentions:
                of_tokens = _by_attention(self.attentions, slopes[name], self.batch[name]["ids"].shape[1])
            else:
                slope = slopes[name][0]
                way = self.ways[name]
                product = torch.zeros_like(way) if slope is None else slope * way
                summed = product.sum(-1).double().numpy()
                if isinstance(encoder, TextEncoder):
                    of_tokens = summed
                else:
                    of_vitals = summed
        return of_tokens, of_vitals


def _by_attention(attentions: Sequence[torch.Tensor], slopes: Sequence[Any], width: int) -> FloatArray:
    """Return attention times its gradient, summed over layers, heads and queries, for each key, shape (b, s)."""
    total = None
    for weight, slope in zip(attentions, slopes, strict=True):
        if slope is not None:
            part = (weight.detach() * slope).sum((1, 2))[:, -width:]  # a prefix may stand in front
            total = part if total is None else total + part
    if total is None:
        return np.zeros((len(attentions[0]), width))
    return np.asarray(total.double().numpy(), dtype=np.float64)


def _ends(encoder: torch.nn.Module, batch: Batch, blank: Blank) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a batch's embedded words (b, s, d) or coded vitals (b, v, d), and the same of records that say nothing."""
    if isinstance(encoder, TextEncoder):
        ids = batch["ids"]
        own = encoder.embedded(ids)
        kept = torch.isin(ids, torch.tensor(blank.kept, dtype=ids.dtype))
        filled = torch.where(kept, ids, torch.full_like(ids, blank.token))
        return own, encoder.embedded(filled)
    assert isinstance(encoder, VitalsEncoder)
    empty = {
        "numbers": torch.full_like(batch["numbers"], torch.nan),
        "categories": torch.zeros_like(batch["categories"]),
    }
    return encoder.coded(batch), encoder.coded(empty)


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
