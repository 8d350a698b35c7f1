"""The step of a run that holds answers against clinical rules, and the columns that rules add to new answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from primum.cohort import Cohort, Records, Roles
from primum.errors import StudyError, nearest
from primum.evidence import Finding, Predictions
from primum.evidence.predictions import FloatArray, IntArray, TextArray
from primum.evidence.slices import SITE
from primum.knowledge.rules import (
    Answers,
    Asked,
    RecordFacts,
    Spoken,
    file_of,
    load_rules,
    read_rules,
    rules_to_ask,
    save_rules,
    schema_of,
    speak,
)
from primum.safety import rule_findings
from primum.study.clock import Clock

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleColumns:
    """What the rules say of new records, and how often."""

    columns: Mapping[str, pa.Array]
    """rules (ids, joined by semicolons) and escalate; empty where the model has no rules."""
    counts: Mapping[str, int]
    """Records by the id of a rule that speaks of them."""
    escalated: int


def rules_of(study: Study, cohort: Cohort) -> Asked:
    """Return which clinical rules can be asked of a study's records; to be called before anything is written.

    Raises:
        InputError: a file of rules is missing or has faults, or names a field or class that the study has not.
        StudyError: `knowledge.benign` names no class of the target.
    """
    rules = read_rules(study.spec.knowledge.rules, base=study.folder)
    classes = cohort.target.classes
    unknown = [name for name in study.spec.knowledge.benign if name not in classes]
    if unknown:
        named = ", ".join(f"{name!r}{nearest(name, classes)}" for name in unknown)
        raise StudyError(f"knowledge.benign: no class of the target is {named}; it has {', '.join(classes) or 'none'}.")
    return rules_to_ask(rules, schema_of(cohort.roles, classes))


def resolved_rules(study: Study) -> list[str]:
    """Return the study's packs as they are and its files with whole paths."""
    files = [(name, file_of(name, study.folder)) for name in study.spec.knowledge.rules]
    return [name if file is None else str(file.resolve()) for name, file in files]


def ruled(
    study: Study, asked: Asked, cohort: Cohort, predictions: Predictions, folder: Path, clock: Clock
) -> list[Finding]:
    """Return what the rules say of the answers on test and external; all rules are saved with the model.

    Args:
        study: says which classes are benign.
        asked: the rules.
        cohort: its records.
        predictions: the answers in use on them.
        folder: the run's.
        clock: is told of the step.
    """
    if not study.spec.knowledge.rules:
        return []
    with clock.step("rules"):
        save_rules(folder / "model", [*asked.rules, *asked.left_out])
        levels = dict(cohort.sensitive) | ({} if cohort.site is None else {SITE: cohort.site})
        spoken = _spoken(asked, cohort.records, levels, cohort.roles, answers_of(predictions))
        return rule_findings(spoken, predictions, benign=study.spec.knowledge.benign)


def answers_of(predictions: Predictions) -> Answers:
    """Return the answers of a table of predictions as rules ask of them."""
    return _answers(predictions.predicted, predictions.probabilities, predictions.classes)


def asked_in_use(model_folder: Path, roles: Roles, classes: tuple[str, ...]) -> Asked | None:
    """Return which of the rules saved with a model can be asked of new records; None where it has none.

    Args:
        model_folder: of the run.
        roles: of the study's columns, vitals with the kinds that the model knows.
        classes: of the model; empty for a number.
    """
    rules = load_rules(model_folder)
    return None if rules is None else rules_to_ask(rules, schema_of(roles, classes))


def spoken_of(
    asked: Asked,
    records: Records,
    levels: Mapping[str, TextArray],
    roles: Roles,
    *,
    coded: npt.NDArray[np.float64] | IntArray,
    answers: FloatArray,
    classes: tuple[str, ...],
) -> Spoken:
    """Return what a model's rules say of new records and the answers on them.

    Args:
        asked: the rules.
        records: the inputs.
        levels: of those attributes, and of the hospital ("site"), that the records have.
        roles: of the study's columns.
        coded: what is decided.
        answers: as shown, shape (n, k), or (n,) for a number.
        classes: of the model; empty for a number.
    """
    return _spoken(asked, records, levels, roles, _answers(coded, answers if classes else None, classes))


def rule_columns(spoken: Spoken | None) -> RuleColumns:
    """Return what rules say of new records as columns; None, and no columns, where the model has no rules."""
    if spoken is None:
        return RuleColumns(columns={}, counts={}, escalated=0)
    escalated = spoken.any_of("escalate")
    return RuleColumns(
        columns={"rules": pa.array(spoken.ids(), pa.string()), "escalate": pa.array(escalated)},
        counts={rule.id: int(n) for rule, n in zip(spoken.rules, spoken.yes.sum(1).tolist(), strict=True) if n},
        escalated=int(escalated.sum()),
    )


def _answers(
    coded: npt.NDArray[np.float64] | IntArray, probabilities: FloatArray | None, classes: tuple[str, ...]
) -> Answers:
    if not classes:
        return Answers(numbers=np.asarray(coded, dtype=np.float64))
    decided = coded == 1 if coded.ndim == 2 else coded[:, None] == np.arange(len(classes))
    return Answers(classes=classes, decided=np.asarray(decided, dtype=bool), probabilities=probabilities)


def _spoken(asked: Asked, records: Records, levels: Mapping[str, TextArray], roles: Roles, answers: Answers) -> Spoken:
    banded = frozenset(one.column for one in roles.sensitive if one.bins is not None)
    by_column = {(roles.site if name == SITE and roles.site else name): values for name, values in levels.items()}
    return speak(asked, RecordFacts(records=records, levels=by_column, banded=banded, answers=answers))
