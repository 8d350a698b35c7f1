"""What frozen encoders, or frozen layers, make of the inputs: asked once, and again of no model of the same study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from primum.model.encoders import ImageEncoder, TextEncoder
from primum.model.inference import inference
from primum.model.inputs import Augmentation, Prepared, PreparedFeatures, PreparedImage, PreparedText
from primum.model.lower_maps import PreparedLowerMaps, lower_maps
from primum.model.net import Net
from primum.model.predictor import Predictor

Known = Mapping[str, Prepared]
"""Inputs by name with what frozen layers, or a frozen encoder, make of them."""


def untuned_features_of(
    predictor: Predictor,
    prepared: Mapping[str, Prepared],
    name: str,
    known: Known | None = None,
    *,
    alone: bool = False,
) -> npt.NDArray[np.float64]:
    """Return a backbone's features before tuning: the linear probe's input, and the cache of a frozen backbone.

    Args:
        predictor: the untuned model.
        prepared: inputs of n records.
        name: of the input.
        known: inputs that another model of the study has read; features among them are taken as they are.
        alone: each record is read by itself. In a batch, rounding depends on how long the others are, so that what is
            known of one patient would change, in its last digits, with another's absence.
    Returns:
        Shape (n, width), 0 where a record has no such input.
    """
    ready = (known or {}).get(name)
    if isinstance(ready, PreparedFeatures):
        return ready.features.cpu().numpy().astype(np.float64)
    if alone:
        return _one_by_one(predictor, prepared[name], name)
    reading = Net({name: predictor.net.encoders[name]}, predictor.net.fusion, predictor.net.head)
    reading.fusion = _PassThrough()  # type: ignore[assignment]
    reader = replace(predictor, net=reading, inputs={name: predictor.inputs[name]})
    return reader.features({name: prepared[name]})


def _one_by_one(predictor: Predictor, one: Prepared, name: str) -> npt.NDArray[np.float64]:
    predictor.net.eval()
    encoder = predictor.net.encoders[name]
    device = next(predictor.net.parameters()).device
    rows = []
    for row in range(len(one.lengths)):
        batch = {key: value.to(device) for key, value in one.collate([row]).items()}
        with inference():
            rows.append((encoder(batch) * batch["present"].unsqueeze(-1)).double().cpu().numpy()[0])
    return np.stack(rows)


class _PassThrough(torch.nn.Module):
    def forward(self, features: dict[str, torch.Tensor], present: dict[str, torch.Tensor]) -> torch.Tensor:
        ((name, found),) = features.items()
        return found * present[name].unsqueeze(-1).to(found.dtype)


def cached(prepared: Mapping[str, Prepared], features: Mapping[str, npt.NDArray[np.float64]]) -> Mapping[str, Prepared]:
    """Return the inputs, those named in `features` with these in the place of what they were made of."""
    found = dict(prepared)
    for name, values in features.items():
        one = prepared[name]
        assert isinstance(one, PreparedText | PreparedImage)
        found[name] = PreparedFeatures(torch.from_numpy(values.astype(np.float32)), torch.from_numpy(one.present))
    return found


def known_inputs(
    predictor: Predictor, tokens: Mapping[str, Prepared], known: Known | None = None
) -> Mapping[str, Prepared]:
    """Return the inputs, texts with what frozen layers make of them; `known` where they have been read before."""
    text = tokens.get("text")
    if not isinstance(text, PreparedText):
        return tokens
    ready = (known or {}).get("text")
    if isinstance(ready, PreparedText):
        return {**tokens, "text": ready}
    encoder = predictor.net.encoders["text"]
    assert isinstance(encoder, TextEncoder)
    return {**tokens, "text": encoder.known(text)}


def with_lower_maps(
    predictor: Predictor,
    inputs: Known,
    known: Known | None,
    *,
    rows: npt.NDArray[np.int64],
    how: Augmentation | None,
) -> Known:
    """Return the inputs, pictures with what frozen lower blocks make of them, where that can be kept.

    Args:
        predictor: the untuned model.
        inputs: of n records.
        known: inputs that another model of the study has read; maps among them are taken as they are.
        rows: the records to train on, of which changed copies are read too.
        how: they are changed.
    """
    image, encoder = inputs.get("image"), predictor.net.encoders["image"] if "image" in inputs else None
    if not isinstance(image, PreparedImage) or not isinstance(encoder, ImageEncoder):
        return inputs
    ready = (known or {}).get("image")
    found = ready if isinstance(ready, PreparedLowerMaps) else lower_maps(encoder, image, rows, how)
    return inputs if found is None else {**inputs, "image": found}


def augmented(prepared: Mapping[str, Prepared], how: Augmentation | None) -> Mapping[str, Prepared]:
    """Return the inputs as training sees them: pictures that are read anew each time, or their maps, come changed."""
    image = prepared.get("image")
    if isinstance(image, PreparedLowerMaps):
        return {**prepared, "image": image.drawn()}
    if how is None or not isinstance(image, PreparedImage):
        return prepared
    return {**prepared, "image": image.augmented(how)}
