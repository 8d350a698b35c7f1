"""What a run tells of words: never a person's name, and never a word of fewer than five patients."""

from __future__ import annotations

import numpy as np

from primum.cohort.cohort import Cohort, Target
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.privacy.deid import may_be_name
from primum.transparency import explanation_findings

NAMES = ("Garcia", "garcia", "Rose", "John")


def _words_told(known, table, texts, patients):
    n = len(texts)
    cohort = Cohort(
        roles=Roles(inputs=InputRoles(text=("t",)), target=TargetRole(column="y")),
        records=table(texts),
        ids=np.array([str(i) for i in range(n)], dtype=object),
        patients=np.array(patients, dtype=object),
        target=Target(kind="classes", classes=("c0", "c1"), values=np.zeros(n, np.int64)),
    )
    model = known(lambda words, vitals: [0.0, 2.0 * ("cough" in words) + 3.0 * any(n in words for n in NAMES)])
    split = np.full(n, "test", dtype=object)
    found = explanation_findings(model, cohort, split, may_be_name=may_be_name, method="occlusion", draws=2)
    return {f.versus["word"]: f.n for f in found if f.metric == "word_importance"}


def test_a_name_is_never_told_however_many_share_it_and_however_it_is_written(known, table):
    texts = [f"{NAMES[i % 4]} has a cough today" for i in range(24)]
    told = _words_told(known, table, texts, [str(i) for i in range(24)])
    assert told["cough"] == 24
    assert not {name.lower() for name in NAMES} & set(told)


def test_a_chinese_name_is_never_told(known, table):
    told = _words_told(known, table, [f"王伟 咳嗽，发热{i}天。" for i in range(8)], [str(i) for i in range(8)])
    assert "咳嗽" in told
    assert not any("王" in word or "伟" in word for word in told)


def test_a_word_of_four_patients_is_not_told_however_many_records_they_have(known, table):
    texts = ["a cough and fever"] * 4 + ["a cough and nausea"] * 12
    patients = [f"p{i}" for i in range(4)] + [f"q{i % 4}" for i in range(12)]
    told = _words_told(known, table, texts, patients)
    assert told["cough"] == 8
    assert "nausea" not in told and "fever" not in told


def test_a_word_of_five_patients_is_told(known, table):
    told = _words_told(known, table, ["a cough and fever"] * 5, [f"p{i}" for i in range(5)])
    assert told["cough"] == told["fever"] == 5
