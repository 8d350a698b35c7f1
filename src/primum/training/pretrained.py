"""What a study's training begins with: pretraining on pictures of the training split, and on those without labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from primum.evidence.finding import Finding
from primum.model.encoders import ImageEncoder
from primum.model.inputs import Prepared, PreparedImage
from primum.model.predictor import Predictor
from primum.progress import Progress
from primum.training.known import untuned_features_of
from primum.training.pretraining import pretrain

if TYPE_CHECKING:
    from primum.training.fit import FitRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What came before training."""

    before: npt.NDArray[np.float64] | None = None
    """The image network's features until then, shape (n, width); None without pretraining or when not asked for."""
    findings: tuple[Finding, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)
    """What the history says of it."""


def pretrained(
    request: FitRequest,
    predictor: Predictor,
    tokens: Mapping[str, Prepared],
    *,
    train_rows: npt.NDArray[np.int64],
    progress: Progress,
) -> Before:
    """Pretrain the image network on pictures of the training split and on those without labels, where asked for.

    Args:
        request: of the study.
        predictor: the untrained model, whose image network is tuned in place.
        tokens: the cohort's inputs.
        train_rows: of the records to train on.
        progress: is told of epochs.
    """
    plan, image = request.plan.pretrain, tokens.get("image")
    if plan is None or not isinstance(image, PreparedImage):
        return Before()
    encoder, more = predictor.net.encoders["image"], request.unlabelled
    assert isinstance(encoder, ImageEncoder)
    before = untuned_features_of(predictor, tokens, "image") if request.probe else None
    seen, patients = image.chosen(train_rows), request.cohort.patients[train_rows]
    if more is not None and len(more.images):
        seen = seen.joined(PreparedImage(more.images, image.form, len(more.images)))
        # Whoever they are, they are nobody who is tested on; each counts as a patient in the interval.
        patients = np.concatenate([patients, [f"unlabelled {i}" for i in range(len(more.images))]])
    done = pretrain(encoder, seen, patients, plan, seed=request.plan.seed, progress=progress)
    left_out = {} if more is None else {"of_patients": more.of_patients, "equal": more.equal}
    said = {"pictures": len(seen.present), "losses": list(done.losses), "left_out": left_out}
    return Before(before=before, findings=done.findings, said={"pretraining": said})
