"""What frozen layers make of texts, computed once for a whole training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from primum.model.encoders import TextEncoder
from primum.model.inference import inference
from primum.model.inputs import Prepared, PreparedFeatures, PreparedText
from primum.model.net import Net
from primum.model.predictor import Predictor


def untuned_features(
    predictor: Predictor, tokens: Mapping[str, Prepared], *, alone: bool = False
) -> npt.NDArray[np.float64]:
    """Return the backbone's features before tuning, shape (n, width): the linear probe's input, a frozen one's cache.

    Args:
        predictor: not tuned yet.
        tokens: what it reads.
        alone: each text is read by itself. In a batch, rounding depends on how long the others are, so that what is
            known of one patient would change, in its last digits, with another's absence.
    """
    encoder, text = predictor.net.encoders["text"], tokens["text"]
    if not alone:
        text_only = Net({"text": encoder}, predictor.net.fusion, predictor.net.head)
        text_only.fusion = _PassThrough()  # type: ignore[assignment]
        reader = replace(predictor, net=text_only, inputs={"text": predictor.inputs["text"]})
        return reader.features({"text": text})
    predictor.net.eval()
    rows = []
    for row in range(len(text.lengths)):
        batch = text.collate([row])
        with inference():
            rows.append((encoder(batch) * batch["present"].unsqueeze(-1)).double().numpy()[0])
    return np.stack(rows)


class _PassThrough(torch.nn.Module):
    def forward(self, features: dict[str, torch.Tensor], present: dict[str, torch.Tensor]) -> torch.Tensor:
        return features["text"] * present["text"].unsqueeze(-1).to(features["text"].dtype)


def cached(
    predictor: Predictor,
    tokens: Mapping[str, Prepared],
    features: npt.NDArray[np.float64] | None,
    *,
    alone: bool = False,
) -> dict[str, Prepared]:
    """Return the inputs with the frozen backbone's features in the text's place; they are computed where not given."""
    if features is None:
        features = untuned_features(predictor, tokens, alone=alone)
    text = tokens["text"]
    assert isinstance(text, PreparedText)
    known = PreparedFeatures(torch.from_numpy(features.astype(np.float32)), torch.from_numpy(text.present))
    return {**tokens, "text": known}


def known_states(
    predictor: Predictor, tokens: Mapping[str, Prepared], known: PreparedText | None = None
) -> Mapping[str, Prepared]:
    """Return the inputs, texts with what frozen layers make of them; `known` where that has been read before."""
    text = tokens.get("text")
    if not isinstance(text, PreparedText):
        return tokens
    if known is not None:
        return {**tokens, "text": known}
    encoder = predictor.net.encoders["text"]
    assert isinstance(encoder, TextEncoder)
    return {**tokens, "text": encoder.known(text)}
