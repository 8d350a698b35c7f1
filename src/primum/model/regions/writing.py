"""Writing the served form of a network of marks, and the proof that both answer alike."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from primum.files import atomic_path, write_json
from primum.model.inference import inference
from primum.model.inputs.image import PreparedImage
from primum.model.int8 import export
from primum.model.lite import LiteNet
from primum.model.net import Net
from primum.model.regions.decoding import distances_of, sigmoid
from primum.model.regions.predictor import RegionPredictor
from primum.model.regions.served import FloatArray, ServedRegions
from primum.model.regions.spec import RegionSpec
from primum.model.served.files import REGIONS_FILE, SERVED_FILE

logger = logging.getLogger(__name__)
DIFFERENCE = 1e-4
"""Largest difference of a score, or of a side in places of the map (from one place on, share of it), that is kept."""
_PROVED = 16
"""Pictures that both are asked about."""


class _Whole(nn.Module):
    """Encoder and head in one: pixels (1, 3, side, side) to the head's answers and the features of the last map."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        backbone = net.encoders["image"].backbone
        assert isinstance(backbone, LiteNet)
        self.backbone = backbone
        self.head = net.head

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.backbone.maps(pixels)
        return self.head.decoded(maps), maps[-1].mean((2, 3))  # type: ignore[operator]


def write_served_regions(predictor: RegionPredictor, folder: Path, pictures: PreparedImage) -> dict[str, Any] | None:
    """Write the served network, and return how many pictures it was compared on and how far it lies from the Predictor.

    None, and nothing written, where the network cannot be exported or answers differently.

    Args:
        predictor: the tuned network.
        folder: of the model.
        pictures: some, to compare the answers on.
    """
    predictor.net.eval()
    side = predictor.spec.size
    try:
        model = export(
            _Whole(predictor.net),
            (torch.zeros(1, 3, side, side),),
            inputs=("pixels",),
            outputs=("outputs", "features"),
            shapes=(None,),
        )
    except Exception as exc:  # the exporter raises from many trees, and what it cannot trace is no fault
        logger.warning("served_model_not_exported error=%s", type(exc).__name__)
        return None
    with atomic_path(folder / REGIONS_FILE) as temporary:
        temporary.write_bytes(model.SerializeToString())
    write_json(folder / SERVED_FILE, {"format": 1, "form": "float32"})
    served = ServedRegions.load(folder, threads=torch.get_num_threads())
    assert served is not None
    there = np.flatnonzero(pictures.present)[:_PROVED]
    apart = max((_apart(predictor, served, pictures, int(row)) for row in there), default=np.inf)
    if not apart <= DIFFERENCE:
        logger.warning("served_model_left_out max_difference=%g", apart)
        for name in (SERVED_FILE, REGIONS_FILE):
            (folder / name).unlink()
        return None
    found = {"n": len(there), "max_difference": float(apart)}
    write_json(folder / SERVED_FILE, {"format": 1, "form": "float32", "agreement": found})
    return found


def _apart(predictor: RegionPredictor, served: ServedRegions, pictures: PreparedImage, row: int) -> float:
    """Return how far two networks' scores, and the sides of boxes that one would show, lie apart on one picture."""
    with inference():
        outputs = predictor.net.head(predictor.net.features({"image": pictures.collate([row])})).cpu().numpy()
    told = [_told(one[0], predictor.spec) for one in (outputs, served.asked(pictures, row)[0])]
    (scores, sides), (other_scores, other_sides) = told
    shown = scores.max(0) >= predictor.spec.threshold
    apart = float(np.abs(scores - other_scores).max())
    off = np.abs(sides - other_sides) / np.maximum(sides, 1.0)
    return max(apart, float(off[:, shown].max(initial=0.0)))


def _told(outputs: FloatArray, spec: RegionSpec) -> tuple[FloatArray, FloatArray]:
    k = len(spec.labels)
    return sigmoid(outputs[:k]), distances_of(outputs[k:])
