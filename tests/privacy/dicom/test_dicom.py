"""DICOM without identifiers: nothing planted stays, in header, pixels or beside them; what a model needs does."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from primum.cli.main import main
from primum.errors import CohortError, OutputError
from primum.privacy.deid import Deidentifier, Keyed, plan_of
from primum.privacy.dicom import Profile, clean_file, clean_folder, find_text, is_dicom
from primum.privacy.dicom.table import action_for, listed

KEY = b"k" * 32
SECRETS = ("DOE", "Jane", "JANE", "0048213", "19570304", "19991231", "Elmstreet", "Meyer", "St. Planted", "555-0199")
CT = "1.2.840.10008.5.1.4.1.1.2"


def _profile(**more) -> Profile:
    return Profile(keyed=Keyed(key=KEY), texts=Deidentifier(plan=plan_of(base="mask", changes={})), **more)


def _picture(*, text=(), size=512, seed=0) -> np.ndarray:
    """Return a picture of soft shapes in 12 bits with texts burned into it."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:size, 0:size] / size
    shape = 900 * np.exp(-8 * ((rows - 0.5) ** 2 + (columns - 0.5) ** 2)) + rng.normal(0, 20, (size, size))
    image = Image.fromarray(np.clip(shape, 0, 4095).astype(np.int32), mode="I")
    draw = ImageDraw.Draw(image)
    for words, place in text:
        draw.text(place, words, fill=3500, font=ImageFont.load_default(20))
    return np.asarray(image).astype(np.uint16)


def _file(path: Path, *, patient="0048213", text=(), frames=1, study="1.2.3.4", day="19991231") -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CT, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.SourceApplicationEntityTitle = "MEYERSWARD"
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"DOE JANE".ljust(128, b"\0"))
    data.SOPClassUID, data.SOPInstanceUID = CT, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = study, f"{study}.5"
    data.PatientName, data.PatientID, data.PatientBirthDate = "DOE^JANE", patient, "19570304"
    data.PatientSex, data.PatientAge, data.Modality = "F", "094Y", "CT"
    data.StudyDate = data.ContentDate = day
    data.StudyTime, data.AcquisitionDateTime = "101112", f"{day}101112.5"
    data.InstitutionName, data.ReferringPhysicianName = "St. Planted", "Meyer^Anna"
    data.StudyDescription, data.Manufacturer = "CT of Jane Doe", "ACME"
    data.PatientAddress, data.ImageComments = "1 Elmstreet", "call Dr. Meyer 555-0199"
    data.add_new(0x00189999, "LO", "Patient: Jane Doe, MRN 0048213")
    data.private_block(0x0011, "ACME", create=True).add_new(0x01, "LO", "DOE JANE 0048213")
    inner = Dataset()
    inner.PersonName, inner.ReferencedSOPInstanceUID = "DOE^JANE", f"{study}.77"
    inner.private_block(0x0013, "ACME", create=True).add_new(0x01, "LO", "DOE JANE")
    data.RequestAttributesSequence = Sequence([inner])
    data.add_new(0x60003000, "OW", b"DOE JANE")
    data.add_new(0xFFFCFFFC, "OB", b"DOE JANE")
    pixels = np.stack([_picture(text=text, seed=one) for one in range(frames)])
    data.Rows = data.Columns = 512
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    if frames > 1:
        data.NumberOfFrames = frames
    data.PixelData = pixels.tobytes()
    data.save_as(path, enforce_file_format=True)
    return path


def _holds(path: Path) -> list[str]:
    content = path.read_bytes()
    return [one for one in SECRETS if one.encode() in content]


def test_the_made_file_really_holds_what_is_planted(tmp_path):
    assert set(_holds(_file(tmp_path / "a.dcm"))) == set(SECRETS)


def test_nothing_planted_stays_in_any_byte_of_the_header(tmp_path):
    source, out = _file(tmp_path / "a.dcm"), tmp_path / "out.dcm"
    before = source.read_bytes()
    clean_file(source, out, _profile())
    assert _holds(out) == []
    assert source.read_bytes() == before
    data = pydicom.dcmread(out)
    assert not [element for element in data.iterall() if element.tag.is_private]
    assert data.PatientIdentityRemoved == "YES" and data.preamble == b"\0" * 128
    assert "113100" in [item.CodeValue for item in data.DeidentificationMethodCodeSequence]
    assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
    assert "SourceApplicationEntityTitle" not in data.file_meta
    assert (data.PatientSex, data.PatientAge, data.Manufacturer, data.Modality) == ("F", "090Y", "ACME", "CT")
    assert np.array_equal(data.pixel_array, pydicom.dcmread(source).pixel_array), "pixels without text are not touched"


