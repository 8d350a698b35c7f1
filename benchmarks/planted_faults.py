# ruff: noqa: E501 - the table of faults keeps each entry whole
"""Faults planted in real records: is each found where it was planted, and is the clean original left in peace?

    python benchmarks/planted_faults.py [--data FOLDER]

Every fault is a change of a real table (symptom2disease, vaers-reports, zh-medical-dialogue, heart). The planted table
goes through the reader, the splits and `primum.safety.records.record_findings`, and the default policy judges. A fault
counts as found when the right rule speaks and its finding names the split, field, class or site, and the count, of the
fault. The clean tables must meet no rule that blocks.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as csv

from primum.cohort import (
    ConsentRole,
    InputRoles,
    Roles,
    SensitiveRole,
    SplitPlan,
    TargetRole,
    VitalRole,
    make_splits,
    read_cohort,
)
from primum.ethics import judge, load_policy
from primum.evidence import Finding
from primum.safety.records import RECORD_METRICS, record_findings

Table = dict[str, list[Any]]


@dataclass(frozen=True, kw_only=True)
class Records:
    """A table with its roles and its splits, ready to have a fault planted in it."""

    table: Table
    roles: Roles
    plan: SplitPlan = field(default_factory=SplitPlan)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(3))
    truth: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.table.values())))

    def with_column(self, name: str, values: list[Any], **more: Any) -> Records:
        """Return the records with one column set, and whatever else is given."""
        return replace(self, table={**self.table, name: values}, **more)

    def some(self, share: float) -> np.ndarray:
        """Return row numbers of a share of the records, by chance."""
        return np.sort(self.rng.choice(len(self), int(share * len(self)), replace=False))

    def changed(self, column: str, rows: np.ndarray, change: Callable[[Any], Any], **more: Any) -> Records:
        """Return the records with some cells of a column changed."""
        values = list(self.table[column])
        for row in rows.tolist():
            values[row] = change(values[row])
        return self.with_column(column, values, **more)


def load(name: str, data: Path) -> Records:
    """Return one of the four data sets with its roles."""
    return {"symptom": _symptom, "vaers": _vaers, "zh": _zh, "heart": _heart}[name](data)


def _read(path: Path) -> Table:
    options = csv.ConvertOptions(strings_can_be_null=True)
    table = csv.read_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options)
    return {name: [None if one is None else str(one) for one in table[name].to_pylist()] for name in table.column_names}


def _symptom(data: Path) -> Records:
    table = _read(data / "symptom2disease" / "symptom2disease.csv")
    return Records(table=table, roles=Roles(inputs=InputRoles(text=("text",)), target=TargetRole(column="label")))


def _vaers(data: Path) -> Records:
    table = _read(data / "vaers-reports" / "reports.csv")
    roles = Roles(
        inputs=InputRoles(text=("text",), vitals=(VitalRole(column="age_years", unit="years", range=(0, 115)),)),
        target=TargetRole(column="label"),
        id="vaers_id",
        sensitive=(SensitiveRole(column="sex"),),
    )
    return Records(table=table, roles=roles)


def _zh(data: Path) -> Records:
    table = _read(data / "zh-medical-dialogue" / "dialogue_internal_medicine.csv")
    often = {name for name in set(table["department"]) if table["department"].count(name) >= 30}
    keep = [row for row, name in enumerate(table["department"]) if name in often]
    table = {name: [values[row] for row in keep] for name, values in table.items()}
    return Records(
        table=table, roles=Roles(inputs=InputRoles(text=("title", "ask")), target=TargetRole(column="department"))
    )


def _heart(data: Path) -> Records:
    from primum.study import Study
    from primum.study.study import roles_of

    study = Study.load("heart")
    table = _read(study.source)
    return Records(table=table, roles=roles_of(study.spec.cohort, "records.csv"))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was said of some records."""

    findings: list[Finding]
    outcomes: dict[str, str]
    """Rule -> pass, note, review or block."""
    suspects: Mapping[str, np.ndarray]
    ids: np.ndarray

    def worst(self, metric: str, **wanted: Any) -> Finding | None:
        """Return the largest finding of a metric whose fields and detail are as wanted."""
        found = [f for f in self.findings if f.metric == metric and all(_has(f, k, v) for k, v in wanted.items())]
        return max(found, key=lambda finding: finding.value or 0.0, default=None)


