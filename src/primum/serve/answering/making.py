"""From what a Release says of a record to the Answer: the one function that decides what is shown and what is held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from primum.i18n import translate
from primum.safety import FEWEST_TO_TELL
from primum.serve.answering.answer import (
    Answer,
    Became,
    ClassAnswer,
    Group,
    HeldBecause,
    IntervalsSaid,
    RuleSaid,
    SetAnswer,
    Similar,
    Unknown,
)
from primum.serve.answering.marks import marks_answer
from primum.serve.engine import Judged, OpenedRelease, Row


def answer_of(
    release: OpenedRelease, row: Row, judged: Judged, *, case: str, lang: str, hold_disagreement: float
) -> Answer:
    """Return the guarded answer on a record, before it is traced.

    Args:
        release: that was asked.
        row: the record.
        judged: what the Release says of it.
        case: id of the new Case.
        lang: of its sentences, en or zh.
        hold_disagreement: share of an ensemble's members that decide otherwise from which the Case is held.
    """
    names, manifest, use = release.run.model.classes, release.manifest, release.card.get("intended_use") or {}
    because = _held_because(release, judged, hold_disagreement)
    return Answer(
        case=case,
        at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        release=release.id,
        study=release.study,
        question=str(release.card.get("question") or ""),
        policy=str(release.card["verdict"]["policy"]),
        policy_sha256=manifest.policy_sha256,
        verdict=manifest.verdict,
        model=manifest.run,
        expires="" if release.expires is None else release.expires.isoformat(),
        lang=lang,
        kind="regions" if release.run.marks else release.run.spec.cohort.target.coded,
        classes=_classes(names, judged),
        intervals=_intervals(release, lang),
        predicted=tuple(names[place] for place in judged.decided),
        number=judged.number,
        set=_set_of(release, judged, lang),
        abstained=judged.abstained,
        abstained_because=_abstained_because(release, lang) if judged.abstained else "",
        novel=bool(judged.novel),
        novel_because=_novel_because(judged, lang),
        disagreement=judged.disagreement,
        rules=tuple(
            RuleSaid(id=one.id, says=one.said(lang), then=one.then, severity=one.severity, source=one.source)
            for one in judged.rules
        ),
        escalate="escalate" in because,
        unknown=Unknown(
            missing=row.missing,
            outside=judged.outside,
            not_for=str(use.get("not_for") or ""),
            population=str(use.get("population") or ""),
        ),
        alike=_groups(release, row),
        similar=_similar(judged),
        held=bool(because),
        held_because=because,
        urgency=_urgency(judged, because),
        marks=None if judged.marks is None else marks_answer(release, row, judged.marks, lang),
    )


def _classes(names: Sequence[str], judged: Judged) -> tuple[ClassAnswer, ...]:
    ends = judged.intervals or ((None, None),) * len(judged.probabilities)
    return tuple(
        ClassAnswer(
            name=name,
            probability=probability,
            low=low,
            high=high,
            decided=place in judged.decided,
            in_set=None if judged.in_set is None else place in judged.in_set,
        )
        for place, (name, probability, (low, high)) in enumerate(zip(names, judged.probabilities, ends, strict=False))
    )


def _intervals(release: OpenedRelease, lang: str) -> IntervalsSaid | None:
    found = release.run.reliability
    if found is None:
        return None
    values = {"percent": f"{100 * found.level:g}", "patients": found.patients, "fewest": FEWEST_TO_TELL}
    promise = translate(f"answer.intervals.{'held' if found.enough else 'few'}", lang, **values)
    return IntervalsSaid(level=found.level, patients=found.patients, enough=found.enough, promise=promise)


def _similar(judged: Judged) -> Similar | None:
    like = judged.similar
    if like is None:
        return None
    became = (Became(name=one.name, value=one.value, low=one.low, high=one.high) for one in like.outcomes)
    return Similar(patients=like.patients, outcomes=tuple(became), far=like.far, nearer=like.nearer)


def _held_because(release: OpenedRelease, judged: Judged, hold_disagreement: float) -> tuple[HeldBecause, ...]:
    thens = {one.then for one in judged.rules}
    apart = release.run.kind != "number" and (judged.disagreement or 0.0) >= hold_disagreement
    reasons: Sequence[tuple[HeldBecause, bool]] = (
        ("escalate", "escalate" in thens),
        ("contradiction", bool(thens & {"contradiction", "impossible"})),
        ("abstained", judged.abstained),
        ("novel", bool(judged.novel)),
        ("disagreement", apart),
    )
    return tuple(name for name, holds in reasons if holds)


def _urgency(judged: Judged, because: Sequence[HeldBecause]) -> int:
    if any(one.then == "escalate" and one.severity == "high" for one in judged.rules):
        return 3
    if "escalate" in because or "contradiction" in because:
        return 2
    return 1 if because else 0


def _set_of(release: OpenedRelease, judged: Judged, lang: str) -> SetAnswer | None:
    conformal = release.run.conformal
    if conformal is None:
        return None
    low, high = judged.ends or (None, None)
    what = "interval" if judged.in_set is None else "set"
    return SetAnswer(
        members=tuple(conformal.classes[place] for place in judged.in_set or ()),
        low=low,
        high=high,
        coverage=conformal.coverage,
        promise=translate(f"answer.promise.{what}", lang, percent=f"{100 * conformal.coverage:g}"),
    )


def _abstained_because(release: OpenedRelease, lang: str) -> str:
    abstention = release.run.abstention
    assert abstention is not None
    values = {"risk": f"{100 * abstention.risk:g}", "confidence": f"{100 * abstention.confidence:g}"}
    return translate(f"answer.abstained.{'unsure' if abstention.attainable else 'no_promise'}", lang, **values)


def _novel_because(judged: Judged, lang: str) -> str:
    return "; ".join(translate(f"novel.{name}", lang, names=", ".join(judged.outside)) for name in judged.novel)


def _groups(release: OpenedRelease, row: Row) -> tuple[Group, ...]:
    mine = [one for one in release.alike if all(row.levels.get(name) == level for name, level in one.slice.items())]
    return tuple(
        Group(group=dict(one.slice), metric=one.metric, value=float(one.value), low=one.low, high=one.high, n=one.n)
        for one in mine
        if one.value is not None
    )
