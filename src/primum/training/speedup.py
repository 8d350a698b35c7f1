"""Deciding how the tuned model answers: in 8-bit integers where it answers the same, in float32 otherwise.

The decision is taken before the Predictions are made, on records that are neither trained on nor tested on, so that
every Finding is about the answers that will be given in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Cohort
from primum.model.encoders import TextEncoder
from primum.model.engine import agreement, build_engine, integers_are_fast
from primum.model.inputs import Prepared, PreparedSelection, PreparedText
from primum.training.fit import Fitted

_COMPARED = ("validation", "calibration")
_MOST_COMPARED = 512


def with_engine(fitted: Fitted, cohort: Cohort, split: npt.NDArray[np.object_]) -> Fitted:
    """Return `fitted` with the fast engine, saved beside the model, or as it was; its history says which and why."""
    text = fitted.tokens.get("text")
    if not isinstance(text, PreparedText):
        return fitted
    if not integers_are_fast():
        return _noted(fitted, used="torch", because="this processor has no fast 8-bit integer products")
    encoder = fitted.predictor.net.encoders["text"]
    assert isinstance(encoder, TextEncoder)
    # Private training: the scales would tell of the patients trained on, without noise.
    scaled_on = "train" if "privacy" not in fitted.history else "validation"
    engine = build_engine(encoder, text, np.flatnonzero(split == scaled_on).astype(np.int64))
    if engine is None:
        return _noted(fitted, used="torch", because="this backbone cannot be exported")
    compared = np.flatnonzero(np.isin(split, _COMPARED))[:_MOST_COMPARED]
    read = {**fitted.prepared, "text": text}  # other inputs as they are known, the text as the engine reads it
    some: dict[str, Prepared] = {n: PreparedSelection(prepared, compared) for n, prepared in read.items()}
    some["text"] = text.chosen(compared)
    fast = replace(fitted.predictor, engine=engine)
    exact = fitted.predictor.predict_prepared(some)
    found = agreement(exact, fast.predict_prepared(some), scale=_scale(cohort))
    if not found.close:
        return _noted(fitted, used="torch", because="8-bit integers answer differently", agreement=found.to_json())
    fast.save(fitted.model_folder)
    faster = replace(fitted, predictor=fast, prepared=read)
    return _noted(faster, used="int8", because="8-bit integers answer the same", agreement=found.to_json())


def _scale(cohort: Cohort) -> float:
    return float(np.std(cohort.target.values)) or 1.0 if cohort.target.kind == "number" else 1.0


def _noted(fitted: Fitted, **said: Any) -> Fitted:
    history: Mapping[str, Any] = fitted.history
    return replace(fitted, history={**history, "engine": said})