def test_every_attribute_of_the_table_is_changed_or_gone():
    """Brute force: a data set with each listed attribute of a text, of which none may stay."""
    from primum.privacy.dicom import clean_header

    data = Dataset()
    for tag in listed():
        vr = pydicom.datadict.dictionary_VR(tag) if pydicom.datadict.dictionary_has_tag(tag) else "LO"
        if vr in ("LO", "SH", "ST", "LT", "UT", "UC", "PN"):
            data.add_new(tag, vr, "PLANTED")
        elif vr == "UI":
            data.add_new(tag, vr, "1.9.9.9")
        elif vr == "DA":
            data.add_new(tag, vr, "19991231")
    assert len(data) > 300
    kept = FileDataset("x", data, file_meta=FileMetaDataset())
    clean_header(kept, _profile(keep=frozenset()))
    for element in kept.iterall():
        assert "PLANTED" not in str(element.value), element.keyword
        assert str(element.value) not in ("1.9.9.9", "19991231"), element.keyword


def test_repeating_groups_are_known():
    assert action_for(0x60003000) == action_for(0x60223000) == "X"
    assert action_for(0x50100010) == "X"
    assert action_for(0x00280010) is None


def test_one_patient_keeps_one_code_one_shift_and_one_study(tmp_path):
    files = [
        _file(tmp_path / "a.dcm", day="20200101"),
        _file(tmp_path / "b.dcm", day="20200131"),
        _file(tmp_path / "c.dcm", patient="77", study="1.2.3.9", day="20200101"),
    ]
    outs = [tmp_path / f"{one.stem}.out.dcm" for one in files]
    for source, out in zip(files, outs, strict=True):
        clean_file(source, out, _profile())
    one, same, other = map(pydicom.dcmread, outs)
    assert one.PatientID == same.PatientID != other.PatientID
    assert one.StudyInstanceUID == same.StudyInstanceUID != other.StudyInstanceUID
    assert one.StudyInstanceUID.startswith("2.25.") and len(one.StudyInstanceUID) <= 64
    day = lambda data: dt.datetime.strptime(data.StudyDate, "%Y%m%d").date()  # noqa: E731
    assert (day(same) - day(one)).days == 30
    shift = Keyed(key=KEY).days("0048213")
    assert day(one) == dt.date(2020, 1, 1) + dt.timedelta(days=shift), "the same shift as in that patient's table"
    assert one.AcquisitionDateTime[:8] == one.StudyDate and one.StudyTime == "101112"
    assert one.PatientBirthDate == ""


@pytest.mark.parametrize("frames", [1, 3])
def test_what_is_burned_in_is_masked_and_markers_and_anatomy_stay(tmp_path, frames):
    text = [("DOE^JANE 1957-03-04", (14, 12)), ("MRN 0048213", (330, 470)), ("L", (480, 250))]
    source, out = _file(tmp_path / "a.dcm", text=text, frames=frames), tmp_path / "out.dcm"
    done = clean_file(source, out, _profile())
    assert done.masked == 1 and done.boxes >= 2
    data = pydicom.dcmread(out)
    pixels = data.pixel_array.reshape(frames, 512, 512)
    original = pydicom.dcmread(source).pixel_array.reshape(frames, 512, 512)
    for frame, old in zip(pixels, original, strict=True):
        shown = (np.clip(frame / 4095, 0, 1) * 255).astype(np.uint8)
        assert all(box.marker for box in find_text(shown))
        assert np.array_equal(frame[100:440, 100:440], old[100:440, 100:440]), "anatomy is as it was"
        assert np.array_equal(frame[245:280, 475:500], old[245:280, 475:500]), "the marker is as it was"
    assert data.BurnedInAnnotation == "NO"


