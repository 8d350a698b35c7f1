"""Fairness in sentences: who is shown to be served worse, where nothing is shown, and who is too few to tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.gather import (
    TWO_SIDED,
    Fairness,
    at_least,
    depth,
    few,
    one_per,
    shown,
    worst_key,
)

MOST_LISTED = 3
"""Groups named for one attribute; the others are counted."""
MOST_STATEMENTS = 6
"""Attributes told at once; the others are folded away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One plain sentence, with its figures beneath."""

    outcome: str
    """worse, same, better (shown to lie within the tolerance) or unknown."""
    text: str
    figures: Sequence[str] = ()
    weight: float = 0.0
    """How large the gap is at least, to put the worst first where there are many sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the policy's fairness rules say together."""

    outcome: str
    word: str
    meaning: str
    counts: str
    sentences: Sequence[tuple[str, str]]
    """Outcome and sentence of every rule that is not met."""


def statements(fair: Fairness) -> tuple[list[Statement], list[Statement]]:
    """Return sentences for attributes, hospitals last, for intersections and the search; and those to be folded away.

    Of very many attributes those with somebody served worst come first, and the rest is folded away.
    """
    told = [one for name in fair.attributes if (one := _attribute(name, fair)) is not None]
    if len(told) > MOST_STATEMENTS:
        told.sort(key=lambda one: (("worse", "unknown", "same", "better").index(one.outcome), -one.weight))
    across = [one for one in (_intersections(fair), _discovered(fair)) if one is not None]
    return [*told[:MOST_STATEMENTS], *across], told[MOST_STATEMENTS:]


def ruling(fair: Fairness) -> Ruling:
    """Return the worst outcome of the fairness rules, or what the findings themselves say where there is no rule."""
    words = fair.context.words
    rules = [r for r in fair.context.run.verdict.get("rules") or () if _is_fairness(r)]
    outcomes = [str(rule.get("outcome")) for rule in rules]
    tally = [(name, outcomes.count(name)) for name in ("block", "review", "note", "pass")]
    worst = next((name for name, n in tally if n), "note")
    counts = [words(f"verdict.count.{name}", n=n) for name, n in tally if n]
    return Ruling(
        outcome=worst,
        word=_word(fair),
        meaning=words(f"fair.rules.{worst}") if rules else words("fair.rules.none"),
        counts=" · ".join(counts),
        sentences=[(o, _said(r, fair)) for r, o in zip(rules, outcomes, strict=True) if o in ("block", "review")],
    )


def _is_fairness(rule: object) -> bool:
    return isinstance(rule, Mapping) and str(rule.get("rule", "")).startswith("fairness.")


def _said(rule: Mapping[str, object], fair: Fairness) -> str:
    sentences = rule.get("sentences")
    if isinstance(sentences, Mapping) and sentences.get(fair.context.words.lang):
        return str(sentences[fair.context.words.lang])
    return str(rule.get("because") or "")


def _word(fair: Fairness) -> str:
    """Return the headline: somebody served worse, nobody shown, or too few to tell."""
    words = fair.context.words
    harmed = one_per(filter(fair.harmed, fair.gaps), _who)
    untold = one_per((f for f in fair.gaps if few(f) and depth(f) == 1 and f.metric in fair.leads), _who)
    judged = one_per((f for f in fair.gaps if not few(f)), _who)
    if harmed:
        return words("fair.word.worse" if len(harmed) > 1 else "fair.word.worse_one", n=f"{len(harmed):,}")
    if not fair.gaps:
        return words("fair.word.nothing")
    if not judged:
        return words("fair.word.few_all")
    return words("fair.word.few", n=len(untold)) if untold else words("fair.word.same")


def _who(finding: Finding) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(finding.slice.items()))


def _attribute(name: str, fair: Fairness) -> Statement | None:
    """Return what is said about one attribute, over the measures that are told first and then all others."""
    led = [f for metric in fair.leads for f in fair.told(metric) if name in f.slice]
    others = [f for f in fair.gaps if depth(f) == 1 and name in f.slice and f.metric not in fair.leads]
    harmed = sorted(filter(fair.harmed, led), key=worst_key) or sorted(filter(fair.harmed, others), key=worst_key)
    if harmed:
        return _harmed(harmed, led, fair)
    judged = sorted((f for f in led if not few(f)), key=worst_key)
    if judged:
        return _not_shown(name, judged, led, fair)
    return _untold(name, led, fair) if led else None


def _harmed(harmed: Sequence[Finding], led: Sequence[Finding], fair: Fairness) -> Statement:
    context = fair.context
    first, *others = one_per(harmed, lambda f: (_who(f), f.metric, f.split))
    lines: list[str] = [telling.served_worse(other, fair) for other in others[: MOST_LISTED - 1]]
    if len(others) >= MOST_LISTED:
        lines.append(context.words("fair.more_shown", n=len(others) - MOST_LISTED + 1))
    return Statement(
        outcome="worse",
        text=telling.served_worse(first, fair),
        figures=[*lines, *_few_line(led, fair)],
        weight=at_least(first),
    )


