"""`primum mark --stow` as a user meets it: what arrives, what is refused, and what the ledger keeps of it."""

from __future__ import annotations

import hashlib
import io
import json

import numpy as np
import pytest

from primum.apps.imaging import NOTICE
from primum.apps.imaging.dicomweb import check_marked
from primum.cli.main import main
from primum.errors import InputError
from primum.ethics.ledger import Ledger

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("highdicom")

SR, SC = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture
def sent(tmp_path, film, capsys):
    """Return what marking and sending a film says, with its exit code, and the folder of files."""
    model = tmp_path / "runs" / "films" / "model"
    model.mkdir(parents=True)
    (model.parent / "study.yaml").write_text(
        "study: films\ncohort: {source: r.csv, inputs: {image: film}, target: {column: dx}}\n", encoding="utf-8"
    )
    (model / "model.safetensors").write_bytes(b"weights")
    film(1, study=7).save_as(tmp_path / "scan.dcm", enforce_file_format=True)
    (tmp_path / "r.jsonl").write_text('{"label": "nodule", "box": [10, 20, 30, 40], "score": 0.9}\n', encoding="utf-8")
    np.save(tmp_path / "h.npy", np.zeros((64, 64)))

    def run(url, outputs="png,seg,sr,pr,sc"):
        given = ["--regions", str(tmp_path / "r.jsonl"), "--heat", str(tmp_path / "h.npy"), "--class", "nodule"]
        out = tmp_path / "out"
        given += ["--as", outputs, "--out", str(out), "--stow", url, "--json"]
        code = main(["mark", str(model.parent), str(tmp_path / "scan.dcm"), *given])
        said = capsys.readouterr()
        return code, json.loads(said.out), said.err, out

    return run


@pytest.fixture
def entries(tmp_path):
    """Return the ledger's entries beside the run."""

    def read():
        place = tmp_path / "runs" / "ledger.sqlite"
        with Ledger.open(str(place), create=False) as ledger:
            assert ledger.verify().ok
            return ledger.entries(kind="sending")

    return read


def test_what_was_written_arrives_byte_for_byte_and_is_recorded(sent, store, address, entries, secret):
    code, answer, _, out = sent(address)
    host = address.split("/")[2]
    assert code == 0 and answer["sent"] == {"host": host, "files": 4}
    files = {path.name: pydicom.dcmread(path) for path in out.glob("*.dcm")}
    assert len(files) == len(store.kept) == 4
    for data in files.values():
        arrived = pydicom.dcmread(io.BytesIO(store.kept[data.SOPInstanceUID]))
        assert arrived == data and arrived.file_meta.TransferSyntaxUID == data.file_meta.TransferSyntaxUID
        assert arrived.SeriesDescription == NOTICE and arrived.StudyInstanceUID == "1.2.826.0.1.7"
    [entry] = entries()
    uids = "\n".join(sorted(store.kept))
    assert entry.subject == hashlib.sha256(b"weights").hexdigest()
    assert entry.content == {
        "host": host,
        "outcome": "stored",
        "files": 4,
        "failed": 0,
        "uids_sha256": hashlib.sha256(uids.encode()).hexdigest(),
    }
    assert secret not in json.dumps(entry.to_json())


@pytest.mark.parametrize(
    ("refused", "outputs", "says", "outcome", "kept"),
    [
        (
            {SR: 0x0122},
            "sr,sc",
            "1 of 2 files were not stored: sr.dcm (this kind of file is not kept, 0122).",
            "partly",
            1,
        ),
        (
            {SC: 0xA901},
            "sc",
            "1 of 1 files were not stored: sc.dcm (the file does not match its kind, A901).",
            "refused",
            0,
        ),
        ({SC: 0xB123}, "sc", "sc.dcm (B123).", "refused", 0),
    ],
)
def test_files_that_the_archive_does_not_store_are_named(
    refused, outputs, says, outcome, kept, sent, store, address, entries
):
    store.refused = refused
    code, answer, _, out = sent(address, outputs)
    assert code == 2 and says in answer["error"] and len(store.kept) == kept
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{one}.dcm" for one in outputs.split(","))
    [entry] = entries()
    assert (entry.content["outcome"], entry.content["files"], entry.content["failed"]) == (outcome, kept, 1)


@pytest.mark.parametrize(
    ("failing", "says", "outcome"),
    [
        (401, "it does not let us in (401)", "refused"),
        (409, "it refused all of the files (409)", "refused"),
        (503, "it failed (503)", "refused"),
        ("drop", "it cannot be reached", "unknown"),
    ],
)
def test_files_are_sent_once_whatever_becomes_of_it(failing, says, outcome, sent, store, address, entries, secret):
    store.failing = [failing]
    code, answer, err, _ = sent(address, "sc")
    assert code == 2 and says in answer["error"] and secret not in answer["error"] + err
    assert [one[0] for one in store.asked] == ["POST"] and not store.kept
    assert [entry.content["outcome"] for entry in entries()] == [outcome]


def test_an_answer_that_names_no_file_is_not_taken_for_success(sent, store, address, entries):
    store.body = b"{}"
    code, answer, *_ = sent(address, "sc")
    assert code == 2 and "sc.dcm (the archive says nothing of it)" in answer["error"]
    assert [entry.content["outcome"] for entry in entries()] == ["unknown"]


def test_nothing_is_recorded_where_nothing_left_this_machine(sent, entries):
    code, answer, *_ = sent("http://127.0.0.1:9/rs", "sc")
    assert code == 2 and "127.0.0.1:9: it cannot be reached" in answer["error"] and entries() == []


@pytest.mark.parametrize(
    ("url", "outputs", "says"),
    [
        ("https://archive.example.org", "png", "--stow: no DICOM file is asked for; add seg, sr, pr or sc to --as."),
        ("http://archive.example.org", "sc", "pictures of patients travel encrypted only"),
    ],
)
def test_what_cannot_be_sent_is_told_before_anything_is_written(url, outputs, says, sent):
    code, answer, _, out = sent(url, outputs)
    assert code == 2 and says in answer["error"] and not out.exists()


def test_a_ledger_that_cannot_be_opened_stops_the_sending(sent, store, address, monkeypatch, tmp_path):
    (tmp_path / "no.sqlite").write_bytes(b"no ledger")
    monkeypatch.setenv("PRIMUM_LEDGER", str(tmp_path / "no.sqlite"))
    code, answer, *_ = sent(address, "sc")
    assert code == 2 and "the ledger cannot be read or written" in answer["error"] and not store.asked


def test_a_file_without_the_notice_is_not_sent(tmp_path, film, secret):
    film(1, study=7).save_as(tmp_path / "scan.dcm", enforce_file_format=True)
    with pytest.raises(InputError, match="scan.dcm: it does not say 'AI, not for diagnosis") as caught:
        check_marked([tmp_path / "scan.dcm"])
    assert secret not in str(caught.value)
    (tmp_path / "text.dcm").write_text("no DICOM", encoding="utf-8")
    with pytest.raises(InputError, match="text.dcm: it is no DICOM file"):
        check_marked([tmp_path / "text.dcm"])
