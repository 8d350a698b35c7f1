"""What is written is read back by pydicom and highdicom, and says what was marked, of whom, and by what."""

from __future__ import annotations

import io

import numpy as np
import pytest

from primum.apps.imaging import (
    NOTICE,
    OUTPUTS,
    Marks,
    capture,
    heat_segmentation,
    overlay,
    presentation_state,
    segmentation,
    structured_report,
    write_marks,
)
from primum.apps.imaging.source import silent
from primum.errors import InputError
from primum.evidence.regions import Region

pydicom = pytest.importorskip("pydicom")
hd = pytest.importorskip("highdicom")

GREY = ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "J2K_pixelrep_mismatch.dcm", "image_dfl.dcm")
COLOUR = ("SC_rgb_jpeg_gdcm.dcm", "examples_rgb_color.dcm", "SC_ybr_full_422_uncompressed.dcm")
OF_PATIENT = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "StudyDate")


def read_back(made):
    written = io.BytesIO()
    made.save_as(written, enforce_file_format=True)
    return pydicom.dcmread(io.BytesIO(written.getvalue()))


@pytest.mark.parametrize("name", [*GREY, *COLOUR])
def test_segments_are_the_masks_bit_for_bit(name, opened, marks_of, maker):
    source = opened(name)
    marks = marks_of(source)
    found = read_back(segmentation(source, marks, maker))
    masks = [region.mask for region in marks.regions if region.mask is not None]
    assert found.SegmentationType == "BINARY" and len(found.SegmentSequence) == len(masks) == 2
    frames = found.pixel_array.reshape(-1, *source.size)
    for number, mask in enumerate(masks, start=1):
        of_it = [
            frame
            for frame, group in zip(frames, found.PerFrameFunctionalGroupsSequence, strict=True)
            if group.SegmentIdentificationSequence[0].ReferencedSegmentNumber == number
        ]
        assert len(of_it) == 1
        np.testing.assert_array_equal(of_it[0].astype(bool), mask)
    assert [one.SegmentLabel for one in found.SegmentSequence] == ["lesion", "肺炎"]
    by = found.SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0]
    assert by.AlgorithmName == "primum" and maker.release in str(by.AlgorithmParameters)


def test_heat_is_kept_to_within_half_a_step(opened, marks_of, maker):
    source = opened("CT_small.dcm")
    marks = marks_of(source)
    found = read_back(heat_segmentation(source, marks, maker))
    assert found.SegmentationType == "FRACTIONAL" and found.MaximumFractionalValue == 255
    np.testing.assert_allclose(found.pixel_array.reshape(source.size) / 255.0, marks.heat, atol=0.5 / 255 + 1e-12)


def test_an_empty_mask_is_a_segment_of_nothing(opened, maker):
    source = opened("CT_small.dcm")
    nothing = Region(label="lesion", box=(1, 1, 5, 5), mask=np.zeros(source.size, bool))
    found = read_back(segmentation(source, Marks(regions=(nothing,)), maker))
    assert not found.pixel_array.any()


@pytest.mark.parametrize("name", [*GREY, *COLOUR])
def test_the_report_holds_boxes_labels_and_certainty(name, opened, marks_of, maker):
    source = opened(name)
    marks = marks_of(source)
    found = read_back(structured_report(source, marks, maker))
    report = hd.sr.ComprehensiveSR.from_dataset(found)
    assert found.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    groups = report.content.get_planar_roi_measurement_groups()
    assert len(groups) == len(marks.regions)
    for region, group in zip(marks.regions, groups, strict=True):
        left, top, right, bottom = region.box
        corners = group.roi.value
        assert group.roi.graphic_type.value == "POLYLINE"
        np.testing.assert_allclose([*corners.min(axis=0), *corners.max(axis=0)], [left, top, right, bottom], rtol=1e-6)
        assert group.finding_type.meaning == region.label
        certain = [one.value for one in group.get_measurements()]
        assert certain == pytest.approx([] if region.score is None else [100 * region.score])
    assert groups[0].finding_type.value == groups[2].finding_type.value != groups[1].finding_type.value
    assert found.VerificationFlag == "UNVERIFIED" and maker.release in str(found)
    referenced = found.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert referenced.ReferencedSOPInstanceUID == source.header.SOPInstanceUID


