"""Deciding on a Case: what a decision must hold, whoever gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from primum.serve.cases import Case, CaseHead, Verb
from primum.serve.desk import Desk
from primum.serve.engine.pictures import IMAGE, size_of
from primum.serve.people.principal import Principal
from primum.serve.placing import Placed, counted, kept_places, placing_faults
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
    regions: Sequence[Placed] = (),
) -> CaseHead:
    """Write down what a person decides on a Case, and return how it stands.

    Args:
        desk: of the service.
        case: its id.
        who: the person.
        decision: accept, correct or refuse.
        answer: what is right instead: a class of the model, labels joined by semicolons, or a number. Of a model that
            marks places the places say it, and this is left out.
        reason: why; needed to correct or refuse.
        review: whether it is given as a review.
        regions: places in the Case's image, in its pixels; only with `correct`.
    Raises:
        Refused: something of it is missing or too much, or this person may not decide on this Case (again).
    """
    answer = answer.strip() if answer is not None else None
    faults = []
    found = found_in(desk.cases.get(case))
    if found is not None and answer:
        faults.append(FieldFault(field="answer", message="is said by the places; leave it out."))
    elif found is None and decision == "correct" and not answer:
        faults.append(FieldFault(field="answer", message="what is right instead must be given."))
    if found is None and decision != "correct" and answer:
        faults.append(FieldFault(field="answer", message="belongs only to `correct`."))
    if decision != "accept" and not reason.strip():
        faults.append(FieldFault(field="reason", message="must be given to correct or refuse."))
    if found is None and decision == "correct" and answer:
        faults += _wrong_answer(desk, case, answer)
    if decision != "correct" and regions:
        faults.append(FieldFault(field="regions", message="belong only to `correct`."))
    elif decision == "correct" and (regions or found is not None):
        faults += placing_faults(regions, found, size_of(desk.cases.picture(case, IMAGE)))
    if faults:
        named = ", ".join(one.field for one in faults)
        raise Refused("invalid", f"The decision is not whole: {named}.", errors=faults, key="decision")
    given = answer if decision == "correct" else None
    marked = kept_places(regions, found) if decision == "correct" else []
    if decision == "correct" and found is not None:
        given = counted(marked)
    return desk.cases.decide(case, who, decision, answer=given, reason=reason.strip(), review=review, regions=marked)


def found_in(case: Case) -> list[dict[str, Any]] | None:
    """Return the places that the model marked in a Case's image; None of a model that marks none."""
    marks = (case.answer or {}).get("marks")
    return None if marks is None else list(marks["places"])


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
