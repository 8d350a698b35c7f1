"""Writing a served model beside a tuned one, and the proof that both answer alike."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from primum.files import atomic_path, write_json
from primum.model.engine import Agreement, agreement
from primum.model.inputs import Prepared, PreparedText, PreparedVitals, TextInput, VitalsInput
from primum.model.inputs.image import ImageInput, PreparedImage
from primum.model.int8 import export, merged
from primum.model.net import Net
from primum.model.predictor import ENGINE_FILE, Predictor
from primum.model.served.files import HEAD_FILE, IMAGE_FILE, SERVED_FILE, TEXT_FILE, TOKENIZER_FILE
from primum.model.served.twin import Served

logger = logging.getLogger(__name__)
FLOAT32_DIFFERENCE = 1e-4
"""Largest difference from the Predictor's answers (a number: in standard deviations) with which float32 is kept."""
_PROVED = 32
"""Records that both are asked about."""
ServedForm = PreparedText | PreparedVitals | PreparedImage
"""Prepared inputs that have a served form."""


class _Head(nn.Module):
    """All of a net but what reads texts and pictures."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.vitals = net.encoders["vitals"] if "vitals" in net.encoders else None
        self.fusion, self.head = net.fusion, net.head
        self.names = [*net.encoders]

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features, present, rest = {}, {}, list(given)
        for name in self.names:
            if name != "vitals":
                features[name], present[name] = rest.pop(0), rest.pop(0)
            else:
                assert self.vitals is not None
                numbers, categories = rest.pop(0), rest.pop(0)
                features[name], present[name] = self.vitals({"numbers": numbers, "categories": categories}), rest.pop(0)
        fused = self.fusion(features, present)
        return self.head(fused), fused


def write_served(
    predictor: Predictor,
    exported: Any | None,
    folder: Path,
    prepared: Mapping[str, ServedForm],
    *,
    scale: float = 1.0,
) -> Agreement | None:
    """Write the served model and return how far it lies from the Predictor; None, and nothing, where there is none.

    There is none for other inputs than text, vitals and images, for a network that cannot be exported, and in float32
    where the answers differ.

    Args:
        predictor: the tuned model as it answers in use.
        exported: its text encoder as a float32 ONNX model; None without text, or where there is none.
        folder: of the model.
        prepared: some records, to compare the answers on.
        scale: what differences are divided by; of a number the standard deviation of the target.
    """
    text = predictor.inputs.get("text")
    known = all(isinstance(one, TextInput | VitalsInput | ImageInput) for one in predictor.inputs.values())
    if not known or (text is not None and exported is None and predictor.engine is None):
        return None
    head = _exported_head(predictor)
    image = _exported_image(predictor, prepared)
    if head is None or (image is None and "image" in predictor.inputs):
        return None
    form = "float32" if predictor.engine is None else "int8"
    said: dict[str, Any] = {"format": 1, "form": form if text is not None else "float32", "text": None, "pad_id": 0}
    _write(folder / HEAD_FILE, head.SerializeToString())
    if image is not None:
        _write(folder / IMAGE_FILE, image.SerializeToString())
    if isinstance(text, TextInput):
        said |= {"text": ENGINE_FILE if form == "int8" else TEXT_FILE, "pad_id": text.tokenizer.pad_token_id or 0}
        with atomic_path(folder / TOKENIZER_FILE) as temporary:
            text.tokenizer.backend_tokenizer.save(str(temporary))
        if form == "float32":
            _write(folder / TEXT_FILE, exported.SerializeToString())  # type: ignore[union-attr]
    write_json(folder / SERVED_FILE, said)
    found = _compared(predictor, folder, prepared, scale)
    if not (found.close if said["form"] == "int8" else found.max_difference <= FLOAT32_DIFFERENCE):
        logger.warning("served_model_left_out max_difference=%g", found.max_difference)
        remove_served(folder)
        return None
    write_json(folder / SERVED_FILE, {**said, "agreement": found.to_json()})
    return found


def remove_served(folder: Path) -> None:
    """Take a served model out of a model's folder; the rest stays."""
    for name in (SERVED_FILE, HEAD_FILE, TEXT_FILE, IMAGE_FILE, TOKENIZER_FILE):
        (folder / name).unlink(missing_ok=True)


def _exported_head(predictor: Predictor) -> Any | None:
    names, example, net = [], [], predictor.net
    for name in net.encoders:
        if name != "vitals":
            width = int(net.encoders[name].width)  # type: ignore[arg-type]
            names += [name, f"{name}_present"]
            example += [torch.zeros(2, width), torch.tensor([True, False])]
        else:
            vitals = predictor.inputs[name]
            assert isinstance(vitals, VitalsInput)
            names += ["numbers", "categories", "vitals_present"]
            example += [torch.zeros(2, len(vitals.numbers)), torch.zeros(2, len(vitals.categories), dtype=torch.int64)]
            example += [torch.tensor([True, False])]
    batch = torch.export.Dim("batch", min=1, max=65536)
    try:
        return export(
            _Head(net),
            tuple(example),
            inputs=names,
            outputs=("logits", "features"),
            shapes=(({0: batch},) * len(example),),
        )
    except Exception as exc:  # the exporter raises from many trees, and what it cannot trace is no fault
        logger.warning("served_model_not_exported error=%s", type(exc).__name__)
        return None


def _exported_image(predictor: Predictor, prepared: Mapping[str, ServedForm]) -> Any | None:
    """Return the image network, pixels (1, 3, side, side) to features (1, width), low-rank weights merged."""
    one = prepared.get("image")
    if not isinstance(one, PreparedImage):
        return None
    network = merged(predictor.net.encoders["image"]).backbone
    try:
        return export(
            network,  # type: ignore[arg-type]
            (torch.zeros(1, 3, one.side, one.side),),
            inputs=("pixels",),
            outputs=("features",),
            shapes=(None,),
        )
    except Exception as exc:  # the exporter raises from many trees, and what it cannot trace is no fault
        logger.warning("served_model_not_exported error=%s", type(exc).__name__)
        return None


def _compared(predictor: Predictor, folder: Path, prepared: Mapping[str, ServedForm], scale: float) -> Agreement:
    served = Served.load(folder, threads=torch.get_num_threads())
    assert served is not None
    n = len(next(iter(prepared.values())).lengths)
    rows = np.linspace(0, n - 1, min(n, _PROVED)).astype(np.int64)
    some: dict[str, Prepared] = {name: one.chosen(rows) for name, one in prepared.items()}
    return agreement(predictor.predict_prepared(some), served.predict_prepared(some), scale=scale)


def _write(path: Path, content: bytes) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