def test_a_report_on_one_frame_of_many_names_the_frame(opened, marks_of, maker):
    source = opened("examples_ybr_color.dcm")
    assert source.frames == 30 and source.frame == 15
    report = hd.sr.ComprehensiveSR.from_dataset(read_back(structured_report(source, marks_of(source), maker)))
    group = report.content.get_planar_roi_measurement_groups()[0]
    [referenced] = [one for one in group.roi.ContentSequence]
    assert referenced.ReferencedSOPSequence[0].ReferencedFrameNumber == 16


@pytest.mark.parametrize("name", [*GREY, *COLOUR])
def test_the_viewer_is_told_the_boxes(name, opened, marks_of, maker):
    source = opened(name)
    marks = marks_of(source)
    found = read_back(presentation_state(source, marks, maker))
    uids = pydicom.uid
    expected = (
        uids.GrayscaleSoftcopyPresentationStateStorage if name in GREY else uids.ColorSoftcopyPresentationStateStorage
    )
    assert found.SOPClassUID == expected
    [annotation] = found.GraphicAnnotationSequence
    for region, drawn in zip(marks.regions, annotation.GraphicObjectSequence, strict=True):
        left, top, right, bottom = region.box
        corners = [left, top, right, top, right, bottom, left, bottom, left, top]
        np.testing.assert_allclose(drawn.GraphicData, corners, rtol=1e-6)
        assert drawn.GraphicAnnotationUnits == "PIXEL" and drawn.GraphicFilled == "N"
    words = [one.UnformattedTextValue for one in annotation.TextObjectSequence]
    assert words == ["lesion 84 %", "肺炎", "lesion 100 %"]


@pytest.mark.parametrize("name", [*GREY, *COLOUR])
def test_a_capture_is_the_overlay_and_says_that_words_are_in_it(name, opened, marks_of, maker):
    source = opened(name)
    marks = marks_of(source)
    found = read_back(capture(source, marks, maker))
    assert found.SOPClassUID == pydicom.uid.SecondaryCaptureImageStorage
    factor = {64: 4, 100: 3, 128: 2}.get(source.size[1], 1)
    assert found.pixel_array.shape == (factor * source.size[0], factor * source.size[1], 3)
    assert found.Columns >= 256
    plain = overlay(source.picture, Marks(heat=marks.heat), notice=False).repeat(factor, 0).repeat(factor, 1)
    left, top, right, bottom = (factor * end for end in marks.regions[1].box)
    rows = slice(int(top) + 2 * factor, int(bottom) - 2 * factor)  # within the second box, away from its line and words
    columns = slice(int(0.75 * (right - left) + left), int(right) - 2 * factor)
    inside = marks.regions[1].mask.repeat(factor, 0).repeat(factor, 1)[rows, columns]
    drawn = found.pixel_array[rows, columns]
    assert inside.any()
    np.testing.assert_array_equal(drawn, plain[rows, columns])
    assert found.BurnedInAnnotation == "YES" and found.DerivationDescription == NOTICE
    assert found.SourceImageSequence[0].ReferencedSOPInstanceUID == source.header.SOPInstanceUID
    assert (found.PatientOrientation or "") == source.header.get("PatientOrientation", "")


@pytest.mark.parametrize("make", [segmentation, heat_segmentation, structured_report, presentation_state, capture])
def test_patient_and_study_are_the_sources_and_the_series_is_new(make, opened, marks_of, maker):
    source = opened("CT_small.dcm")
    found = read_back(make(source, marks_of(source), maker))
    for name in OF_PATIENT:
        assert str(found.get(name, "")) == str(source.header.get(name, "")), name
    assert found.SeriesInstanceUID != source.header.SeriesInstanceUID
    assert found.SOPInstanceUID != source.header.SOPInstanceUID
    assert found.SeriesDescription == NOTICE and found.Manufacturer == "primum"
    again = make(source, marks_of(source), maker)
    assert again.SOPInstanceUID != found.SOPInstanceUID


