"""A predictor of marks: pictures in, marked places out, in pixels of the stored images."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records
from primum.cohort.roles import VitalKind
from primum.errors import InputError
from primum.evidence.marks import Marking
from primum.evidence.regions import Region
from primum.files import atomic_path, write_json
from primum.model.adapters import Adaptation
from primum.model.inference import inference
from primum.model.inputs import ImageInput, PreparedImage
from primum.model.inputs.image import PixelForm
from primum.model.inside import Inside
from primum.model.lite import LiteNet
from primum.model.net import Net
from primum.model.regions.net import build_region_net
from primum.model.regions.pictures import PreparedMaps
from primum.model.regions.reading import Tick, prepared_pictures, read_marks
from primum.model.regions.spec import RegionSpec
from primum.model.vision import ImageSource, build_image_net

Pictures = PreparedImage | PreparedMaps
FORM = PixelForm(architecture="efficientnet-lite0")
"""The one encoder of marks: its maps of four sides are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPredictor:
    """A tuned network of marks with the input it was tuned on."""

    net: Net
    spec: RegionSpec
    image: ImageInput

    @classmethod
    def untrained(cls, spec: RegionSpec, *, colour: bool) -> RegionPredictor:
        """Return the network before training: a pretrained encoder and a decoder that starts from nothing."""
        net = build_region_net(spec, _encoder(pretrained=True))
        return cls(net=net, spec=spec, image=ImageInput(FORM, colour=colour))

    @property
    def classes(self) -> tuple[str, ...]:
        """Return nothing: it marks places and decides on no class."""
        return ()

    @property
    def inputs(self) -> Mapping[str, ImageInput]:
        """Return its one input by name."""
        return {"image": self.image}

    def vital_kinds(self) -> dict[str, VitalKind]:
        """Return nothing: it reads no vitals."""
        return {}

    def colour(self) -> bool:
        """Return whether the network was tuned on images in colour."""
        return self.image.colour

    def prepare(self, records: Records) -> PreparedImage:
        """Return the pictures of the records, ready for batches.

        Raises:
            InputError: there are none, of another size, or in colour where the network was tuned on grey ones.
        """
        return prepared_pictures(records, self.image, self.spec)

    def regions(self, records: Records, shapes: npt.NDArray[np.int64]) -> list[list[Region]]:
        """Return the places that the model shows in each record's image.

        Args:
            records: with images.
            shapes: height and width of each image as it is stored, shape (n, 2).
        """
        marking, _ = self.read(self.prepare(records), shapes)
        shown = marking.above(self.spec.threshold)
        return [
            [mark.region((int(h), int(w))) for mark in marks]
            for marks, (h, w) in zip(shown.marks, shapes.tolist(), strict=True)
        ]

    def predict(self, records: Records) -> npt.NDArray[np.float64]:
        """Return how much of each square picture the model marks, shape (n,): boxes shown, or share inside masks."""
        return np.asarray(self.inside(records).answers)

    def inside(self, records: Records) -> Inside:
        """Return features and amounts of the records, as `predict` gives them."""
        prepared = self.prepare(records)
        return self.read(prepared, self._square(prepared))[1]

    def read(
        self, pictures: Pictures, shapes: npt.NDArray[np.int64], *, tick: Tick | None = None
    ) -> tuple[Marking, Inside]:
        """Return every mark of n pictures, those below the threshold too, and the features they were made from.

        Args:
            pictures: of the records.
            shapes: height and width of the stored images, 0 for none, shape (n, 2).
            tick: called with (done, total).
        """
        self.net.eval()
        device = next(self.net.parameters()).device

        def ask(rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
            batch = {name: one.to(device) for name, one in pictures.collate(rows).items()}
            with inference():
                maps = self.net.features({"image": batch})
                outputs = self.net.head(maps)
                features = maps[-1].mean((2, 3)).double()
            return outputs.float().cpu().numpy(), features.cpu().numpy()

        return read_marks(ask, pictures, shapes, self.spec, tick=tick)

    def _square(self, prepared: PreparedImage) -> npt.NDArray[np.int64]:
        return np.where(prepared.present[:, None], self.spec.size, 0).repeat(2, 1).astype(np.int64)

    def showing_from(self, threshold: float) -> RegionPredictor:
        """Return the predictor that shows marks from this score on."""
        return replace(self, spec=replace(self.spec, threshold=threshold))

    def save(self, folder: Path) -> None:
        """Write the model as safetensors and JSON; nothing in the folder can run code when it is opened."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self.net.state_dict().items()}
        with atomic_path(folder / "model.safetensors") as temporary:
            save_file(tensors, temporary, metadata={"format": "pt"})
        described = {"format": 1, "regions": self.spec.to_json(), "inputs": {"image": self.image.state()}}
        write_json(folder / "primum.json", described)

    @classmethod
    def load(cls, folder: Path) -> RegionPredictor:
        """Return the model that `save` wrote.

        Raises:
            InputError: the folder holds no such model.
        """
        from safetensors.torch import load_file

        place = folder / "primum.json"
        described: Mapping[str, Any] = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}
        if "regions" not in described or described.get("format") != 1:
            raise InputError(f"{folder}: no model of marked places there; give the folder of a finished run of one.")
        spec = RegionSpec.from_json(described["regions"])
        net = build_region_net(spec, _encoder(pretrained=False))
        net.load_state_dict(load_file(folder / "model.safetensors"))
        net.eval()
        return cls(net=net, spec=spec, image=ImageInput.from_state(described["inputs"]["image"]))


def _encoder(*, pretrained: bool) -> LiteNet:
    net, _ = build_image_net(ImageSource(form=FORM), Adaptation(method="full"), pretrained=pretrained)
    assert isinstance(net, LiteNet)
    return net
