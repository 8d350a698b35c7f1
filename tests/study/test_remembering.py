"""Every different record is asked about once, and every answer is the model's own."""

import numpy as np
import pytest

from primum.cohort.records import Records, TextList, VitalColumn
from primum.study.remembering import Remembering


class _Counting:
    """Answers by what the record says, and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def predict(self, records):
        texts = records.text.take(np.arange(len(records)))
        ages = records.vitals["age"].values
        self.asked += list(zip(texts, ages.tolist(), strict=True))
        first = np.array(
            [(len(text or "") + np.nan_to_num(age, nan=7.0)) / 1000 for text, age in zip(texts, ages, strict=True)]
        )
        return np.stack([first, 1 - first], axis=1)


def _records(texts, ages):
    age = VitalColumn(name="age", kind="number", values=np.array(ages, dtype=np.float64))
    return Records(n=len(texts), text=TextList(texts), vitals={"age": age})


@pytest.mark.parametrize("told", [0, 3])
def test_answers_are_the_models_and_nothing_is_asked_twice(told):
    records = _records(["a", "bb", None, "a", "a", "\ud800", "bb"], [1, 2, np.nan, 1, 3, 4, np.nan])
    plain, counting = _Counting().predict(records), _Counting()
    asked = Remembering(counting)
    if told:
        asked.tell(_records(["a", "bb", None], [1, 2, np.nan]), plain[:told])
    assert asked.predict(records) == pytest.approx(plain)
    assert asked.predict(records) == pytest.approx(plain)
    assert len(counting.asked) == 6 - told


def test_no_record_is_kept():
    asked = Remembering(_Counting())
    asked.predict(_records(["planted words"], [50]))
    assert "planted" not in repr(vars(asked))
