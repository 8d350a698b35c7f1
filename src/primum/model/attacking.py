"""Pictures moved within a small bound so that the right answer loses most: what an adversary who knows the model does.

Source: Goodfellow et al. 2015, ICLR (one step); Madry et al. 2018, ICLR (several, projected). The first start is the
picture itself, so that equal questions have equal answers, and the worst step of every start is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from primum.model.batching import prediction_batches
from primum.model.inference import fused_kernels
from primum.model.inputs import Batch, Prepared, PreparedImage
from primum.model.net import Head, Net

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_TOKENS = 1536


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where the pixels of a batch may go: at most `bound` from what they are, between black and white."""

    own: torch.Tensor
    """Pixels as they are, shares of white, shape (b, 3, s, s)."""
    mean: torch.Tensor
    """Of the network's form, shape (1, 3, 1, 1)."""
    scale: torch.Tensor
    """Of the network's form, shape (1, 3, 1, 1)."""
    bound: float
    """Share of white."""
    grey: bool
    """Whether the three colours of a pixel move alike, since the picture has one alone."""

    def shown(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return pixels as the network reads them."""
        return (pixels - self.mean) / self.scale

    def kept(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return pixels brought back to where they may be."""
        return pixels.clamp(self.own - self.bound, self.own + self.bound).clamp(0, 1)

    def anywhere(self, generator: torch.Generator | None = None) -> torch.Tensor:
        """Return pixels drawn evenly from where they may be."""
        shape = (len(self.own), 1 if self.grey else 3, *self.own.shape[2:])
        draws = torch.rand(shape, generator=generator).to(self.own)
        return self.kept(self.own + self.bound * (2 * draws - 1))

    def stepped(self, pixels: torch.Tensor, slope: torch.Tensor, length: float) -> torch.Tensor:
        """Return pixels after a step of this length, each along the sign of its slope."""
        direction = slope.sum(1, keepdim=True).expand_as(slope) if self.grey else slope
        return self.kept(pixels + length * direction.sign())


def room_of(image: PreparedImage, batch: Batch, bound: float) -> Room:
    """Return where the pixels of a batch of `image` may go, on the batch's device."""
    pixels = batch["pixels"]
    mean, scale = (pixels.new_tensor(v).reshape(1, 3, 1, 1) for v in (image.form.mean, image.form.scale))
    return Room(
        own=(pixels * scale + mean).clamp(0, 1),
        mean=mean,
        scale=scale,
        bound=bound,
        grey=image.images is not None and image.images.channels == 1,
    )


def with_pixels(inputs: Mapping[str, Batch], room: Room, pixels: torch.Tensor) -> dict[str, Batch]:
    """Return a batch whose pictures are these, shares of white."""
    return {**inputs, "image": {**inputs["image"], "pixels": room.shown(pixels)}}


def slope_at(
    net: Net, inputs: Mapping[str, Batch], room: Room, pixels: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the slope of the harm done at these pixels, shape (b, 3, s, s), the harm (b,), and what the head said."""
    at = pixels.detach().requires_grad_()
    with torch.enable_grad(), fused_kernels():
        outputs = net(with_pixels(inputs, room, at))["logits"]
        harm = harm_of(net.head, outputs, labels)
        (slope,) = torch.autograd.grad(harm.sum(), [at])
    return slope, harm.detach(), outputs.detach()


def harm_of(head: Head, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return how badly the truth fares, shape (b,): of classes the log-odds against it, else the loss.

    The log-odds order answers as cross-entropy does, which is a function of them alone, and keep their slope where the
    network is so sure that the slope of cross-entropy is 0 in float32, and an attack along it would stand still.
    """
    if head.spec.kind != "classes":
        return head.losses(outputs, labels)
    outputs = outputs.double()
    own = outputs.gather(1, labels[:, None])
    return (outputs.scatter(1, labels[:, None], -torch.inf).logsumexp(1) - own[:, 0]).float()


def attacked_answers(
    net: Net,
    prepared: Mapping[str, Prepared],
    truth: IntArray,
    *,
    bound: float,
    steps: int,
    restarts: int = 0,
    seed: int = 7,
) -> FloatArray:
    """Return the answers on records whose pictures were moved, shape (n, k): of the step at which the truth lost most.

    Args:
        net: in evaluation mode; its weights stay as they are.
        prepared: its inputs; those beside the pictures stay as they are.
        truth: classes (n,), or 0/1 for each label (n, k).
        bound: most that a pixel moves, share of white.
        steps: 1: one step to the edge of the bound; more: each a quarter of the bound, kept inside it.
        restarts: further searches, each from a random place within the bound.
        seed: of these places.
    """
    generator = torch.Generator().manual_seed(seed)
    length = bound if steps == 1 else bound / 4
    worst = Worst(net, len(truth))
    for rows, inputs, labels, room in parts_of(net, prepared, truth, bound):
        for start in range(restarts + 1):
            moved = room.anywhere(generator) if start else room.own
            for step in range(steps + 1):
                slope, harm, outputs = slope_at(net, inputs, room, moved, labels)
                worst.meet(rows, harm, outputs)
                if step < steps:
                    moved = room.stepped(moved, slope, length)
    return worst.answers


class Worst:
    """Keeps the answer at which each record's truth fared worst."""

    def __init__(self, net: Net, n: int) -> None:
        self._head = net.head
        self._harm = np.full(n, -np.inf)
        self.answers: FloatArray = np.empty((n, net.head.spec.outputs))

    def meet(self, rows: IntArray, harm: torch.Tensor, outputs: torch.Tensor) -> npt.NDArray[np.bool_]:
        """Take what is worse than anything met before; return which of `rows` it was, shape (len(rows),)."""
        found = harm.double().cpu().numpy()
        worse = found > self._harm[rows]
        self._harm[rows[worse]] = found[worse]
        self.answers[rows[worse]] = self._head.answer(outputs).cpu().numpy()[worse]
        return worse


def parts_of(
    net: Net, prepared: Mapping[str, Prepared], truth: IntArray, bound: float
) -> Iterator[tuple[IntArray, dict[str, Batch], torch.Tensor, Room]]:
    """Yield rows, inputs, labels and where pixels may go, a batch at a time, on the network's device."""
    image, device = prepared["image"], next(net.parameters()).device
    assert isinstance(image, PreparedImage)
    for rows in prediction_batches(image.lengths, _TOKENS):
        taken = {name: one.collate(rows) for name, one in prepared.items()}
        inputs = {name: {key: value.to(device) for key, value in one.items()} for name, one in taken.items()}
        yield rows, inputs, torch.from_numpy(truth[rows]).to(device), room_of(image, inputs["image"], bound)
