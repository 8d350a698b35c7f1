# ruff: noqa: E501 - each record stays whole
"""Files and folders: every format, nothing half-written, nothing identifying left."""

from __future__ import annotations

import base64
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from primum.errors import CohortError, ColumnError, OutputError
from primum.privacy.deid import SUFFIXES, Choice, Deidentifier, Keyed, deidentify, plan_of

NOTE = "Mr. Tesfaye was seen on 03/04/2021; call 555-123-4567."
SECRETS = ("Tesfaye", "03/04/2021", "555-123-4567", "张伟")


def _deid(**changes):
    return Deidentifier(plan=plan_of(**changes))


def _written(folder, suffix):
    path = folder / f"notes{suffix}"
    if suffix in (".txt", ".md", ".text"):
        path.write_text(NOTE, encoding="utf-8")
    elif suffix in (".csv", ".tsv"):
        mark = "," if suffix == ".csv" else "\t"
        path.write_text(f'name{mark}note\n张伟{mark}"{NOTE}"\n', encoding="utf-8")
    elif suffix == ".parquet":
        parquet.write_table(pa.table({"name": ["张伟", None], "note": [NOTE, ""], "n": [1, 2]}), path)
    else:
        path.write_text(json.dumps({"name": "张伟", "notes": [{"note": NOTE}], "n": 1}) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_loses_its_identifiers_and_keeps_the_rest(tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    deid = _deid()
    done = deidentify(_written(tmp_path, suffix), out, deid)
    said = str(parquet.read_table(out).to_pylist()) if suffix == ".parquet" else out.read_text(encoding="utf-8")
    assert not [one for one in SECRETS if one in said]
    assert "was seen on [DATE]" in said
    assert done.found["date"] == 1 and done.records >= 1
    assert "Tesfaye" not in repr(done)


def test_a_folder_is_mirrored_without_names_in_its_names(tmp_path):
    source = tmp_path / "in"
    (source / "sub").mkdir(parents=True)
    _written(source, ".csv")
    (source / "sub" / "john_smith.txt").write_text(NOTE)
    (source / "scan.pdf").write_bytes(b"%PDF")
    done = deidentify(source, tmp_path / "out", _deid())
    names = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*"))
    assert names == ["notes.csv", "sub/file000002.txt"]
    assert (done.files, done.skipped) == (2, 1)


def test_nothing_is_left_of_what_fails(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    _written(source, ".csv")
    (source / "z.jsonl").write_text("not json\n")
    with pytest.raises(CohortError, match="line 1: is not a JSON object"):
        deidentify(source, tmp_path / "out", _deid())
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_patients_get_codes_and_keep_their_surrogates(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("pid,note\n7,Mr. Tesfaye on 03/04/2021\n7,Mr. Tesfaye\n8,Mr. Tesfaye\n")
    plan = plan_of(base="surrogate", keyed=Keyed(key=b"0" * 32))
    deidentify(path, tmp_path / "b.csv", Deidentifier(plan=plan), choice=Choice(patient="pid"))
    rows = [line.split(",") for line in (tmp_path / "b.csv").read_text().splitlines()[1:]]
    assert rows[0][0] == rows[1][0] != rows[2][0]
    assert rows[0][1].split(" on ")[0] == rows[1][1] != rows[2][1]


def test_columns_are_chosen_or_kept(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\nMr. Tesfaye,Mr. Tesfaye\n")
    deidentify(path, tmp_path / "b.csv", _deid(), choice=Choice(columns=["a"]))
    assert (tmp_path / "b.csv").read_text().splitlines()[1] == "Mr. [NAME],Mr. Tesfaye"
    deidentify(path, tmp_path / "c.csv", _deid(), choice=Choice(keep=["a"]))
    assert (tmp_path / "c.csv").read_text().splitlines()[1] == "Mr. Tesfaye,Mr. [NAME]"
    with pytest.raises(ColumnError, match="no column 'bb'"):
        deidentify(path, tmp_path / "d.csv", _deid(), choice=Choice(columns=["bb"]))
    with pytest.raises(ColumnError, match="both to be read and to be kept"):
        deidentify(path, tmp_path / "d.csv", _deid(), choice=Choice(columns=["a"], keep=["a"]))


def test_fhir_links_still_agree(tmp_path):
    patient = {
        "resourceType": "Patient", "id": "abc", "name": [{"family": "Tesfaye", "given": ["Abel"]}], "birthDate": "1970-02-03",
        "telecom": [{"system": "phone", "value": "555 1"}], "photo": [{"data": "AAAA"}], "gender": "male",
        "address": [{"line": ["1 X"], "city": "Leeds"}], "identifier": [{"value": "Z9"}],
    }  # fmt: skip
    document = {
        "resourceType": "DocumentReference", "id": "d", "subject": {"reference": "Patient/abc", "display": "Abel Tesfaye"},
        "content": [{"attachment": {"contentType": "text/plain", "data": base64.b64encode(NOTE.encode()).decode()}}],
    }  # fmt: skip
    source = tmp_path / "b.json"
    entries = [{"fullUrl": "Patient/abc", "resource": patient}, {"resource": document}]
    source.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    done = deidentify(source, tmp_path / "o.json", _deid())
    text = (tmp_path / "o.json").read_text()
    made = json.loads(text)["entry"]
    assert not [one for one in ("Tesfaye", "Abel", "1970", "555", "Leeds", "Z9", "abc", "AAAA") if one in text]
    assert made[0]["fullUrl"] == made[1]["resource"]["subject"]["reference"] == f"Patient/{made[0]['resource']['id']}"
    assert made[0]["resource"]["gender"] == "male"
    note = base64.b64decode(made[1]["resource"]["content"][0]["attachment"]["data"]).decode()
    assert note == "Mr. [NAME] was seen on [DATE]; call [PHONE]."
    assert done.records == 2


@pytest.mark.parametrize(
    ("source", "out", "said"),
    [
        ("no.csv", "b.csv", "no such file or folder"),
        ("a.csv", "a.csv", "is the input itself"),
        ("a.csv", "b.txt", r"name it \*\.csv"),
        ("a.doc", "b.doc", "files ending in '.doc' cannot be read"),
        (".", "out", "is the input itself or inside it"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, source, out, said):
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "a.doc").write_text("a")
    with pytest.raises((CohortError, OutputError), match=said):
        deidentify(tmp_path / source, tmp_path / out, _deid())
