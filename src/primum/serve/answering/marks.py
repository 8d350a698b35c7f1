"""What a model that marks places says of an image: its marks, and in words whether there are any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from primum.evidence.marks import Mark
from primum.i18n import translate
from primum.serve.answering.answer import MarkAnswer, MarksAnswer
from primum.serve.engine import OpenedRelease, Row

if TYPE_CHECKING:
    from primum.model.regions import ServedRegions


def marks_answer(release: OpenedRelease, row: Row, marks: Sequence[Mark], lang: str) -> MarksAnswer:
    """Return the marks of one image, the surest first.

    Args:
        release: that was asked; it marks places.
        row: the record.
        marks: that it shows.
        lang: of the sentence, en or zh.
    """
    spec = cast("ServedRegions", release.run.model).spec
    assert row.shape is not None
    height, width = row.shape
    found = sorted(marks, key=lambda one: -(one.score or 0.0))
    return MarksAnswer(
        kind=spec.kind,
        labels=spec.labels,
        threshold=spec.threshold,
        height=height,
        width=width,
        places=tuple(
            MarkAnswer(
                label=one.label,
                score=float(one.score or 0.0),
                box=one.box,
                mask=None if one.runs is None else tuple(one.runs.tolist()),
            )
            for one in found
        ),
        said=_said(spec.labels, found, lang),
    )


def _said(labels: Sequence[str], marks: Sequence[Mark], lang: str) -> str:
    comma = translate("told.comma", lang)
    if not marks:
        return translate("answer.marks.none", lang, labels=comma.join(labels))
    counts = Counter(one.label for one in marks)
    each = comma.join(f"{label} {counts[label]}" for label in labels if counts[label])
    return translate("answer.marks.one" if len(marks) == 1 else "answer.marks.found", lang, n=len(marks), each=each)