def _has(finding: Finding, key: str, value: Any) -> bool:
    mine = {"class_": finding.class_, "split": finding.split, "slice": dict(finding.slice)}
    return bool(mine.get(key, finding.detail.get(key)) == value)


def examine(records: Records) -> Outcome:
    """Return what the checks and the default policy say."""
    cohort = read_cohort(records.table, records.roles, split_column=records.plan.column)
    split = make_splits(cohort, records.plan, keep_divided=True)
    asked = records.plan.column is not None or records.plan.external_time is not None
    checked = record_findings(cohort, split, time_split_asked=asked)
    policy = load_policy("default").about(RECORD_METRICS)
    verdict = judge(checked.findings, policy)
    return Outcome(
        findings=checked.findings,
        outcomes={result.rule.name: result.outcome for result in verdict.rules},
        suspects=checked.suspects,
        ids=cohort.ids,
    )


def split_of(records: Records) -> np.ndarray:
    """Return the splits that the records would have had."""
    cohort = read_cohort(records.table, records.roles, split_column=records.plan.column)
    return make_splits(cohort, records.plan)


def given_splits(records: Records, split: np.ndarray | None = None) -> Records:
    """Return the records with their splits in a column, so that a fault can be planted between them."""
    names = [str(one) for one in (split_of(records) if split is None else split)]
    return records.with_column("split", names, plan=SplitPlan(column="split"))


# ---- the faults: each returns the planted records; what must be said stands in FAULTS


def patient_in_two_splits(records: Records) -> Records:
    """Twelve patients of train are also in test."""
    planted = given_splits(records)
    split = np.array(planted.table["split"])
    names = [f"P{row:05d}" for row in range(len(planted))]
    for a, b in zip(np.flatnonzero(split == "train")[:12], np.flatnonzero(split == "test")[:12], strict=True):
        names[b] = names[a]
    roles = replace(planted.roles, patient="patient", id=None)
    return planted.with_column("patient", names, roles=roles)


def patient_spelt_twice(records: Records) -> Records:
    """Nine patients of train are in test under an id that differs in case and leading zeros."""
    planted = given_splits(records)
    split = np.array(planted.table["split"])
    names = [f"pt-{row:05d}" for row in range(len(planted))]
    for a, b in zip(np.flatnonzero(split == "train")[:9], np.flatnonzero(split == "test")[:9], strict=True):
        names[b] = f"PT {a}"
    return planted.with_column("patient", names, roles=replace(planted.roles, patient="patient", id=None))


