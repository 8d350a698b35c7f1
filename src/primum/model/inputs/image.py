"""Images: small pictures become pixels as a network expects them, a batch at a time; training moves them a little.

What a file says is read in `primum.cohort.images`, once; here pictures are scaled, normalised and, for training alone,
augmented. Memory holds one batch. torch is imported where tensors are made, as in `primum.model.inputs.base`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.columns import is_none
from primum.cohort.images import ChosenImages, JoinedImages
from primum.cohort.images.changes import part_of, turned
from primum.cohort.records import ImageColumn, Records
from primum.errors import CohortError
from primum.model.inputs.base import Batch
from primum.model.inputs.cells import without_cells

_PATCH = 16


def tokens_of(side: int) -> int:
    """Return what a picture of this side costs, in tokens: 196 at 224 pixels."""
    return max((side // _PATCH) ** 2, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """What may happen to a picture in training, each time anew; nothing that changes left into right unless allowed."""

    degrees: float = 7.0
    """Most degrees of a turn to either side."""
    crop: float = 0.9
    """Smallest share of each side that is kept."""
    intensity: float = 0.1
    """Largest change of brightness (share of white) and of contrast (share of itself)."""
    noise: float = 0.0
    """Standard deviation of Gaussian noise, share of white."""
    allow_flips: bool = False
    """Whether left and right may be swapped, and top and bottom: of skin they may, of a chest never."""
    copies: int = 5
    """Changed copies of each picture that are made at the start, where frozen blocks read them once."""

    def applied(self, picture: npt.NDArray[np.uint8], generator: np.random.Generator) -> npt.NDArray[np.uint8]:
        """Return a picture of shape (h, w, c), changed."""
        if self.degrees:
            picture = turned(picture, float(generator.uniform(-self.degrees, self.degrees)))
        if self.crop < 1:
            picture = part_of(picture, float(generator.uniform(self.crop, 1.0)), generator)
        if self.allow_flips:
            for axis in (0, 1):
                picture = np.flip(picture, axis) if generator.random() < 0.5 else picture
        if not self.intensity and not self.noise:
            return picture
        contrast, brightness = generator.uniform(-self.intensity, self.intensity, size=2)
        mean = float(picture.mean())
        values = mean + (1.0 + contrast) * (picture.astype(np.float32) - mean) + 255.0 * brightness
        if self.noise:
            values = values + generator.normal(0.0, 255.0 * self.noise, picture.shape)
        return np.asarray(np.rint(np.clip(values, 0, 255)), dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelForm:
    """How a network wants its pixels."""

    architecture: str
    """A built-in network's name, or "folder" for a saved configuration."""
    side: int | None = None
    """The only side that it takes; None: any."""
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    """Of red, green and blue, shares of white; those of ImageNet."""
    scale: tuple[float, ...] = (0.229, 0.224, 0.225)
    """Standard deviations of the same."""


