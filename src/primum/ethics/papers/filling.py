"""Filling a paper: each item from findings and files, or the plain statement that it is not measured or open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from primum.ethics.gate import matches
from primum.ethics.hazards import worst_of
from primum.ethics.papers.facts import Facts
from primum.ethics.papers.schema import Item, PaperSpec, Source
from primum.ethics.papers.wording import label, listing, told_value, word
from primum.ethics.policy import Where, Words
from primum.ethics.sentences import LANGUAGES, in_words, place_in_words
from primum.evidence.metrics import METRICS
from primum.evidence.split_names import in_order, split_kind

Kind = Literal["told", "team", "not measured", "open"]
State = Literal["answered", "partly", "not measured", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One line of an item."""

    kind: Kind
    """told: from the run; team: a person wrote it; not measured; open: only a person can say."""
    text: Mapping[str, str]
    """By language."""
    findings: tuple[int, ...] = ()
    """Places in findings.jsonl, counted from 0."""
    key: str | None = None
    """FILE:KEY that it comes from."""
    link: str | None = None
    """Where to read on, relative to the folder of the papers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """One item with its answers."""

    item: Item
    answers: tuple[Answer, ...]

    @property
    def state(self) -> State:
        """Whether the item is answered, partly, not measured or open."""
        kinds = {answer.kind for answer in self.answers}
        if kinds <= {"told", "team"}:
            return "answered"
        if kinds & {"told", "team"}:
            return "partly"
        return "not measured" if "not measured" in kinds else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper with every item filled as far as it can be."""

    spec: PaperSpec
    study: str
    items: tuple[Filled, ...]

    def missing(self, kind: Kind) -> list[tuple[Filled, Answer]]:
        """Return every line of that kind with its item."""
        return [(filled, answer) for filled in self.items for answer in filled.answers if answer.kind == kind]


def fill(spec: PaperSpec, facts: Facts, team: Mapping[str, str] | None = None) -> Paper:
    """Return a paper filled from a run's facts.

    Args:
        spec: what it asks.
        facts: of the run.
        team: what people answered, by item; it takes the place of what was open.
    """
    team = team or {}
    items = tuple(Filled(item=item, answers=tuple(_answers(item, facts, team))) for item in spec.items)
    return Paper(spec=spec, study=str(facts.value("study.yaml:study") or ""), items=items)


def _answers(item: Item, facts: Facts, team: Mapping[str, str]) -> list[Answer]:
    found = [answer for source in item.sources for answer in _answer(source, facts)]
    if item.item in team:
        found = [answer for answer in found if answer.kind != "open"]
        found.append(Answer(kind="team", text=dict.fromkeys(LANGUAGES, team[item.item]), key="papers/answers.yaml"))
    return found


def _answer(source: Source, facts: Facts) -> Iterator[Answer]:
    if source.key is not None:
        yield _of_key(source.key, facts)
    elif source.measured is not None:
        yield from _of_metrics(source.measured, source, facts)
    elif source.section is not None:
        if source.section in facts.sections:
            titles = facts.sections[source.section]
            text = _each("at_section", lambda lang: {"title": titles[lang]})
            yield Answer(kind="told", text=text, link=f"../report.html#{source.section}")
    elif source.file is not None:
        yield _of_file(source.file, facts)
    elif source.says is not None:
        yield Answer(kind="told", text=_both(source.says))
    elif source.open is not None:
        yield Answer(kind="open", text=_both(source.open))


def _both(words: Words) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}


def _each(key: str, values: Callable[[str], Mapping[str, str]]) -> dict[str, str]:
    """Return a sentence in both languages; `values` gives what it needs, by language."""
    return {lang: word(key, lang, **values(lang)) for lang in LANGUAGES}


def _of_key(key: str, facts: Facts) -> Answer:
    value = facts.value(key)
    if value is not None:
        text = {lang: told_value(key, value, lang) for lang in LANGUAGES}
        return Answer(kind="told", text=text, key=key)
    none = {lang: label(key, lang, form="none") for lang in LANGUAGES}
    file, _, path = key.partition(":")
    if facts.holds(key) and none["en"]:
        return Answer(kind="told", text=none, key=key)
    if file == "study.yaml":
        return Answer(kind="open", text=_each("study_silent", lambda lang: {"label": label(key, lang), "key": path}))
    return Answer(kind="not measured", text=_each("file_silent", lambda lang: {"label": label(key, lang)}))


def _of_file(name: str, facts: Facts) -> Answer:
    known = {lang: label(f"file:{name}", lang) for lang in LANGUAGES}
    if name in facts.files:
        text = _each("at_file", lambda lang: {"label": known[lang], "file": name})
        return Answer(kind="told", text=text, link=f"../{name}")
    return Answer(kind="not measured", text=_each("no_file", lambda lang: {"label": known[lang], "file": name}))


def _of_metrics(metrics: Sequence[str], source: Source, facts: Facts) -> Iterator[Answer]:
    for kind in source.split:
        found = {metric: list(_places(metric, kind, source, facts)) for metric in metrics}
        for place in (place for places in found.values() for place in places):
            finding = facts.findings[place]
            text = {lang: in_words(finding, lang) for lang in LANGUAGES}
            yield Answer(kind="not measured" if finding.value is None else "told", text=text, findings=(place,))
        absent = [metric for metric, places in found.items() if not places]
        if absent and (source.each or len(absent) == len(metrics)):
            yield Answer(kind="not measured", text=_absent(absent, kind))


def _places(metric: str, kind: str, source: Source, facts: Facts) -> Iterator[int]:
    """Yield places of a metric's findings on each split of a kind (each external set is one).

    The worst of each, or every one where the source says so; one without a value where there is no other.
    """
    given = {"metric": metric, "class": source.class_, "slice": source.slice, "versus": source.versus}
    splits = in_order(f.split or "cohort" for f in facts.findings if f.metric == metric)
    for split in (one for one in splits if one == kind or split_kind(one) == kind):
        where = Where.model_validate({**given, "split": [split]})
        fitting = [place for place, finding in enumerate(facts.findings) if matches(where, finding)]
        worst = worst_of(where, facts.findings)
        yield from fitting if source.every else fitting[:1] if worst is None else [worst]


def _absent(metrics: Sequence[str], split: str) -> dict[str, str]:
    def values(lang: str) -> dict[str, str]:
        names = listing([METRICS.get(metric).title[lang] for metric in metrics], lang)
        return {"metrics": names, "place": place_in_words(split, lang)}

    return _each("not_measured_on", values)
