"""Readers: the same table in any format is the same cohort; what cannot be read ends in one sentence."""

import json

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

from primum.cohort import InputRoles, Roles, TargetRole, VitalRole, read_cohort, read_records
from primum.errors import CohortError, ColumnError

ROLES = Roles(
    id="id",
    inputs=InputRoles(text=("note",), vitals=(VitalRole(column="age"), VitalRole(column="sex"))),
    target=TargetRole(column="dx"),
    sensitive=(),
)
TABLE = {
    "id": [f"00{i}" for i in range(40)],
    "note": [f'line one\nsays "pain", {i}' if i % 5 else None for i in range(40)],
    "age": [str(30 + i) for i in range(40)],
    "sex": ["女" if i % 2 else "男" for i in range(40)],
    "dx": ["ill" if i % 3 else "well" for i in range(40)],
    "unused": ["x"] * 40,
}


def _write(folder, form):
    table = pa.table(TABLE)
    path = folder / f"records.{form.split('-')[0]}"
    if form in ("csv", "tsv"):
        pc.write_csv(table, path, pc.WriteOptions(delimiter="," if form == "csv" else "\t"))
    elif form.startswith("csv-"):
        frame = pd.DataFrame(TABLE)
        frame.to_csv(path, index=False, encoding=form.removeprefix("csv-"))
    elif form == "parquet":
        pq.write_table(table, path)
    elif form == "jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_pylist()), "utf-8")
    else:
        pf.write_feather(table, path, compression="uncompressed")
    return path


@pytest.mark.parametrize("form", ["csv", "tsv", "parquet", "jsonl", "arrow", "feather", "csv-gb18030", "csv-utf-8-sig"])
def test_every_format_gives_the_same_cohort(tmp_path, form):
    expected = read_cohort(TABLE, ROLES)
    cohort = read_cohort(_write(tmp_path, form), ROLES)
    assert cohort.fingerprint == expected.fingerprint
    assert cohort.ids.tolist() == TABLE["id"]
    assert cohort.records.text.take(range(40)) == TABLE["note"]
    assert cohort.records.vitals["sex"].values.tolist() == TABLE["sex"]
    assert cohort.records.vitals["age"].values.tolist() == [30.0 + i for i in range(40)]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_tables_in_memory_give_the_same_cohort(make):
    assert read_cohort(make(TABLE), ROLES).fingerprint == read_cohort(TABLE, ROLES).fingerprint


def test_another_value_gives_another_fingerprint():
    changed = {**TABLE, "age": ["99", *TABLE["age"][1:]]}
    assert read_cohort(changed, ROLES).fingerprint != read_cohort(TABLE, ROLES).fingerprint


def test_new_records_need_no_target(tmp_path):
    path = _write(tmp_path, "csv")
    ids, records = read_records(path, ROLES.inputs, id_column="id")
    assert ids.tolist() == TABLE["id"] and len(records) == 40
    assert records.text.take([1]) == [TABLE["note"][1]]


def _bytes(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.csv", b"", "empty"),
        ("head.csv", b"id,note,age,sex,dx\n", "no record"),
        ("odd.xyz", b"id\n1\n", "xyz"),
        ("bad.csv", b"id,note,age,sex,dx\n1,\xff\xfe\xfa\x81\x20,3,m,ill\n", "encoding"),
        ("ragged.csv", b"id,note,age,sex,dx\n1,a,3,m,ill\n2,b,3\n", "row"),
        ("twice.csv", b"id,note,age,sex,dx,dx\n1,a,3,m,ill,ill\n", "dx"),
        ("not.parquet", b"this is no parquet", "parquet"),
        ("bad.jsonl", b'{"id": 1}\nnot json\n', "2"),
    ],
)
def test_what_cannot_be_read_ends_in_one_sentence(tmp_path, name, data, says):
    with pytest.raises(CohortError, match=says) as caught:
        read_cohort(_bytes(tmp_path, name, data), ROLES)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CohortError, match=r"nowhere\.csv"):
        read_cohort(tmp_path / "nowhere.csv", ROLES)


def test_all_missing_columns_come_in_one_message_with_the_nearest(tmp_path):
    path = _bytes(tmp_path, "r.csv", b"id,nots,agee,sex,dx\n1,a,3,m,ill\n")
    with pytest.raises(ColumnError, match=r"note.*nots.*age.*agee|age.*agee.*note.*nots"):
        read_cohort(path, ROLES)
