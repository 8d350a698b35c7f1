"""Writing the papers of a run into its folder `papers`: each as a page to read and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from primum.errors import InputError, nearest
from primum.ethics.papers.facts import Facts, read_facts, read_mapping
from primum.ethics.papers.filling import Answer, Filled, Kind, Paper, fill
from primum.ethics.papers.pages import page
from primum.ethics.papers.patient import PATIENTS, patient_page
from primum.ethics.papers.plainly import say
from primum.ethics.papers.schema import PAPERS, paper_spec
from primum.ethics.sentences import LANGUAGES
from primum.files import write_json, write_text
from primum.i18n import known, translate

FOLDER = "papers"
"""Of a run's folder."""
ANSWERS = "answers.yaml"
"""What people answered, beside the papers: paper, item, text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One paper that was written."""

    name: str
    title: Mapping[str, str]
    """By language."""
    path: Path
    """Of the page; the JSON lies beside it where there is one."""
    states: Mapping[str, int]
    """How many items are answered, partly, not measured and open; empty for the patients' page."""


def write_papers(
    run_dir: Path, *, lang: str = "en", sections: Mapping[str, Mapping[str, str]] | None = None
) -> list[Written]:
    """Write every paper of a run from the files of its folder.

    Args:
        run_dir: a finished run or audit; needs findings.jsonl, every other file may be missing.
        lang: of the pages, en or zh; the JSON holds both.
        sections: of the run's report, by name, with their titles by language; a paper points to no other.
    Raises:
        InputError: findings.jsonl is missing, a file is damaged, or answers.yaml names what there is not.
        OutputError: the folder cannot be written to.
    """
    facts = read_facts(run_dir, sections)
    team = _team(run_dir / FOLDER / ANSWERS)
    written = []
    for name in PAPERS:
        paper = fill(paper_spec(name), facts, team.get(name))
        path = run_dir / FOLDER / f"{name}.html"
        write_json(path.with_suffix(".json"), as_json(paper, facts))
        write_text(path, page("paper.html", lang, paper=paper, verdict=_verdict(facts, lang)))
        title = {"en": paper.spec.title.en, "zh": paper.spec.title.zh}
        written.append(Written(name=name, title=title, path=path, states=_states(paper)))
    path = run_dir / FOLDER / f"{PATIENTS}.html"
    write_text(path, patient_page(facts, lang))
    title = {one: say("title", one) for one in LANGUAGES}
    return [*written, Written(name=PATIENTS, title=title, path=path, states={})]


def as_json(paper: Paper, facts: Facts) -> dict[str, Any]:
    """Return a paper as plain JSON: every item with value, state and origin; then what is open and not measured."""
    return {
        "paper": paper.spec.paper,
        "title": paper.spec.title.model_dump(),
        "source": paper.spec.source,
        "study": paper.study or None,
        "fingerprint": facts.value("cohort.json:fingerprint"),
        "items": [_item(filled) for filled in paper.items],
        "open": _listed(paper, "open"),
        "not_measured": _listed(paper, "not measured"),
    }


def _verdict(facts: Facts, lang: str) -> str:
    key = f"outcome.{facts.value('verdict.json:verdict')}"
    return translate(key, lang) if known(key, lang) else ""


def _item(filled: Filled) -> dict[str, Any]:
    told = [answer for answer in filled.answers if answer.kind in ("told", "team")]
    item = filled.item
    return {
        "item": item.item,
        **({"clause": item.clause} if item.clause else {}),
        "asks": item.asks.model_dump(),
        "state": filled.state,
        "value": _texts(told) if told else filled.state,
        "origin": {
            "findings": [place for answer in told for place in answer.findings],
            "keys": [answer.key for answer in told if answer.key],
        },
        "open": [dict(answer.text) for answer in filled.answers if answer.kind == "open"],
        "not_measured": [dict(answer.text) for answer in filled.answers if answer.kind == "not measured"],
    }


def _texts(answers: list[Answer]) -> dict[str, list[str]]:
    return {lang: [answer.text[lang] for answer in answers] for lang in LANGUAGES}


def _listed(paper: Paper, kind: Kind) -> list[dict[str, Any]]:
    return [{"item": filled.item.item, **answer.text} for filled, answer in paper.missing(kind)]


def _states(paper: Paper) -> dict[str, int]:
    counts = dict.fromkeys(("answered", "partly", "not measured", "open"), 0)
    for filled in paper.items:
        counts[filled.state] += 1
    return counts


def _team(path: Path) -> dict[str, dict[str, str]]:
    """Return what people answered, by paper and item.

    Raises:
        InputError: a paper or an item is not known, or an answer is no text.
    """
    given = read_mapping(path)
    for name, answers in given.items():
        if name not in PAPERS:
            raise InputError(
                f"{path}: there is no paper {name!r}{nearest(str(name), PAPERS)}; use {', '.join(PAPERS)}."
            )
        known = [item.item for item in paper_spec(name).items]
        if not isinstance(answers, Mapping):
            raise InputError(f"{path}, {name}: expected items and texts, e.g. {known[0]!r}: a sentence.")
        for item, text in answers.items():
            if str(item) not in known:
                near = nearest(str(item), known)
                raise InputError(f"{path}, {name}: there is no item {str(item)!r}{near}; put its number in quotes.")
            if not isinstance(text, str) or not text.strip():
                raise InputError(f"{path}, {name}, item {item}: expected a sentence in quotes.")
    return {name: {str(item): text.strip() for item, text in answers.items()} for name, answers in given.items()}