@pytest.mark.parametrize("make", [segmentation, structured_report, presentation_state, capture])
def test_what_the_source_lacks_stays_empty(make, opened, marks_of, maker):
    source = opened("MR_small.dcm")
    for name in ("PatientName", "PatientBirthDate", "AccessionNumber", "ReferringPhysicianName"):
        setattr(source.header, name, "")
    found = read_back(make(source, marks_of(source), maker))
    assert [str(found.get(name) or "") for name in ("PatientName", "PatientBirthDate", "AccessionNumber")] == [""] * 3


def test_names_are_not_spoken_of(opened, marks_of, maker, caplog, recwarn):
    source = opened("CT_small.dcm")
    source.header.PatientName = "Quattlebaum"
    with silent():
        source.header.StudyTime = "nonsense Quattlebaum"
    with pytest.raises(InputError) as raised:
        segmentation(source, marks_of(source), maker)
    assert "Quattlebaum" not in str(raised.value) + caplog.text
    assert not [one for one in recwarn if "Quattlebaum" in str(one.message)]


def test_all_outputs_are_written_or_none(opened, marks_of, maker, tmp_path):
    source = opened("CT_small.dcm")
    files = write_marks(source, marks_of(source), maker, tmp_path / "all", outputs=[*OUTPUTS])
    assert [one.name for one in files] == ["overlay.png", "seg.dcm", "heat-seg.dcm", "sr.dcm", "pr.dcm", "sc.dcm"]
    assert all(one.stat().st_size for one in files)
    boxes = Marks(regions=(Region(label="a", box=(0, 0, 5, 5)),))
    with pytest.raises(InputError, match="seg: no region has a mask; ask for sr or pr"):
        write_marks(source, boxes, maker, tmp_path / "none", outputs=["png", "seg"])
    assert not (tmp_path / "none").exists()
    with pytest.raises(InputError, match="--as: 'segg' is no output.*choose of png, seg, sr, pr, sc"):
        write_marks(source, boxes, maker, tmp_path / "none", outputs=["segg"])


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        (Marks(), "there is no region and no heat map"),
        (Marks(regions=(Region(label="a", box=(0, 0, 65, 5)),)), "region 1: its box is empty or leaves the picture"),
        (Marks(regions=(Region(label="a", box=(3, 3, 3, 5)),)), "region 1: its box is empty or leaves"),
        (Marks(regions=(Region(label=" ", box=(0, 0, 5, 5)),)), "region 1: it has no label"),
        (Marks(regions=(Region(label="a", box=(0, 0, 5, 5), score=1.5),)), "its score is outside 0 to 1"),
        (Marks(regions=(Region(label="a", box=(0, 0, 5, 5), mask=np.ones((3, 3), bool)),)), "its mask's shape is"),
        (Marks(heat=np.zeros((3, 3))), "heat map: its shape is"),
        (Marks(heat=np.full((64, 64), np.nan)), "heat map: a value is outside 0 to 1"),
    ],
)
@pytest.mark.parametrize("make", [segmentation, structured_report, presentation_state, capture])
def test_marks_that_do_not_fit_are_refused(make, marks, says, opened, maker):
    with pytest.raises(InputError, match=says):
        make(opened("MR_small.dcm"), marks, maker)


def test_a_picture_without_a_header_has_an_overlay_and_no_dicom(tmp_path, maker):
    from PIL import Image

    from primum.apps.imaging import open_source

    Image.fromarray(np.zeros((40, 30), np.uint8)).save(tmp_path / "film.png")
    source = open_source(tmp_path / "film.png")
    marks = Marks(regions=(Region(label="a", box=(0, 0, 5, 5)),))
    assert [p.name for p in write_marks(source, marks, maker, tmp_path / "o", outputs=["png"])] == ["overlay.png"]
    with pytest.raises(InputError, match="it is no DICOM file, whose patient and study"):
        structured_report(source, marks, maker)