def test_chinese_that_is_burned_in_is_found():
    names = ("*wqy*.tt[cf]", "*CJK*.tt[cf]")
    font = next((one for name in names for one in Path("/usr/share/fonts").rglob(name)), None)
    if font is None:
        pytest.skip("no Chinese font on this machine")
    image = Image.new("L", (512, 512), 20)
    ImageDraw.Draw(image).text((20, 20), "张伟 住院号 0048213", fill=240, font=ImageFont.truetype(str(font), 24))
    assert any(not box.marker for box in find_text(np.asarray(image)))


def test_a_folder_keeps_patients_apart_and_lists_what_to_look_at(tmp_path):
    source, out = tmp_path / "DOE JANE", tmp_path / "out"
    source.mkdir()
    _file(source / "DOE_1.dcm", text=[("DOE^JANE 1957", (14, 12))])
    _file(source / "DOE_2.dcm")
    _file(source / "x.dcm", patient="77", study="9.9")
    (source / "broken.dcm").write_bytes((source / "x.dcm").read_bytes()[:900])
    (source / "notes.txt").write_text("DOE JANE", encoding="utf-8")
    done = clean_folder(source, out, _profile())
    assert (done.files, done.patients, done.masked, [one.why for one in done.held]) == (3, 2, 1, ["unreadable"])
    written = sorted(path for path in out.rglob("*") if path.is_file())
    assert len([path for path in written if path.suffix == ".dcm"]) == 3
    assert all(_holds(path) == [] and "DOE" not in str(path.relative_to(out)) for path in written)
    rows = list(csv.DictReader((out / "review.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["what"] for row in rows} == {"masked", "unreadable"}
    assert [row["input_number"] for row in rows if row["what"] == "unreadable"] == ["3"]


def test_pixels_that_cannot_be_read_are_never_written(tmp_path):
    source = _file(tmp_path / "a.dcm")
    data = pydicom.dcmread(source)
    data.PixelData = data.PixelData[:1000]
    data.save_as(source)
    with pytest.raises(CohortError, match=r"a\.dcm: its pixels cannot be decoded"):
        clean_file(source, tmp_path / "out.dcm", _profile())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.dcm"]


def test_a_document_inside_is_refused(tmp_path):
    source = _file(tmp_path / "a.dcm")
    data = pydicom.dcmread(source)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    data.save_as(source)
    with pytest.raises(CohortError, match="holds a document"):
        clean_file(source, tmp_path / "out.dcm", _profile())


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small.dcm",
        "JPEG2000.dcm",
        "SC_rgb_rle.dcm",
        "examples_ybr_color.dcm",
        "examples_palette.dcm",
    ],
)
def test_real_files_stay_readable_and_what_is_compressed_is_written_plainly(tmp_path, name):
    source = get_testdata_file(name, download=False)
    assert source is not None
    clean_file(Path(source), tmp_path / "out.dcm", _profile())
    data = pydicom.dcmread(tmp_path / "out.dcm")
    assert not data.file_meta.TransferSyntaxUID.is_compressed
    assert data.pixel_array.size == pydicom.dcmread(source).pixel_array.size


def test_the_command(tmp_path, capsys):
    source = tmp_path / "in"
    source.mkdir()
    _file(source / "a.dcm", text=[("DOE^JANE 1957", (14, 12))])
    (tmp_path / "key").write_bytes(KEY)
    command = ["deid", str(source), "--out", str(tmp_path / "out"), "--key", str(tmp_path / "key"), "--json"]
    assert main(command) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["files"], said["masked"]) == (1, 1)
    assert main([*command[:3], str(tmp_path / "two"), "--lang", "zh"]) == 0
    assert "DICOM" in capsys.readouterr().out
    assert main(command) == 2, "the place is taken"


def test_places_are_checked(tmp_path):
    source = _file(tmp_path / "a.dcm")
    with pytest.raises(OutputError, match="is the input itself"):
        clean_file(source, source, _profile())
    with pytest.raises(OutputError, match="or inside it"):
        clean_folder(tmp_path, tmp_path / "in", _profile())
    assert is_dicom(source) and is_dicom(tmp_path)
    (tmp_path / "b.txt").write_text("x", encoding="utf-8")
    assert not is_dicom(tmp_path / "b.txt")
