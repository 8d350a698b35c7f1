"""The model before training: its inputs with their scales and levels, the pretrained networks, an empty head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from primum.cohort.cohort import Cohort
from primum.errors import StudyError
from primum.model.building import build_net
from primum.model.inputs import AbstractInput, ImageInput, TextInput, VitalsInput
from primum.model.net import Net
from primum.model.predictor import Predictor

if TYPE_CHECKING:  # the request names what this makes
    from primum.training.fit import FitRequest

Rows = npt.NDArray[np.int64]


def untrained_predictor(request: FitRequest, train_rows: Rows) -> Predictor:
    """Return the model as it is before training.

    Args:
        request: what is to be fitted.
        train_rows: the records to train on.
    Raises:
        StudyError: training is private or by shards and there is no validation split.
    """
    torch.manual_seed(request.plan.seed)
    scale_rows = _scale_rows(request, train_rows)
    inputs = _fit_inputs(request, scale_rows)
    image_folder = request.image_source.folder if request.image_source is not None and "image" in inputs else None
    net = build_net(
        request.spec,
        inputs,
        backbone_folder=request.backbone_folder,
        image_folder=image_folder,
        pretrained=True,
    )
    _standardise_target(net, request.cohort, scale_rows)
    net.orthogonal = request.spec.adaptation.method == "adalora"
    return Predictor(
        net=net,
        spec=request.spec,
        inputs=inputs,
        classes=request.cohort.target.classes,
        backbone_folder=request.backbone_folder if "text" in inputs else None,
        image_folder=image_folder,
    )


def _scale_rows(request: FitRequest, train_rows: Rows) -> Rows:
    """Return the records that scales and levels are read from: where training is private or by shards, validation's.

    Raises:
        StudyError: it is so and there is no validation split.
    """
    if request.plan.privacy is None and request.plan.shards is None:
        return train_rows
    rows = np.flatnonzero(request.split == "validation").astype(np.int64)
    if not len(rows) and request.plan.shards is not None:
        raise StudyError(
            "cohort.split.validation: training by shards reads scales, and chooses epochs, by the validation split, so "
            "that no shard learns of another's patients; give it a share."
        )
    if not len(rows):
        raise StudyError(
            "cohort.split.validation: private training reads scales and levels from the validation split, so that "
            "nothing of the patients trained on is used without noise; give it a share."
        )
    return rows


def _fit_inputs(request: FitRequest, train_rows: Rows) -> dict[str, AbstractInput]:
    inputs: dict[str, AbstractInput] = {}
    if "text" in request.input_names:
        assert request.backbone_folder is not None
        inputs["text"] = TextInput(request.backbone_folder, max_tokens=request.max_tokens)
    if "vitals" in request.input_names:
        inputs["vitals"] = VitalsInput.fit(request.cohort.records.vitals, train_rows)
    images = request.cohort.records.image
    if "image" in request.input_names and images is not None:
        assert request.image_source is not None
        inputs["image"] = ImageInput(request.image_source.form, colour=images.channels == 3)
    return inputs


def _standardise_target(net: Net, cohort: Cohort, train_rows: Rows) -> None:
    if net.head.spec.kind != "number":
        return
    values = cohort.target.values[train_rows]
    net.head.shift.fill_(float(values.mean()))
    net.head.scale.fill_(float(values.std()) or 1.0)