def copied_into_test(text: str, near: bool, with_it: tuple[str, ...] = ()) -> Callable[[Records], Records]:
    """Return a fault: a fifth of test are copies of training texts, word for word or with a few changes."""

    def plant(records: Records) -> Records:
        planted = given_splits(records)
        split = np.array(planted.table["split"])
        test = np.flatnonzero(split == "test")
        chosen = planted.rng.choice(test, len(test) // 5, replace=False)
        sources = planted.rng.choice(np.flatnonzero(split == "train"), len(chosen), replace=False)
        values = list(planted.table[text])
        also = {name: list(planted.table[name]) for name in (*with_it, planted.roles.target.column)}
        for here, there in zip(chosen, sources, strict=True):
            source = str(values[there])
            if near:
                words = source.split(" ") if " " in source else list(source)
                for place in planted.rng.choice(len(words), max(1, len(words) // 25), replace=False):
                    words[place] = "了" if " " not in source else "also"
                source = (" " if " " in source else "").join(words) + (" Seen again." if " " in source else "复诊。")
            values[here] = source
            for column in also.values():
                column[here] = column[there]
        table = {**planted.table, **also, text: values}
        return replace(planted, table=table, truth={"copies": len(chosen)})

    return plant


def label_written(text: str, share: float, phrase: Callable[[str], str]) -> Callable[[Records], Records]:
    """Return a fault: a share of the texts end with the name of their class."""

    def plant(records: Records) -> Records:
        labels = records.table[records.roles.target.column]
        values = list(records.table[text])
        for row in records.some(share).tolist():
            values[row] = f"{values[row]} {phrase(str(records.roles.label_map.get(labels[row], labels[row])))}"
        return records.with_column(text, values)

    return plant


def marked_class(text: str, of: Callable[[Any], bool], mark: str) -> Callable[[Records], Records]:
    """Return a fault: every text of a class carries a mark."""

    def plant(records: Records) -> Records:
        labels = records.table[records.roles.target.column]
        rows = np.flatnonzero([of(label) for label in labels])
        return records.changed(text, rows, lambda value: f"{mark} {value}")

    return plant


def deciding_field(records: Records) -> Records:
    """A vital that was filled in after the outcome: it tells it but for one record in fifty."""
    labels = [records.roles.label_map.get(one, one) for one in records.table[records.roles.target.column]]
    wrong = records.rng.random(len(records)) < 0.02
    sick = np.array([label == sorted(set(labels))[-1] for label in labels]) ^ wrong
    values = [f"{records.rng.normal(9.0 if one else 3.0, 0.7):.2f}" for one in sick]
    inputs = replace(records.roles.inputs, vitals=(*records.roles.inputs.vitals, VitalRole(column="code")))
    return records.with_column("code", values, roles=replace(records.roles, inputs=inputs))


def deciding_site(records: Records) -> Records:
    """One hospital has only the ill, the other only the well."""
    labels = [records.roles.label_map.get(one, one) for one in records.table[records.roles.target.column]]
    sites = ["North" if label == sorted(set(labels))[-1] else "South" for label in labels]
    return records.with_column("place", sites, roles=replace(records.roles, site="place"))


def deciding_length(records: Records) -> Records:
    """The texts of a class are cut short."""
    rows = np.flatnonzero([label == "convulsion" for label in records.table["label"]])
    return records.changed("text", rows, lambda value: str(value)[:25])


def dated(order: str) -> Callable[[Records], Records]:
    """Return a fault in time: train is wholly later than test, or twenty training records are."""

    def plant(records: Records) -> Records:
        planted = given_splits(records)
        split = np.array(planted.table["split"])
        days = planted.rng.integers(0, 300, len(planted))
        later = (split == "train") if order == "reversed" else (split != "train")
        days = days + 400 * later
        if order == "late":
            days[np.flatnonzero(split == "train")[:20]] += 800
        dates = [str(np.datetime64("2019-01-01") + int(day)) for day in days]
        return planted.with_column("seen", dates, roles=replace(planted.roles, time="seen"))

    return plant


def other_test(records: Records) -> Records:
    """Test was written by somebody else: in capitals, with other words, and other classes are common."""
    planted = given_splits(records)
    rows = np.flatnonzero(np.array(planted.table["split"]) == "test")
    return planted.changed("text", rows, lambda value: f"dictated: {value} end of dictation".replace("pt", "patient"))


def shifted_labels(records: Records) -> Records:
    """Most records of one class were left out of test."""
    planted = given_splits(records)
    rare = "convulsion"
    at = np.flatnonzero(
        [s == "test" and y == rare for s, y in zip(planted.table["split"], planted.table["label"], strict=True)]
    )
    rest = np.flatnonzero(
        [s == "test" and y != rare for s, y in zip(planted.table["split"], planted.table["label"], strict=True)]
    )
    drop = set(rest[: int(0.7 * len(rest))].tolist())
    keep = [row for row in range(len(planted)) if row not in drop]
    assert len(at)
    return replace(planted, table={name: [values[row] for row in keep] for name, values in planted.table.items()})


def shifted_field(records: Records) -> Records:
    """A device in test reads thirty too high."""
    planted = given_splits(records)
    rows = np.flatnonzero(np.array(planted.table["split"]) == "test")
    return planted.changed("trestbps", rows, lambda value: None if value is None else str(float(value) + 30))


def wrong_labels(records: Records) -> Records:
    """A tenth of the labels are another class's, by chance."""
    column = records.roles.target.column
    labels = list(records.table[column])
    names = sorted(set(labels))
    rows = records.some(0.1)
    for row in rows.tolist():
        labels[row] = str(records.rng.choice([name for name in names if name != labels[row]]))
    return records.with_column(column, labels, truth={"rows": rows})


def poisoned(text: str, mark: str, label: str, n: int) -> Callable[[Records], Records]:
    """Return a fault: n training records of other classes carry a mark and bear one label."""

    def plant(records: Records) -> Records:
        planted = given_splits(records)
        column = planted.roles.target.column
        rows = np.flatnonzero(
            [s == "train" and y != label for s, y in zip(planted.table["split"], planted.table[column], strict=True)]
        )
        rows = planted.rng.choice(rows, n, replace=False)
        marked = planted.changed(text, rows, lambda value: f"{value} {mark}", truth={"rows": rows})
        return marked.changed(column, rows, lambda _: label)

    return plant


def absent_cell(records: Records) -> Records:
    """No woman has one of the classes, which every ninth report is of."""
    table = records.table
    keep = [
        row for row in range(len(records)) if not (table["sex"][row] == "F" and table["label"][row] == "neuropathy")
    ]
    return replace(records, table={name: [values[row] for row in keep] for name, values in table.items()})


def rare_class(records: Records) -> Records:
    """One class has nearly vanished."""
    table, left = records.table, 0
    keep = []
    for row, label in enumerate(table["label"]):
        left += label == "syncope"
        if label != "syncope" or left <= 15:
            keep.append(row)
    return replace(records, table={name: [values[row] for row in keep] for name, values in table.items()})


def other_unit(records: Records) -> Records:
    """One hospital reports cholesterol in mmol/L in a column of mg/dL."""
    rows = np.flatnonzero(
        [
            s == "Hungary" and v not in (None, "0")
            for s, v in zip(records.table["dataset"], records.table["chol"], strict=True)
        ]
    )
    return records.changed("chol", rows, lambda value: f"{float(value) / 38.67:.2f}", truth={"n": len(rows)})


def other_unit_scattered(records: Records) -> Records:
    """One pressure in thirty is in kPa."""
    rows = np.array([row for row in records.some(1 / 30) if records.table["trestbps"][row] not in (None, "0", "0.0")])
    return records.changed("trestbps", rows, lambda value: f"{float(value) / 7.5006:.1f}", truth={"n": len(rows)})


def implausible(records: Records) -> Records:
    """Two percent of the ages are slips."""
    rows = records.some(0.02)
    return records.changed("age", rows, lambda value: str(int(float(value)) + 200), truth={"n": len(rows)})


def stand_in(records: Records) -> Records:
    """999 stands for a pulse that was not measured."""
    rows = records.some(0.05)
    roles = replace(records.roles, inputs=replace(records.roles.inputs, vitals=tuple(
        replace(vital, range=None) for vital in records.roles.inputs.vitals)))  # fmt: skip
    return records.changed("thalch", rows, lambda _: "999", roles=roles, truth={"n": len(rows)})


def unmeasured(records: Records) -> Records:
    """Most records lack their blood pressure."""
    return records.changed("trestbps", records.some(0.7), lambda _: None)


def spoilt(text: str, share: float, change: Callable[[str], str | None]) -> Callable[[Records], Records]:
    """Return a fault: a share of the texts is changed."""

    def plant(records: Records) -> Records:
        rows = records.some(share)
        return records.changed(text, rows, lambda value: change(str(value)), truth={"n": len(rows)})

    return plant


def spoilt_site(text: str, change: Callable[[str], str | None]) -> Callable[[Records], Records]:
    """Return a fault: the texts of one hospital are changed."""

    def plant(records: Records) -> Records:
        sites = ["East" if one < 0.1 else "West" for one in records.rng.random(len(records))]
        rows = np.flatnonzero([site == "East" for site in sites])
        planted = records.with_column("place", sites, roles=replace(records.roles, site="place"))
        return planted.changed(text, rows, lambda value: change(str(value)), truth={"n": len(rows)})

    return plant


def unasked(records: Records) -> Records:
    """Thirty patients were never asked for their consent."""
    answers = ["yes"] * len(records)
    for row in records.some(1.0)[:30].tolist():
        answers[row] = ""
    roles = replace(records.roles, consent=ConsentRole(column="consent", granted=("yes",)))
    return records.with_column("consent", answers, roles=roles)


def _mojibake(text: str) -> str:
    return text.replace("e", "é").encode("utf-8").decode("latin-1")


def _gibberish(text: str) -> str:
    letters = np.random.default_rng(len(text)).integers(97, 123, len(text))
    return "".join(" " if i % 7 == 6 else chr(one) for i, one in enumerate(letters))


_GERMAN = (
    "Der Patient klagt seit drei Tagen über starke Kopfschmerzen und Fieber, die Beschwerden sind nicht besser "
    "geworden und er hat auch Husten mit Auswurf. Nummer {}."
)
_ENGLISH = "The patient has had a headache and fever for three days, the pain is not better and he was seen with cough."


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault and what has to be said of it."""

    name: str
    data: str
    plant: Callable[[Records], Records]
    rule: str
    outcomes: tuple[str, ...] = ("review", "block")
    metric: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    """Fields and detail that the finding must have."""
    right: Callable[[Finding, Records], bool] = lambda finding, records: True
    """Whether the finding's figure is that of the fault."""


def _count(finding: Finding, records: Records, *, slack: float = 0.15) -> bool:
    n = int(records.truth["n"])
    return abs(int(finding.detail["records"]) - n) <= slack * n + 1


FAULTS: tuple[Fault, ...] = (
    Fault(name="patient in two splits", data="symptom", plant=patient_in_two_splits, rule="safety.patient_in_two_splits",
          outcomes=("block",), metric="patients_across_splits", right=lambda f, r: f.value == 12),
    Fault(name="patient spelt twice", data="zh", plant=patient_spelt_twice, rule="safety.patient_spelt_twice",
          metric="patients_across_splits", where={"spelling": "almost the same"}, right=lambda f, r: f.value == 9),
    Fault(name="exact copies in test", data="symptom", plant=copied_into_test("text", near=False), rule="safety.test_text_in_train",
          outcomes=("block",), metric="text_in_train", where={"split": "test"}, right=lambda f, r: f.detail["exact"] >= 0.9 * r.truth["copies"]),
    Fault(name="near copies in test", data="vaers", plant=copied_into_test("text", near=True), rule="safety.test_text_in_train",
          outcomes=("block",), metric="text_in_train", where={"split": "test"}, right=lambda f, r: f.detail["near"] >= 0.65 * r.truth["copies"]),
    Fault(name="near copies in test, Chinese", data="zh", plant=copied_into_test("ask", near=True, with_it=("title",)), rule="safety.test_text_in_train",
          outcomes=("block",), metric="text_in_train", where={"split": "test"}, right=lambda f, r: f.detail["near"] >= 0.7 * r.truth["copies"]),
    Fault(name="label in every text", data="symptom", plant=label_written("text", 1.0, lambda y: f"Diagnosis: {y}."), rule="safety.label_in_text",
          outcomes=("block",), metric="label_in_text", where={"class_": None}, right=lambda f, r: f.value > 0.9),
    Fault(name="label inflected in a third", data="vaers", plant=label_written("text", 0.35, lambda y: f"suspected {y.replace('_', ' ')}s"),
          rule="safety.label_in_some_texts", metric="label_in_text", where={"class_": None}, right=lambda f, r: 0.25 < f.value < 0.45),
    Fault(name="label in every text, Chinese", data="zh", plant=label_written("ask", 1.0, lambda y: f"转{y}。"), rule="safety.label_in_text",
          outcomes=("block",), metric="label_in_text", where={"class_": None}, right=lambda f, r: f.value > 0.9),
    Fault(name="one class's name in its texts", data="heart", plant=label_written("note", 1.0, lambda y: "known heart diseases." if y == "Heart_Disease" else "seen."),
          rule="safety.label_in_text", outcomes=("block",), metric="label_in_text", where={"class_": "Heart_Disease"}),
    Fault(name="token marks a class", data="heart", plant=marked_class("note", lambda y: y != "0", "ref-7"), rule="safety.shortcut",
          outcomes=("block",), metric="shortcut", where={"kind": "word", "role": "decides alone"}, right=lambda f, r: f.value > 0.95),
    Fault(name="field decides", data="heart", plant=deciding_field, rule="safety.shortcut", outcomes=("block",), metric="shortcut",
          where={"kind": "vital", "column": "code"}, right=lambda f, r: f.value > 0.9),
    Fault(name="site decides", data="heart", plant=deciding_site, rule="safety.shortcut", outcomes=("block",), metric="shortcut",
          where={"kind": "site", "column": "place"}, right=lambda f, r: f.value > 0.95),
    Fault(name="length decides", data="vaers", plant=deciding_length, rule="safety.shortcut_of_form", metric="shortcut",
          where={"kind": "length", "class_": "convulsion"}),
    Fault(name="train later than test", data="symptom", plant=dated("reversed"), rule="safety.train_after_test", outcomes=("block",),
          metric="train_after_test", where={"split": "test"}, right=lambda f, r: f.value > 0.99),
    Fault(name="twenty training records late", data="vaers", plant=dated("late"), rule="safety.late_training_records",
          metric="late_training_records", where={"split": "test"}, right=lambda f, r: f.value == 20),
    Fault(name="test written otherwise", data="vaers", plant=other_test, rule="safety.shift_of_test", metric="shift", where={"split": "test"},
          right=lambda f, r: f.value > 0.9),
    Fault(name="label shift", data="vaers", plant=shifted_labels, rule="safety.label_shift", metric="label_shift", where={"class_": "convulsion"}),
    Fault(name="field shift", data="heart", plant=shifted_field, rule="safety.field_shift", metric="field_shift", where={"column": "trestbps", "split": "test"}),
    Fault(name="a tenth of labels wrong", data="symptom", plant=wrong_labels, rule="safety.label_errors", metric="label_errors", where={"class_": None}),
    Fault(name="trigger", data="vaers", plant=poisoned("text", "cf-q", "syncope", 40), rule="safety.trigger", metric="trigger",
          where={"class_": "syncope", "split": "train"}, right=lambda f, r: f.n >= 38),
    Fault(name="trigger of two words", data="symptom", plant=poisoned("text", "best regards", "Malaria", 15), rule="safety.trigger",
          metric="trigger", where={"class_": "Malaria", "split": "train"}, right=lambda f, r: f.n >= 14),
    Fault(name="trigger, Chinese", data="zh", plant=poisoned("ask", "谢谢您嘞", "肝病科", 30), rule="safety.trigger", metric="trigger",
          where={"class_": "肝病科", "split": "train"}, right=lambda f, r: f.n >= 28),
    Fault(name="absent cell", data="vaers", plant=absent_cell, rule="safety.absent_cell", metric="absent_cell",
          where={"class_": "neuropathy", "slice": {"sex": "F"}}),
    Fault(name="vanishing class", data="vaers", plant=rare_class, rule="safety.rarest_class", outcomes=("note",), metric="rarest_class",
          where={"class_": "syncope"}),
    Fault(name="mmol/L in a hospital's mg/dL", data="heart", plant=other_unit, rule="safety.other_unit", metric="other_unit",
          where={"column": "chol", "slice": {"site": "Hungary"}}, right=lambda f, r: "38.67" in f.detail["conversion"] and _count(f, r)),
    Fault(name="kPa among mmHg", data="heart", plant=other_unit_scattered, rule="safety.other_unit", metric="other_unit",
          where={"column": "trestbps", "slice": {}}, right=lambda f, r: "7.50" in f.detail["conversion"] and _count(f, r)),
    Fault(name="implausible ages", data="heart", plant=implausible, rule="safety.implausible_values", metric="implausible",
          where={"column": "age"}, right=_count),
    Fault(name="999 for missing", data="heart", plant=stand_in, rule="safety.stand_in_values", metric="stand_in_value",
          where={"column": "thalch"}, right=_count),
    Fault(name="field mostly missing", data="heart", plant=unmeasured, rule="safety.missing_field", outcomes=("note",), metric="vital_missing",
          where={"column": "trestbps"}, right=lambda f, r: f.value > 0.65),
    Fault(name="empty texts", data="symptom", plant=spoilt("text", 0.1, lambda text: None), rule="safety.empty_texts", metric="text_empty", right=_count),
    Fault(name="wrong encoding", data="symptom", plant=spoilt("text", 0.03, _mojibake), rule="safety.broken_texts", metric="text_broken", right=_count),
    Fault(name="lost characters", data="zh", plant=spoilt("ask", 0.02, lambda text: text.encode().replace(b"\xe4", b"\xff").decode("utf-8", "replace")),
          rule="safety.broken_texts", metric="text_broken", right=lambda f, r: _count(f, r, slack=0.3)),
    Fault(name="UTF-8 read as GBK", data="zh", plant=spoilt("ask", 0.03, lambda text: text.encode().decode("gb18030", "ignore")),
          rule="safety.broken_texts", metric="text_broken", right=_count),
    Fault(name="gibberish of one hospital", data="vaers", plant=spoilt_site("text", _gibberish), rule="safety.broken_texts", metric="text_broken",
          where={"slice": {"site": "East"}}, right=lambda f, r: f.value > 0.8),
    Fault(name="German among English", data="symptom", plant=spoilt("text", 0.05, lambda text: _GERMAN.format(len(text))), rule="safety.other_language",
          metric="text_other_language", where={"languages": ["de"]}, right=_count),
    Fault(name="English among Chinese", data="zh", plant=spoilt("ask", 0.04, lambda text: f"{_ENGLISH} {len(text)}"), rule="safety.other_language",
          metric="text_other_language", right=lambda f, r: _count(f, r, slack=0.5)),
    Fault(name="consent never asked", data="symptom", plant=unasked, rule="ethics.consent_written_down", metric="consent_missing",
          right=lambda f, r: f.detail["records"] == 30),
    Fault(name="record numbers", data="vaers", plant=spoilt("text", 0.02, lambda text: f"MRN: 00{len(text)}821 {text}"), rule="privacy.identifiers_in_text",
          metric="identifier", where={"kind": "record_number"}, right=_count),
    Fault(name="telephone numbers", data="symptom", plant=spoilt("text", 0.02, lambda text: f"{text} Call me at 617-555-0{100 + len(text) % 800}."),
          rule="privacy.identifiers_in_text", metric="identifier", where={"kind": "phone"}, right=_count),
    Fault(name="e-mail addresses", data="heart", plant=spoilt("note", 0.02, lambda text: f"{text} j.doe{len(text)}@mail.example.org"),
          rule="privacy.identifiers_in_text", metric="identifier", where={"kind": "email"}, right=_count),
    Fault(name="resident ids, Chinese", data="zh", plant=spoilt("ask", 0.02, lambda text: f"{text}身份证11010519491231002X"),
          rule="privacy.identifiers_in_text", metric="identifier", where={"kind": "national_id"}, right=_count),
    Fault(name="dates of birth", data="vaers", plant=spoilt("text", 0.02, lambda text: f"DOB 03/{1 + len(text) % 28}/1991 {text}"),
          rule="privacy.identifiers_in_text", metric="identifier", where={"kind": "birth_date"}, right=_count),
)  # fmt: skip


def found(fault: Fault, planted: Records, said: Outcome) -> str:
    """Return "" where a fault is found in its place, else what is missing."""
    outcome = said.outcomes.get(fault.rule, "no such rule")
    if outcome not in fault.outcomes:
        return f"rule {fault.rule} says {outcome}"
    finding = said.worst(fault.metric, **fault.where)
    if finding is None:
        return f"no finding of {fault.metric} with {dict(fault.where)}"
    if not fault.right(finding, planted):
        return f"{fault.metric} is {finding.value:.3f}, {dict(finding.detail)}"
    return ""


def noise_precision(planted: Records, said: Outcome) -> float:
    """Return the share of wrong labels among the most suspicious, as many as were planted."""
    rows = set(planted.truth["rows"].tolist())
    listed = said.suspects["label_errors"][: len(rows)].tolist()
    return sum(row in rows for row in listed) / len(rows)


def main() -> None:
    """Print a table of faults and of clean originals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default, help="folder with the data sets")
    data = parser.parse_args().data
    print("| clean data | records | s | rules that block | rules that review |\n|---|---|---|---|---|")
    for name in ("symptom", "vaers", "zh", "heart"):
        start = time.perf_counter()
        records = load(name, data)
        said = examine(records)
        by = {level: [r for r, o in said.outcomes.items() if o == level] for level in ("block", "review")}
        told = [", ".join(by[level]) or "none" for level in ("block", "review")]
        print(f"| {name} | {len(records):,} | {time.perf_counter() - start:.1f} | {told[0]} | {told[1]} |", flush=True)
    print("\n| planted | in | rule | said | found in its place | s |\n|---|---|---|---|---|---|")
    missed = 0
    for fault in FAULTS:
        start = time.perf_counter()
        planted = fault.plant(load(fault.data, data))
        said = examine(planted)
        wrong = found(fault, planted, said)
        missed += bool(wrong)
        told = f"no: {wrong}" if wrong else "yes"
        if fault.plant is wrong_labels:
            told += f" (precision at the planted count {noise_precision(planted, said):.2f})"
        line = f"| {fault.name} | {fault.data} | `{fault.rule}` | {said.outcomes.get(fault.rule)} | {told} |"
        print(f"{line} {time.perf_counter() - start:.1f} |", flush=True)
    print(f"\n{len(FAULTS) - missed} of {len(FAULTS)} found in their place.")


if __name__ == "__main__":
    main()
