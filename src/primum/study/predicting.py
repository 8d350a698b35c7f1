"""Predicting new records with a run's model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from primum.cohort import Records, read_records, read_shapes
from primum.cohort.roles import InputRoles
from primum.errors import InputError
from primum.evidence.marks import Marking
from primum.files import atomic_path
from primum.i18n import catalogue
from primum.privacy.deid import mask_records
from primum.progress import Progress, Silent
from primum.safety import reasons_in_words
from primum.safety.novelty import Judged
from primum.study.opened import Said, open_run, roles_for, spec_of
from primum.study.predicting_marks import marks_table
from primum.study.predicting_pages import check_folder, write_pages
from primum.study.predicting_trust import Levels, joined_names, trust_columns
from primum.study.ruling import rule_columns
from primum.study.spec import StudySpec

if TYPE_CHECKING:  # needs torch, which is imported where a model is opened
    from primum.model.predictor import Predictor


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What was written."""

    records: int
    """How many records."""
    escalated: int
    """How many of them a person must look at, whatever the model says."""
    rules: Mapping[str, int]
    """How many of them each clinical rule speaks of, by its id; rules that speak of none are left out."""
    unmarked: int | None = None
    """Of a model that marks places: in how many of them it found none, which is not the same as healthy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a model says of a table, before it is written anywhere."""

    table: pa.Table
    """One row a record; the columns that `predict_run` names."""
    told: Predicted
    kind: str
    """Of the target."""

    def columns(self) -> dict[str, Any]:
        """Return the table's columns by name."""
        return {name: self.table.column(name) for name in self.table.column_names}


def predict_run(
    run: Path,
    records: Path,
    out: Path,
    *,
    progress: Progress | None = None,
    lang: str = "en",
    patient_pages: Path | None = None,
) -> Predicted:
    """Write what a run's model says about each record and return how many there are, and what the rules say of them.

    Args:
        run: folder of a finished run.
        records: new records with the study's input columns; no target is needed.
        out: csv, parquet or jsonl; columns id, predicted and p:<class>, or id and predicted for a number;
            low:<class> and high:<class>, the intervals of these probabilities, where there were calibration patients
            enough to tell; `set` (or
            `low` and `high`) where the run has conformal sets, `disagreement` (share of the ensemble's members that
            decide otherwise; of a number, their standard deviation) where it has an ensemble, `abstain` and
            `abstain_because` where it may abstain, `novel` and `novel_because` (unlike everything the model was
            trained on) where the run measured that,
            `rules` (ids of the clinical rules that speak, joined by semicolons) and `escalate` (a red flag: a person
            must look, whatever the model says) where the run has rules. Of marked places one row a mark: id, label,
            score, xmin, ymin, xmax, ymax and mask, as `primum.study.predicting_marks` says, with `novel` and
            `novel_because` of their picture.
        progress: is told of the records done.
        lang: language of the reasons and pages, en or zh.
        patient_pages: a folder for one page a record in plain words for the patient, 1.html for the first.
    A model that decides by slice needs the column of that attribute as well; conformal sets by slice use the columns of
    attributes and hospital where they are there, and are wider where they are not.

    Raises:
        InputError: the run is not finished.
        OutputError: `patient_pages` is not an empty place.
        CohortError: the records lack an input, or hold other values than numbers where the model knows numbers.
    """
    if out.suffix not in _WRITERS:
        raise InputError(f"{out}: a table is written as {', '.join(_WRITERS)}; give --out one of these endings.")
    if patient_pages is not None:
        if spec_of(run).cohort.target.type == "regions":
            raise InputError("--patient-pages: there are no pages of marked places yet; leave it out.")
        check_folder(patient_pages)
    answered = answer(run, records, progress=progress, lang=lang)
    _write(out, answered.table)
    if patient_pages is not None:
        write_pages(run, answered.columns(), patient_pages, kind=answered.kind, lang=lang)
    return answered.told


