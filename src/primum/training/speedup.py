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
from primum.model.engine import agreement, exported_encoder, integers_are_fast, quantised_engine
from primum.model.inputs import Prepared, PreparedSelection, PreparedText
from primum.model.served.writing import ServedForm, write_served
from primum.training.fit import Fitted

_COMPARED = ("validation", "calibration")
_MOST_COMPARED = 512


def with_engine(fitted: Fitted, cohort: Cohort, split: npt.NDArray[np.object_]) -> Fitted:
    """Return `fitted` with its fast forms, or as it was; its history says which and why.

    The text encoder in 8-bit integers is saved beside the model and answers from now on where it answers the same;
    the served model, which answers without torch as this one does, is written beside it.
    """
    text = fitted.tokens.get("text")
    exported = None
    if isinstance(text, PreparedText):
        encoder = fitted.predictor.net.encoders["text"]
        assert isinstance(encoder, TextEncoder)
        exported = exported_encoder(encoder)
        fitted = _with_integers(fitted, exported, cohort, split)
    rows = _compared_rows(split)
    some = {name: one.chosen(rows) for name, one in fitted.tokens.items() if isinstance(one, ServedForm)}
    if not len(rows) or len(some) < len(fitted.tokens):  # nothing to prove it on, or an input without a served form
        return fitted
    found = write_served(fitted.predictor, exported, fitted.model_folder, some, scale=_scale(cohort))
    said = {"written": found is not None, "agreement": None if found is None else found.to_json()}
    return replace(fitted, history={**fitted.history, "served": said})


def _with_integers(fitted: Fitted, exported: Any | None, cohort: Cohort, split: npt.NDArray[np.object_]) -> Fitted:
    text = fitted.tokens["text"]
    assert isinstance(text, PreparedText)
    if not integers_are_fast():
        return _noted(fitted, used="torch", because="this processor has no fast 8-bit integer products")
    if exported is None:
        return _noted(fitted, used="torch", because="this backbone cannot be exported")
    # Private training: the scales would tell of the patients trained on, without noise. By shards: of every shard's.
    scaled_on = "train" if not {"privacy", "shards"} & set(fitted.history) else "validation"
    engine = quantised_engine(exported, text, np.flatnonzero(split == scaled_on).astype(np.int64))
    compared = _compared_rows(split)
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


def _compared_rows(split: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.isin(split, _COMPARED))[:_MOST_COMPARED].astype(np.int64)


def _scale(cohort: Cohort) -> float:
    return float(np.std(cohort.target.values)) or 1.0 if cohort.target.kind == "number" else 1.0


def _noted(fitted: Fitted, **said: Any) -> Fitted:
    history: Mapping[str, Any] = fitted.history
    return replace(fitted, history={**history, "engine": said})
