"""Explaining new records with a run's model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from primum.cohort import Records, TextList
from primum.errors import InputError, OutputError
from primum.extras import require
from primum.files import atomic_path, write_text
from primum.progress import Progress, Silent
from primum.study.explaining_beside import told_counterfactuals, told_similar
from primum.study.explaining_pictures import drawn, region_of
from primum.study.predicting import opened_run, read_for
from primum.study.predicting_trust import Levels
from primum.study.reasoning import ignores_model
from primum.transparency import DEFAULT_METHOD, METHODS, Reasons, RunnerUp, explain, runner_up

if TYPE_CHECKING:  # need torch, or ONNX Runtime
    from primum.model.predictor import Predictor
    from primum.model.served import Served

ENDINGS = (".html", ".jsonl")
_BY_ASKING = frozenset({DEFAULT_METHOD, "occlusion", "shapley"})
"""Methods that need no gradient where there are no words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What was written."""

    records: int
    """How many records."""
    withheld: int
    """How many of their reasons did not hold and are not shown."""


def explain_run(
    run: Path,
    records: Path,
    out: Path,
    *,
    method: str = DEFAULT_METHOD,
    about: str | None = None,
    contrast: bool = False,
    with_counterfactuals: bool = True,
    with_similar: bool = True,
    progress: Progress | None = None,
    lang: str = "en",
) -> Explained:
    """Write the reasons for what a run's model says of each record, and return how many there are and how many hold.

    A reason that fails a check is withheld: what is written says which check, and not the reason.

    Args:
        run: folder of a finished run.
        records: new records with the study's input columns; no target is needed.
        out: html: a page with highlighted words, the picture under its heat map, a waterfall and a table a record;
            jsonl: one object a record; a folder (no ending): both, as reasons.html and reasons.jsonl, and one picture a
            record, 1.png for the first. All hold the records' own words and pictures: they are for whoever may read the
            records, and for nobody else.
        method: a name from METHODS.
        about: the class asked about; None: the likeliest of each record.
        contrast: ask why this class and not the runner-up.
        with_counterfactuals: look for the smallest changes that turn each answer.
        with_similar: say how it went with similar patients.
        progress: is told of the steps.
        lang: of the page, en or zh.
    Raises:
        InputError: the run is not finished, or method, class or ending is not known.
        CohortError: the records lack an input, or hold other values than numbers where the model knows numbers.
    """
    if out.suffix and out.suffix not in ENDINGS:
        raise InputError(
            f"{out}: reasons are written as {', '.join(ENDINGS)}, or into a folder; give --out one of these endings, "
            "or none."
        )
    if not out.suffix and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: the place is taken; choose an empty folder with --out.")
    METHODS.get(method)
    require("transformers", extra="train", purpose="Explaining")
    progress = progress or Silent()
    progress.step("read")
    spec, predictor, roles = opened_run(run)
    ids, given = read_for(spec, roles, records)
    progress.step("explain")
    asked = _asked(run, predictor, method)
    reasons = explain(
        asked,
        given,
        method=method,
        about=about,
        contrast=contrast,
        ignores_model=ignores_model(run, method),
        seed=spec.training.seed,
    )
    second = runner_up(reasons, seed=spec.training.seed)
    told = [told_of(reasons, row, str(ids[row]), given, second=second) for row in range(len(reasons))]
    if with_counterfactuals:
        progress.step("smallest_changes")
        levels = Levels(records=records, cohort=spec.cohort)
        changes = told_counterfactuals(run, spec, predictor, given, levels=levels)
        told = [{**one, "counterfactuals": change} for one, change in zip(told, changes, strict=True)]
    if with_similar:
        features = asked.inside_prepared(reasons.subject.prepared).features
        told = [{**one, "similar": like} for one, like in zip(told, told_similar(run, features), strict=True)]
    pictures = drawn(told, given, lang=lang)
    if out.suffix != ".html":
        _write_table(out if out.suffix else out / "reasons.jsonl", told)
    if out.suffix != ".jsonl":
        from primum.study.report.explained import explained_page

        page = explained_page(told, name=spec.study, lang=lang, pictures=pictures)
        write_text(out if out.suffix else out / "reasons.html", page)
    if not out.suffix:
        for place, picture in enumerate(pictures, start=1):
            if picture is not None:
                with atomic_path(out / f"{place}.png") as temporary:
                    temporary.write_bytes(picture)
    return Explained(records=len(told), withheld=int((~reasons.holds()).sum()))


def _asked(run: Path, predictor: Predictor, method: str) -> Predictor | Served:
    """Return what is asked for reasons: the served form where a picture is read, no text is, and no gradient is needed.

    It gives the same answers and reads a picture in a third of the time, which a reason asks for two hundred times.
    """
    if "image" not in predictor.inputs or "text" in predictor.inputs or method not in _BY_ASKING:
        return predictor
    from primum.model.served import Served

    return Served.load(run / "model", threads=1) or predictor


def _write_table(out: Path, told: Sequence[Mapping[str, Any]]) -> None:
    write_text(out, "".join(json.dumps(one, ensure_ascii=False, allow_nan=False) + "\n" for one in told))


def told_of(
    reasons: Reasons, row: int, record: str, records: Records, *, second: RunnerUp | None = None
) -> dict[str, Any]:
    """Return what is told of one record, as plain JSON; a reason that is withheld is left out.

    Args:
        reasons: of the records.
        row: which of them.
        record: its id.
        records: the inputs.
        second: what the parts add to the runner-up; None: not told.
    """
    question, faithful, parts = reasons.question, reasons.faithful, reasons.parts[row]
    about, against = int(question.about[row]), int(question.against[row])
    told: dict[str, Any] = {
        "id": record,
        "method": reasons.method,
        "about": reasons.classes[about] if reasons.classes else None,
        "against": reasons.classes[against] if against >= 0 else None,
        "answer": _number(question.chance(reasons.subject.answers)[row]),
        "score": _number(reasons.scores()[row]),
        "score_of_nothing": _number(reasons.start[row]),
        "holds": not reasons.withheld[row],
        "withheld_because": list(reasons.withheld[row]),
        "comprehensiveness": _number(faithful.comprehensiveness[row]),
        "comprehensiveness_of_chance": _number(faithful.random_comprehensiveness[row]),
        "sufficiency": _number(faithful.sufficiency[row]),
        "gap": _number(reasons.gap[row]),
        "stability": _number(reasons.stable[row]),
        "worst_stability": _number(reasons.worst[row]),
        "inputs": {name: _number(getattr(reasons.inputs, name)[row]) for name in _inputs_of(reasons)},
    }
    if reasons.withheld[row]:
        return told
    found = reasons.found[row].tolist()
    count = len(parts.words)
    words = [
        {"word": w.text, "start": w.start, "end": w.end, "sentence": w.sentence, "adds": value}
        for w, value in zip(parts.words, found[:count], strict=True)
    ]
    sentences: dict[int, float] = {}
    for word in words:
        sentences[word["sentence"]] = sentences.get(word["sentence"], 0.0) + word["adds"]
    values = {name: records.vitals[name].values[row] for name in parts.names}
    vitals = [
        {"vital": name, "value": _plain(values[name]), "adds": value}
        for name, value in zip(parts.names, found[parts.of_vitals], strict=True)
    ]
    cells = [
        {"row": cell // parts.grid, "column": cell % parts.grid, "adds": value}
        for cell, value in zip(parts.cells.tolist(), found[parts.of_cells], strict=True)
    ]
    text = reasons.subject.predictor.token_places(_one(records, row))[0].text
    beside = {} if second is None else {"runner_up": _beside(reasons, row, second)}
    return {
        **told,
        **beside,
        "text": text,
        "words": words,
        "sentences": [{"sentence": number, "adds": value} for number, value in sentences.items()],
        "vitals": vitals,
        **({"cells": cells, "grid": parts.grid, "region": region_of(reasons, row)} if cells else {}),
    }


def _inputs_of(reasons: Reasons) -> list[str]:
    sees = any(len(parts.cells) for parts in reasons.parts)
    return ["note", "vitals", *(["image"] if sees else [])]


def _beside(reasons: Reasons, row: int, second: RunnerUp) -> dict[str, Any]:
    """Return the runner-up and, in the order of words, vitals and cells, what each adds to both classes."""
    about = int(second.about[row])
    return {
        "class": reasons.classes[about],
        "answer": _number(reasons.subject.answers[row, about]),
        "adds": second.found[row].tolist(),
        "adds_to_about": second.own[row].tolist(),
    }


def _one(records: Records, row: int) -> Records:
    text = None if records.text is None else TextList(records.text.take([row]))
    return Records(n=1, text=text)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, float | np.floating) else str(value)


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
