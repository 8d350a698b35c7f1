"""How often the built-in clinical rules speak of clean real records, and how long they take.

    python benchmarks/rules.py ../shared/data [--grow N]

Answers are the true classes, so that a contradiction is one between target and record.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from primum.cohort import Cohort, InputRoles, Roles, TargetRole, VitalRole, read_cohort, take
from primum.knowledge.rules import Answers, RecordFacts, Spoken, read_rules, rules_to_ask, schema_of, speak
from primum.study import Study

RULES = read_rules(["general"], base=Path("."))
WHO = (VitalRole(column="age_years", kind="number"), VitalRole(column="sex", kind="category"))


def cohorts(folder: Path) -> dict[str, Cohort]:
    """Return the records by name."""
    files = {
        "symptom2disease": ("symptom2disease/symptom2disease.csv", ("text",), (), "label"),
        "vaers-reports": ("vaers-reports/reports.csv", ("text",), WHO, "label"),
        "zh-medical-dialogue": (
            "zh-medical-dialogue/dialogue_internal_medicine.csv",
            ("title", "ask"),
            WHO[:1],
            "department",
        ),
        "mts-dialog": ("mts-dialog/mts_dialog.csv", ("dialogue",), WHO, "section_header"),
        "ddxplus-mini": ("ddxplus-mini/patients.csv", ("text",), WHO, "pathology"),
    }
    found = {"heart": Study.load("heart").read_cohort()}
    for name, (file, text, vitals, target) in files.items():
        roles = Roles(inputs=InputRoles(text=text, vitals=vitals), target=TargetRole(column=target))
        found[name] = read_cohort(folder / file, roles)
    return found


def spoken(cohort: Cohort) -> tuple[Spoken, float]:
    """Return what the rules say, and the seconds of processor time that it took."""
    classes = cohort.target.classes
    asked = rules_to_ask(RULES, schema_of(cohort.roles, classes))
    answers = Answers(classes=classes, decided=np.eye(len(classes), dtype=bool)[cohort.target.values])
    start = time.process_time()
    facts = RecordFacts(
        records=cohort.records, levels=dict(cohort.sensitive), banded=frozenset({"age"}), answers=answers
    )
    return speak(asked, facts), time.process_time() - start


def main() -> None:
    """Print one line a cohort."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--grow", type=int, default=0, help="also so many records, drawn from vaers-reports")
    options = parser.parse_args()
    known = cohorts(options.data)
    if options.grow:
        base = known["vaers-reports"]
        known["vaers-reports, drawn"] = take(base, np.arange(options.grow) % len(base))
    print("| records | n | rules asked | red flags | contradictions | impossible | warnings | s |")
    print("|---" * 8 + "|")
    for name, cohort in known.items():
        told, seconds = spoken(cohort)
        counts = [int(told.any_of(then).sum()) for then in ("escalate", "contradiction", "impossible", "warn")]
        cells = [name, len(cohort), len(told.rules), *counts, f"{seconds:.2f}"]
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main()