class PreparedImage:
    """Pictures of n records, read when a batch asks for them."""

    def __init__(
        self,
        images: ImageColumn | None,
        form: PixelForm,
        n: int,
        augmentation: Augmentation | None = None,
        *,
        kept: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Show `images`, None for n records without any.

        Args:
            images: of the records.
            form: how the network wants its pixels.
            n: records.
            augmentation: what happens to the pictures whenever they are asked for; None: nothing.
            kept: which cells of each picture are left, shape (n, CELLS); with none it has no picture. None: all.
        """
        self.images = images
        self.form = form
        self.augmentation = augmentation
        self.kept = kept
        self.present = np.zeros(n, bool) if images is None else ~is_none(images.keys)
        if kept is not None:
            self.present &= kept.any(1)
        self.side = form.side or (images.size if images is not None else _PATCH)
        self.lengths: npt.NDArray[np.int64] = np.full(n, tokens_of(self.side), dtype=np.int64)

    def augmented(self, augmentation: Augmentation) -> PreparedImage:
        """Return the same pictures, changed a little whenever they are asked for; the global generator draws how."""
        return PreparedImage(self.images, self.form, len(self.present), augmentation)

    def chosen(self, rows: npt.NDArray[np.int64]) -> PreparedImage:
        """Return the pictures of these records, any of them as often as it is asked for."""
        return self.thinned(rows, None if self.kept is None else self.kept[rows])

    def thinned(self, rows: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_] | None) -> PreparedImage:
        """Return the pictures of these records with these cells of each alone, shape (m, CELLS); None: whole."""
        images = None if self.images is None else ChosenImages(self.images, rows)
        return PreparedImage(images, self.form, len(rows), self.augmentation, kept=kept)

    def collate(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """Return pixels of shape (b, 3, side, side), float32 and normalised, and present of shape (b,)."""
        import torch
        from torch.nn import functional

        index = np.asarray(rows, dtype=np.int64)
        present = torch.from_numpy(self.present[index])
        if self.images is None:
            return {"pixels": torch.zeros((len(index), 3, self.side, self.side)), "present": present}
        pictures = self._taken(index)
        if self.augmentation is not None:
            pictures = self._changed(pictures, self.augmentation)
        pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div_(255.0)  # (b, c, s, s)
        if pixels.shape[-1] != self.side:
            pixels = functional.interpolate(
                pixels, size=(self.side, self.side), mode="bilinear", antialias=True, align_corners=False
            )
        mean, scale = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (self.form.mean, self.form.scale))
        pixels = (pixels - mean) / scale
        if self.kept is not None:
            pixels = without_cells(pixels, torch.from_numpy(self.kept[index]))
        return {"pixels": pixels.contiguous(), "present": present}

    def _taken(self, index: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return the pictures of these records; where parts of one come many times, it is read once."""
        assert self.images is not None
        if self.kept is None:
            return self.images.take(index)
        place: dict[object, int] = {}
        equal = [place.setdefault(key, len(place)) for key in self.images.keys[index].tolist()]
        first = np.unique(equal, return_index=True)[1]
        return self.images.take(index[first])[equal]

    def _changed(self, pictures: npt.NDArray[np.uint8], how: Augmentation) -> npt.NDArray[np.uint8]:
        import torch

        seeds = torch.randint(2**31, (len(pictures),)).tolist()  # kept with a checkpoint, so a resumed training agrees
        changed = [how.applied(one, np.random.default_rng(seed)) for one, seed in zip(pictures, seeds, strict=True)]
        return np.stack(changed) if changed else pictures

    def distinct(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the first record of each different picture, and for every record which of these it equals, (n,)."""
        if self.images is None:
            return np.zeros(min(len(self.present), 1), np.int64), np.zeros(len(self.present), np.int64)
        place: dict[object, int] = {}
        keys: list[object] = self.images.keys.tolist()
        if self.kept is not None:
            keys = [(key, left.tobytes()) for key, left in zip(keys, self.kept, strict=True)]
        equal = np.array([place.setdefault(key, len(place)) for key in keys], dtype=np.int64)
        return np.unique(equal, return_index=True)[1].astype(np.int64), equal

    def joined(self, more: PreparedImage) -> PreparedImage:
        """Return these records followed by `more`, of the same cohort's form."""
        assert self.images is not None and more.images is not None and self.kept is None and more.kept is None
        return PreparedImage(JoinedImages([self.images, more.images]), self.form, len(self.present) + len(more.present))


class ImageInput:
    """Brings pictures into the form of one network."""

    name = "image"

    def __init__(self, form: PixelForm, *, colour: bool) -> None:
        """Bring pictures into `form`; `colour` says whether the training pictures had any."""
        self.form = form
        self.colour = colour

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> ImageInput:
        """Return the input that `state()` described."""
        form: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in state["form"].items()}
        return cls(PixelForm(**form), colour=state["colour"])

    def state(self) -> dict[str, Any]:
        """Return the form as plain JSON."""
        form = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self.form).items()}
        return {"form": form, "colour": self.colour}

    def prepare(self, records: Records) -> PreparedImage:
        """Return the pictures of all records; where the records have no images at all, none is present.

        Raises:
            CohortError: pictures are in colour, and the network was tuned on grey ones.
        """
        images = records.image
        if images is not None and images.channels == 3 and not self.colour:
            raise CohortError("image: these are in colour, and the model was tuned on grey images; convert them.")
        return PreparedImage(images, self.form, len(records))