def _not_shown(name: str, judged: Sequence[Finding], led: Sequence[Finding], fair: Fairness) -> Statement:
    context = fair.context
    largest = judged[0] if shown(judged[0]) else max(judged, key=lambda f: f.value or 0.0)
    lines = [
        context.words(
            "fair.largest",
            slice=context.group(largest.slice),
            metric=context.title(largest.metric),
            value=telling.figure(largest.metric, largest.value, signed=True),
            figures=telling.figures(largest, context),
        )
    ]
    inside = _within(judged, fair)
    key = "fair.within" if inside and len(judged) == len(led) else "fair.not_shown"
    key = "fair.small" if shown(largest) and key != "fair.within" else key
    text = context.words(key, attribute=_attribute_name(name, fair))
    lines += [*_few_line(led, fair), *_permutation(name, fair)]
    return Statement(outcome="better" if key == "fair.within" else "same", text=text, figures=lines)


def _within(judged: Iterable[Finding], fair: Fairness) -> bool:
    """Return whether every gap lies wholly within a tolerance that the policy states."""
    bounds = [(f, fair.tolerances.get(f.metric)) for f in judged]
    return all(bound is not None and f.high is not None and f.high <= bound for f, bound in bounds) and all(
        f.low is not None and f.low >= -bound for f, bound in bounds if bound is not None and f.metric in TWO_SIDED
    )


def _untold(name: str, led: Sequence[Finding], fair: Fairness) -> Statement:
    text = fair.context.words("fair.cannot_tell", attribute=_attribute_name(name, fair))
    return Statement(outcome="unknown", text=text, figures=_few_line(led, fair))


def _few_line(led: Sequence[Finding], fair: Fairness) -> list[str]:
    """Return one line about the groups with too few patients, the smallest first."""
    context = fair.context
    small = one_per(filter(few, led), lambda f: (_who(f), f.split), telling.least_seen)
    untold = sorted(small, key=lambda f: f.n)
    if not untold:
        return []
    named = [
        context.words("fair.bracketed", name=_where(f, fair), what=_what_it_takes(f, fair))
        for f in untold[:MOST_LISTED]
    ]
    if len(untold) > MOST_LISTED:
        named.append(context.words("fair.others", n=len(untold) - MOST_LISTED))
    return [context.words("fair.too_few", groups=context.words.listing(named))]


def _where(finding: Finding, fair: Fairness) -> str:
    """Return the level of a slice of one attribute, with its split unless that is test."""
    context = fair.context
    name = context.level(next(iter(finding.slice.values())))
    return name if finding.split == "test" else f"{name} · {context.split(finding.split)}"


def _what_it_takes(finding: Finding, fair: Fairness) -> str:
    """Return n, the gap that could have been seen and the patients needed, as far as they are known."""
    context = fair.context
    parts = [telling.n_is(finding.n)]
    smallest, wanted = telling.detectable(finding), telling.needed(finding)
    if smallest is not None and smallest < 1:
        parts.append(context.words("fair.only_seen", x=telling.amount(finding.metric, smallest, context)))
    if wanted is not None:
        parts.append(
            context.words(
                "fair.would_need", n=f"{wanted:,}", gap=telling.amount(finding.metric, telling.USUAL_GAP, context)
            )
        )
    return context.words("fair.comma").join(parts)


def _permutation(name: str, fair: Fairness) -> Iterator[str]:
    for finding in fair.by_metric.get("slice_differs_p", ()):
        if finding.detail.get("attribute") == name and finding.value is not None and finding.split == "test":
            yield fair.context.words("fair.permutation", p=f"{finding.value:.3f}")
            return


def _attribute_name(name: str, fair: Fairness) -> str:
    return fair.context.words.known(f"attribute.{name}", otherwise=name)


def _intersections(fair: Fairness) -> Statement | None:
    deep = [f for metric in fair.leads for f in fair.told(metric, depth_=None) if depth(f) > 1]
    every = [f for f in fair.gaps if depth(f) > 1 and fair.judged(f)]
    if not every:
        return None
    words = fair.context.words
    harmed = sorted(filter(fair.harmed, deep), key=worst_key) or sorted(filter(fair.harmed, every), key=worst_key)
    groups = one_per(every, lambda f: (_who(f), f.split))
    judged = len(one_per((f for f in every if not few(f)), lambda f: (_who(f), f.split)))
    counts = {"n": len(groups), "judged": judged, "few": len(groups) - judged}
    tally = words("fair.intersections.tally", **{name: f"{n:,}" for name, n in counts.items()})
    if harmed:
        worse = len(one_per(harmed, lambda f: (_who(f), f.split)))
        more = [words("fair.intersections.more", n=f"{worse - 1:,}")] if worse > 1 else []
        return Statement(outcome="worse", text=telling.served_worse(harmed[0], fair), figures=[*more, tally])
    if not judged:
        return Statement(outcome="unknown", text=words("fair.intersections.unknown"), figures=[tally])
    return Statement(outcome="same", text=words("fair.intersections.same"), figures=[tally])


def _discovered(fair: Fairness) -> Statement | None:
    """Return what the search for the worst-served slice found, if it was made."""
    found = sorted(fair.by_metric.get("discovered_slice_gap", ()), key=worst_key)
    if not found:
        return None
    worst, context = found[0], fair.context
    where = context.words.listing([f"{key} {value}" for key, value in worst.slice.items()])
    outcome = "worse" if shown(worst) else "unknown" if few(worst) else "same"
    return Statement(
        outcome=outcome,
        text=context.words(
            f"fair.discovered.{outcome}", where=where, value=telling.amount(worst.metric, worst.value, context)
        ),
        figures=[telling.figures(worst, context)],
    )
