"""A network of marks in use without torch: NumPy and ONNX Runtime mark as the Predictor does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records
from primum.cohort.roles import VitalKind
from primum.evidence.marks import Marking
from primum.files import read_saved
from primum.model.inputs.image import ImageInput, PreparedImage
from primum.model.inside import Inside
from primum.model.regions.reading import Tick, prepared_pictures, read_marks
from primum.model.regions.spec import RegionSpec
from primum.model.served.files import REGIONS_FILE, SERVED_FILE
from primum.model.served.image import pixels_of
from primum.model.sessions import open_session, usable_threads

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRegions:
    """A tuned network of marks that needs no torch. Its tolerance: what its head answers lies within 1e-4."""

    spec: RegionSpec
    image: ImageInput
    session: Any
    """Pixels of one picture to what the head answers and to features."""
    classes: tuple[str, ...] = ()
    """None: it marks places and decides on no class."""

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
        """Return the pictures of the records; see `RegionPredictor.prepare`."""
        return prepared_pictures(records, self.image, self.spec)

    def read(
        self, pictures: PreparedImage, shapes: npt.NDArray[np.int64], *, tick: Tick | None = None
    ) -> tuple[Marking, Inside]:
        """Return every mark of n pictures and the features they were made from; see `RegionPredictor.read`."""

        def ask(rows: npt.NDArray[np.int64]) -> tuple[FloatArray, npt.NDArray[np.float64]]:
            said = [self.asked(pictures, int(row)) for row in rows]
            return np.concatenate([one for one, _ in said]), np.concatenate([one for _, one in said]).astype(np.float64)

        return read_marks(ask, pictures, shapes, self.spec, tick=tick)

    def asked(self, pictures: PreparedImage, row: int) -> tuple[FloatArray, FloatArray]:
        """Return what the head answers about one picture, (1, channels, s, s), and its features, (1, width)."""
        pixels = pixels_of(pictures, row, side=self.spec.size)  # black where there is none
        outputs, features = self.session.run(["outputs", "features"], {"pixels": pixels})
        return outputs, features

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> ServedRegions | None:
        """Return the served network in a model's folder; None where there is none, or the model marks no places.

        Args:
            folder: of the model.
            threads: that one call may use; None: as many as the process may.
        Raises:
            InputError: it is damaged, or of another format.
            ExtraMissingError: ONNX Runtime is not installed.
        """
        place = folder / "primum.json"
        described = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}
        if "regions" not in described:
            return None
        count = usable_threads() if threads is None else threads

        def opened(said: Mapping[str, Any]) -> ServedRegions:
            file = folder / REGIONS_FILE
            if not file.is_file():
                raise ValueError("a file is missing")
            return cls(
                spec=RegionSpec.from_json(described["regions"]),
                image=ImageInput.from_state(described["inputs"]["image"]),
                session=open_session(file, threads=count, purpose="Marking without torch"),
            )

        return read_saved(folder / SERVED_FILE, opened, what="a served model")
