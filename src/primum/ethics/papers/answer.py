"""The page for the patient about one answer: chances in words and of 100 people, the set, abstention, the unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from primum.ethics.papers.facts import Facts
from primum.ethics.papers.pages import page
from primum.ethics.papers.patient import may_block, standing_blocks
from primum.ethics.papers.plainly import Block, Line, chance, of_100, say
from primum.ethics.papers.wording import listing
from primum.ethics.sentences import number

_MOST_CHANCES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientAnswer:
    """What a model said about one person. Nothing of the person's record is in it."""

    chances: Mapping[str, float] = field(default_factory=dict)
    """Calibrated probability of each class or label; empty for a number."""
    value: float | None = None
    """The number that was predicted; None for classes."""
    low: float | None = None
    """Lower end of the interval of `value`."""
    high: float | None = None
    """Upper end."""
    answer_set: Sequence[str] | None = None
    """The classes that cannot be ruled out; None where the model has no sets."""
    several: bool = False
    """Whether several of them can be right at once (labels)."""
    abstained: bool = False
    """Whether the model gives no answer; then no chance is shown."""
    novel: bool = False
    """Whether the record is unlike everything the model was trained on."""
    escalated: bool = False
    """Whether a clinical rule says that a person must look."""


def answer_page(facts: Facts, answer: PatientAnswer, *, lang: str = "en") -> str:
    """Return the page about one answer as HTML.

    Args:
        facts: of the run (`read_facts`).
        answer: what the model said.
        lang: en or zh.
    Raises:
        InputError: `lang` is not known.
    """
    warned = [key for key, there in (("escalate", answer.escalated), ("novel", answer.novel)) if there]
    blocks = [Block(title="", lines=[Line(text=say(f"answer.{key}", lang))], tone="wait") for key in warned]
    blocks += [_answered(facts, answer, lang)]
    blocks += [may_block(facts, lang)] if facts.value("verdict.json:verdict") != "pass" else []
    blocks += standing_blocks(facts, lang)
    name = str(facts.value("study.yaml:study") or "")
    title = say("answer.title", lang)
    return page("patients.html", lang, title=title, kicker=say("kicker", lang), name=name, blocks=blocks)


def _answered(facts: Facts, answer: PatientAnswer, lang: str) -> Block:
    title = say("answer", lang)
    if answer.abstained:
        return Block(title=title, lines=[Line(text=say("answer.none", lang))], tone="wait")
    question = facts.value("study.yaml:question")
    lines = [Line(text=str(question), keys=("study.yaml:question",), quoted=True)] if question else []
    lines += [*_chances(answer, lang), *_number(answer, lang), *_set(facts, answer, lang)]
    return Block(title=title, lines=lines)


def _chances(answer: PatientAnswer, lang: str) -> list[Line]:
    ranked = sorted(answer.chances.items(), key=lambda one: -one[1])
    shown = ranked[:1] if len(ranked) == 2 and not answer.several else ranked[:_MOST_CHANCES]
    lines = [_chance(name, share, lang) for name, share in shown]
    return [*lines, Line(text=say("answer.more", lang))] if len(ranked) > max(len(shown), 2) else lines


def _chance(name: str, share: float, lang: str) -> Line:
    said = {"k": of_100(share, lang), "rest": of_100(1 - share, lang), "words": chance(share, lang)}
    return Line(text=say("answer.chance", lang, class_=name.replace("_", " "), **said), share=share)


def _number(answer: PatientAnswer, lang: str) -> list[Line]:
    if answer.value is None:
        return []
    lines = [Line(text=say("answer.number", lang, value=number(answer.value)))]
    if answer.low is not None and answer.high is not None:
        lines.append(Line(text=say("answer.range", lang, low=number(answer.low), high=number(answer.high)), soft=True))
    return lines


def _set(facts: Facts, answer: PatientAnswer, lang: str) -> list[Line]:
    if answer.answer_set is None:
        return []
    names = listing([f"“{name.replace('_', ' ')}”" for name in answer.answer_set], lang)
    if not answer.answer_set:
        key = "answer.empty"
    elif len(answer.answer_set) == 1:
        key = "answer.only"
    else:
        key = "answer.set_labels" if answer.several else "answer.set"
    lines = [Line(text=say(key, lang, names=names))]
    coverage = facts.value("model/conformal.json:coverage")
    if coverage is not None:
        said = say("answer.coverage", lang, k=of_100(float(coverage), lang))
        lines.append(Line(text=said, keys=("model/conformal.json:coverage",), soft=True))
    return lines