def answer(run: Path, records: Path | object, *, progress: Progress | None = None, lang: str = "en") -> Answered:
    """Return what a run's or Release's model says about each record; see `predict_run`.

    Args:
        run: folder of a finished run, or of a Release that was verified.
        records: a path, or a table in memory.
        progress: is told of the records done.
        lang: language of the reasons, en or zh.
    Raises:
        InputError: the run is not finished.
        CohortError: the records lack an input, or hold other values than numbers where the model knows numbers.
    """
    progress = progress or Silent()
    progress.step("read")
    opened = open_run(run)
    classes = opened.model.classes
    ids, given = read_for(opened.spec, opened.roles, records)
    progress.step("predict")
    levels = Levels(records=records, cohort=opened.spec.cohort)
    shapes = read_shapes(records, opened.roles) if opened.marks else None
    said = opened.say(given, levels, shapes=shapes, progress=progress)
    if said.marking is not None:
        return _marked(ids.tolist(), said, said.marking, lang)
    columns: dict[str, pa.Array] = {"id": pa.array(ids, pa.string())}
    columns["predicted"] = pa.array(_named(said.coded, classes))
    for place, name in enumerate(classes):
        columns[f"p:{name}"] = pa.array(said.answers[:, place])
    columns |= trust_columns(opened, said)
    if said.disagreement is not None:
        columns["disagreement"] = pa.array(said.disagreement.shown)
    if said.novel is not None:
        columns |= _novel(said.novel, lang)
    ruled = rule_columns(said.spoken)
    told = Predicted(records=len(ids), escalated=ruled.escalated, rules=ruled.counts)
    return Answered(table=pa.table(columns | dict(ruled.columns)), told=told, kind=opened.kind)


def _marked(ids: list[object], said: Said, marking: Marking, lang: str) -> Answered:
    table = marks_table(ids, marking, {} if said.novel is None else _novel(said.novel, lang))
    unmarked = sum(not marks for marks in marking.marks)
    told = Predicted(records=len(ids), escalated=0, rules={}, unmarked=unmarked)
    return Answered(table=table, told=told, kind="regions")


def opened_run(run: Path) -> tuple[StudySpec, Predictor, InputRoles]:
    """Return a finished run's study, its model in torch, and the roles of the columns that new records have for it.

    Raises:
        InputError: the run is not finished.
        ExtraMissingError: a model that masked the texts it learnt from is not installed.
    """
    spec = spec_of(run)
    from primum.model.predictor import Predictor

    predictor = Predictor.load(run / "model")
    return spec, predictor, roles_for(spec, predictor)


def read_for(spec: StudySpec, roles: InputRoles, records: Path | object) -> tuple[npt.NDArray[Any], Records]:
    """Return the ids of new records and what a run's model may see of them: texts de-identified as in training."""
    ids, given = read_records(records, roles, id_column=spec.cohort.id)
    deid = spec.cohort.deid
    return ids, given if deid is None else mask_records(given, deid.keep, models=deid.ner or ())


def _novel(judged: Judged, lang: str) -> dict[str, pa.Array]:
    words = {name: catalogue(lang)[f"novel.{name}"] for name in judged.names}
    return {"novel": pa.array(judged.flagged), "novel_because": pa.array(reasons_in_words(judged, words))}


def _named(coded: npt.NDArray[Any], classes: tuple[str, ...]) -> list[Any]:
    if not classes:
        return list(coded)
    if coded.ndim == 2:
        return joined_names(coded == 1, classes)
    return [classes[place] for place in coded]


def _write(out: Path, table: pa.Table) -> None:
    with atomic_path(out) as temporary:
        _WRITERS[out.suffix](table, temporary)


def _write_jsonl(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for row in table.to_pylist():
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


_WRITERS = {".csv": pc.write_csv, ".parquet": pq.write_table, ".jsonl": _write_jsonl}
