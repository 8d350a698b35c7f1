"""Deciding on a Case: what a decision must hold, whoever gives it."""

from __future__ import annotations

from collections.abc import Sequence

from primum.evidence.regions import Region
from primum.serve.cases import CaseHead, Verb
from primum.serve.desk import Desk
from primum.serve.engine.pictures import IMAGE, size_of
from primum.serve.people.principal import Principal
from primum.serve.security.faults import FieldFault, Refused


def decide(
    desk: Desk,
    case: str,
    who: Principal,
    decision: Verb,
    *,
    answer: str | None,
    reason: str,
    review: bool,
    regions: Sequence[Region] = (),
) -> CaseHead:
    """Write down what a person decides on a Case, and return how it stands.

    Args:
        desk: of the service.
        case: its id.
        who: the person.
        decision: accept, correct or refuse.
        answer: what is right instead: a class of the model, labels joined by semicolons, or a number.
        reason: why; needed to correct or refuse.
        review: whether it is given as a review.
        regions: places marked in the Case's image, in its pixels; only with `correct`.
    Raises:
        Refused: something of it is missing or too much, or this person may not decide on this Case (again).
    """
    answer = answer.strip() if answer is not None else None
    faults = []
    if decision == "correct" and not answer:
        faults.append(FieldFault(field="answer", message="what is right instead must be given."))
    if decision != "correct" and answer:
        faults.append(FieldFault(field="answer", message="belongs only to `correct`."))
    if decision != "accept" and not reason.strip():
        faults.append(FieldFault(field="reason", message="must be given to correct or refuse."))
    if decision == "correct" and answer:
        faults += _wrong_answer(desk, case, answer)
    if regions:
        faults += _wrong_regions(desk, case, decision, regions)
    if faults:
        named = ", ".join(one.field for one in faults)
        raise Refused("invalid", f"The decision is not whole: {named}.", errors=faults, key="decision")
    given = answer if decision == "correct" else None
    marked = [{"label": one.label.strip(), "box": list(one.box)} for one in regions]
    return desk.cases.decide(case, who, decision, answer=given, reason=reason.strip(), review=review, regions=marked)


def _wrong_regions(desk: Desk, case: str, decision: Verb, regions: Sequence[Region]) -> list[FieldFault]:
    if decision != "correct":
        return [FieldFault(field="regions", message="belong only to `correct`.")]
    height, width = size_of(desk.cases.picture(case, IMAGE))
    faults = []
    for place, one in enumerate(regions):
        left, top, right, bottom = one.box
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            faults.append(
                FieldFault(field=f"regions.{place}.box", message=f"must lie within {width} x {height} pixels.")
            )
        if not one.label.strip():
            faults.append(FieldFault(field=f"regions.{place}.label", message="says what is there."))
    return faults


def _wrong_answer(desk: Desk, case: str, answer: str) -> list[FieldFault]:
    """Return what is wrong with a corrected answer, where the Release is still served here."""
    release = desk.engine.releases.get(desk.cases.get(case).head.release)
    if release is None:
        return []
    classes = release.run.model.classes
    if not classes:
        try:
            float(answer)
        except ValueError:
            return [FieldFault(field="answer", message="must be a number.")]
        return []
    chosen = [one.strip() for one in answer.split(";")] if release.run.kind == "labels" else [answer]
    if set(chosen) <= set(classes):
        return []
    return [FieldFault(field="answer", message=f"must be of {', '.join(classes[:50])}.")]
