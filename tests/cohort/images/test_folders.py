"""Folders of images, and single images, as sources."""

import csv
import json

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from primum.cohort import InputRoles, Roles, SensitiveRole, TargetRole, propose_roles, read_cohort, read_records
from primum.cohort.images.reading import quiet
from primum.cohort.readers import open_table
from primum.cohort.roles import ImageRole
from primum.errors import CohortError, ColumnError
from primum.files import write_text

INPUTS = InputRoles(image=ImageRole(column="image", size=32))


def _scan(path, ramp, **said):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", generate_uid()
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.Rows, data.Columns = ramp.shape
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelData = 7, ramp.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    with quiet():  # what is made on purpose is not always what the standard allows
        for name, value in said.items():
            setattr(data, name, value)
        data.save_as(path, enforce_file_format=True)


def _rows(table):
    batches = [batch.to_pylist() for batch in table.batches(table.columns)]
    return [row for batch in batches for row in batch]


@pytest.fixture
def scans(tmp_path, ramp):
    folder = tmp_path / "scans"
    _scan(folder / "ill" / "1.2.3.44", ramp, PatientID="7", PatientSex="F", PatientAge="018M", ViewPosition="AP")
    _scan(folder / "well" / "b.dcm", ramp, PatientID="8", PatientSex="M", PatientAge="061Y", ImageLaterality="L")
    _scan(folder / "well" / "c", ramp, PatientID="8", PatientSex="M", PatientAge="about 60", Manufacturer="Acme")
    (folder / "notes.txt").write_text("no image", encoding="utf-8")
    (folder / ".hidden.png").write_bytes(b"no image")
    return folder


def test_a_folder_is_a_record_a_file_with_its_label_and_its_header(scans):
    table = open_table(scans)
    ill, well, other = _rows(table)
    assert table.facts["files"] == 3 and table.facts["other_files"] == 1
    assert (ill["image"], well["image"], other["image"]) == ("ill/1.2.3.44", "well/b.dcm", "well/c")
    assert [row["label"] for row in (ill, well, other)] == ["ill", "well", "well"]
    assert (ill["PatientID"], ill["PatientAge"], ill["ViewPosition"]) == ("7", "1.5", "AP")
    assert (well["PatientAge"], well["Laterality"], well["Manufacturer"]) == ("61", "L", None)
    assert (other["PatientAge"], other["Manufacturer"]) == (None, "Acme")


def test_a_cohort_of_it_holds_the_same_pictures_and_patients(scans, ramp):
    sex = SensitiveRole(column="PatientSex")
    roles = Roles(inputs=INPUTS, target=TargetRole(column="label"), patient="PatientID", sensitive=[sex])
    cohort = read_cohort(scans, roles)
    assert list(cohort.patients) == ["7", "8", "8"] and list(cohort.sensitive["PatientSex"]) == ["F", "M", "M"]
    assert cohort.records.image is not None
    first = cohort.records.image.take([0])[0, ..., 0]
    assert np.corrcoef(first.ravel(), ramp.ravel())[0, 1] > 0.999


def test_patients_that_headers_name_are_not_taken_apart(scans):
    with pytest.raises(ColumnError, match=r"cohort.patient is left out; set it to PatientID"):
        read_cohort(scans, Roles(inputs=INPUTS, target=TargetRole(column="label")))


def test_plain_pictures_need_no_patient_and_have_no_header(tmp_path, ramp, file_of):
    for name in ("ill/1.png", "ill/2.png", "well/3.PNG"):
        path = tmp_path / "films" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file_of(ramp, "PNG"))
    assert open_table(tmp_path / "films").columns == ("image", "label")
    cohort = read_cohort(tmp_path / "films", Roles(inputs=INPUTS, target=TargetRole(column="label")))
    assert [cohort.target.classes[at] for at in cohort.target.values] == ["ill", "ill", "well"]


def test_one_image_is_one_record(scans, tmp_path, ramp, file_of):
    (tmp_path / "one.png").write_bytes(file_of(ramp, "PNG"))
    for path in (scans / "ill" / "1.2.3.44", scans / "well" / "b.dcm", tmp_path / "one.png"):
        ids, records = read_records(path, INPUTS)
        assert len(ids) == 1 and records.image is not None


def test_a_table_in_the_folder_is_the_table_and_headers_are_added(scans):
    with (scans / "metadata.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["image", "finding", "PatientSex"], ["well/b.dcm", "x", "own"], ["", "y", ""]])
    first, second = _rows(open_table(scans))
    assert (first["finding"], first["PatientSex"], first["PatientID"]) == ("x", "own", "8")  # the table's word stands
    assert second["PatientID"] is None
    ids, _ = read_records(scans, INPUTS)
    assert len(ids) == 2


def test_what_gives_no_table_ends_in_one_sentence(tmp_path, scans):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CohortError, match=r"is a folder without images; expected images, a metadata.csv"):
        open_table(tmp_path / "empty")
    write_text(scans / "metadata.csv", "image\n")
    write_text(scans / "metadata.jsonl", json.dumps({"image": ""}) + "\n")
    with pytest.raises(CohortError, match=r"scans: holds metadata.csv and metadata.jsonl; keep one"):
        open_table(scans)


def test_another_file_gives_another_hash_and_headers_are_no_inputs(scans, ramp):
    before = open_table(scans).facts["sha256"]
    _scan(scans / "well" / "d.dcm", ramp, PatientID="9", PatientSex="F")
    assert open_table(scans).facts["sha256"] != before
    roles = {proposal.column: proposal.role for proposal in propose_roles(scans)}
    assert (roles["image"], roles["label"], roles["PatientID"]) == ("image", "target", "patient")
    assert roles["PatientSex"] == "sensitive" and "vitals" not in roles.values()


def test_a_damaged_header_says_nothing_of_what_it_holds(scans, capsys, recwarn):
    path = scans / "well" / "b.dcm"
    path.write_bytes(path.read_bytes()[:300] + b"Planted^Name")
    rows = _rows(open_table(scans))
    said = capsys.readouterr()
    assert rows[1]["PatientSex"] is None and not recwarn.list
    assert "Planted" not in said.out + said.err
