"""Small records with text and vitals, some of it missing."""

import numpy as np
import pytest

from primum.cohort.records import Records, TextList, VitalColumn


@pytest.fixture
def records() -> Records:
    texts = ["Chest pain for two days.", "No pain at all", None, "  ", "cough and fever " * 40, "rash"]
    number = VitalColumn(name="age", kind="number", values=np.array([61.0, 40.0, np.nan, 55.0, 70.0, 33.0]))
    values = np.array(["male", None, "female", "male", "other", "female"], dtype=object)
    return Records(
        n=6,
        text=TextList(texts),
        vitals={"age": number, "sex": VitalColumn(name="sex", kind="category", values=values)},
    )
