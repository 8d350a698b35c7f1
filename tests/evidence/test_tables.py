"""Tables in and out: the run's own without loss, anybody's with every fault named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from primum.errors import PredictionsError
from primum.evidence import SensitiveColumn, predictions_from_table, read_predictions, write_predictions


@pytest.mark.parametrize("kind", ["classes", "labels", "number"])
def test_what_is_written_is_read(request, tmp_path, kind):
    table = request.getfixturevalue(kind)(50)
    write_predictions(tmp_path / "predictions.parquet", table)
    again = read_predictions(tmp_path / "predictions.parquet")
    assert again.classes == table.classes and again.target_type == kind
    for name in ("ids", "split", "target", "predicted", "probabilities"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))
    audited = predictions_from_table(tmp_path / "predictions.parquet", target="diagnosis", target_type=kind)
    np.testing.assert_array_equal(audited.target, table.target)


FRAME = pd.DataFrame({"y": [1, 0, 1, 0], "p": [0.9, 0.2, 0.4, 0.6], "age": [30, 50, 65, None], "id": list("abcd")})


@pytest.mark.parametrize(
    "make",
    [lambda f: f, pl.from_pandas, lambda f: pa.Table.from_pandas(f, preserve_index=False)],
    ids=["pandas", "polars", "pyarrow"],
)
def test_one_probability_column_is_enough_in_any_table(make):
    age = SensitiveColumn(column="age", bins=(0, 45, 65))
    table = predictions_from_table(make(FRAME), target="y", probabilities={"disease": "p"}, sensitive=[age])
    assert table.classes == ("not disease", "disease")
    assert table.target.tolist() == [1, 0, 1, 0]
    assert table.predicted.tolist() == [1, 0, 0, 1]
    assert table.groups["age"].tolist() == ["0-45", "45-65", "45-65", "unknown"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_csv_in_chinese_encodings(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes("target,score\n患病,0.9\n健康,0.1\n".encode(encoding))
    assert set(predictions_from_table(path, target="target").classes) == {"患病", "健康"}


def _frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"target": ["a", "b", "a"], "p:a": [0.8, 0.3, 0.6], "p:b": [0.2, 0.7, 0.4]} | columns)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (_frame().rename(columns={"target": "truth"}), "there is no column 'targett' for the target"),
        (_frame(**{"p:a": [1.2, 0.3, 0.6]}), "'p:a' is outside 0 to 1 in row 1"),
        (_frame(**{"p:a": [0.8, 0.5, 0.6]}), "do not sum to 1 in row 2"),
        (_frame(**{"p:a": [0.8, 0.3, None]}), "'p:a' has no number in row 3"),
        (_frame(target=["a", "a", "a"]), "holds one class only, 'a'"),
        (_frame(target=["a", "c", "a"]), "holds class 'c', which has no probability column"),
        (_frame(target=["a", None, "a"]), "column 'target' is missing in row 2"),
        (_frame(id=["1", "2", "1"]), "column 'id' repeats an earlier id in row 3"),
        (_frame(split=["test", "tset", "test"]), "holds split 'tset'.*did you mean 'test'"),
        (_frame().iloc[:0], "holds no rows"),
    ],
)
def test_each_fault_is_one_sentence(frame, message):
    with pytest.raises(PredictionsError, match=message):
        predictions_from_table(frame, target="targett" if "truth" in frame else "target")


def test_a_number_with_many_values_wants_bins():
    n = 300
    frame = pd.DataFrame({"target": ["a", "b"] * (n // 2), "score": [0.5] * n, "age": range(n)})
    with pytest.raises(PredictionsError, match="'age' has 300 groups, more than 200; give it bins"):
        predictions_from_table(frame, target="target", sensitive=["age"])


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "empty.csv").touch()
    with pytest.raises(PredictionsError, match="empty.csv: the file is empty"):
        predictions_from_table(tmp_path / "empty.csv", target="target")
