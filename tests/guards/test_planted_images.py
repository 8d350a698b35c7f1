"""Names in the headers of DICOM files, in the names of files and of folders are told by nothing that a study writes."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
import yaml
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

_SPEC = importlib.util.spec_from_file_location("planted_string", Path(__file__).parent / "test_planted_string.py")
planted = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)

IN_HEADER, IN_FILE, IN_FOLDER, IN_MRN = "QZXHEADERPLANTED", "qzxfileplanted", "qzxfolderplanted", "QZX-MRN-31313"
SECRETS = (IN_HEADER, IN_FILE, IN_FOLDER, IN_MRN, planted.NAMES[1])
N = 80


def _dicom(path: Path, number: int) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = SecondaryCaptureImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[f"one {number}"])
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientName, data.PatientID = f"{IN_HEADER}^{planted.NAMES[1]}", IN_MRN
    data.InstitutionName = data.StudyDescription = data.ImageComments = data.Modality = IN_HEADER
    data.Rows = data.Columns = 32
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    pixels = np.random.default_rng(number).integers(60, 120, (32, 32)).astype(np.uint8)
    pixels[4:14, 4:14] += 100 * (number % 2)
    data.PixelData = pixels.tobytes()
    data.save_as(path, enforce_file_format=True)


def _study(folder: Path) -> Path:
    (folder / IN_FOLDER).mkdir(parents=True)
    with (folder / "records.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "film", "dx"])
        for i in range(N):
            name = f"{IN_FOLDER}/{IN_FILE}-{planted.NAMES[1]}-{i}.dcm"
            _dicom(folder / name, i)
            writer.writerow([f"r{i}", name, "ill" if i % 2 else "well"])
    study = {
        "study": "films",
        "cohort": {
            "source": "records.csv",
            "id": "id",
            "inputs": {"image": {"column": "film", "size": 32}},
            "target": {"column": "dx"},
        },
        "training": {"epochs": 1, "track": []},
        "assess": {"resamples": 100, "baselines": False},
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return folder / "study.yaml"


def _told_in(folder: Path) -> dict[str, list[str]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            told = planted._told_in_bytes(path.read_bytes(), SECRETS)
            if path.suffix == ".parquet":
                told += planted._told(json.dumps(planted.pq.read_table(path).to_pylist(), default=str), SECRETS)
            if told:
                found[str(path.relative_to(folder))] = told
    return found


@pytest.fixture
def primum(forks):
    """Carry out a command in a process of its own."""
    return lambda folder, *arguments: forks.run(*arguments, cwd=folder, env=planted._surroundings(folder))


@pytest.mark.slow
def test_a_study_of_films_tells_no_name(primum, tmp_path):
    study = _study(tmp_path)
    assert IN_MRN in str(pydicom.dcmread(next((tmp_path / IN_FOLDER).iterdir())).PatientID)
    done = primum(tmp_path, "run", str(study), "--out", "run", "--json")
    assert done.returncode in (0, 3, 4), done.stderr
    assert planted._told(done.stdout + done.stderr, SECRETS) == []
    assert (tmp_path / "run" / "report.html").is_file()
    assert _told_in(tmp_path / "run") == {} and _told_in(tmp_path / "tmp") == {}
    told = primum(tmp_path, "predict", "run", "records.csv", "--out", "new.jsonl")
    assert told.returncode == 0, told.stderr
    assert planted._told(told.stdout + told.stderr + (tmp_path / "new.jsonl").read_text("utf-8"), SECRETS) == []


@pytest.mark.parametrize("fault", ["cut", "no picture", "gone", "a folder", "unreadable header"])
def test_what_is_wrong_with_a_film_is_told_by_its_row(primum, tmp_path, fault):
    study = _study(tmp_path)
    path = tmp_path / IN_FOLDER / f"{IN_FILE}-{planted.NAMES[1]}-5.dcm"
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-700])
    elif fault == "no picture":
        data = pydicom.dcmread(path)
        del data.PixelData
        data.save_as(path)
    elif fault == "unreadable header":
        path.write_bytes(IN_HEADER.encode() * 100)
    else:
        path.unlink()
        if fault == "a folder":
            path.mkdir()
    done = primum(tmp_path, "check", str(study), "--json")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "row 6" in json.loads(done.stdout)["error"]
    assert planted._told(done.stdout + done.stderr, SECRETS) == []
    assert _told_in(tmp_path / "tmp") == {}
