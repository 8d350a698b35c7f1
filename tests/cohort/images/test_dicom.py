"""pydicom's own files, all of them; and shades against what pydicom computes of the same frame."""

from pathlib import Path

import numpy as np
import pytest

from primum.cohort.images import Unreadable, read_picture
from primum.cohort.images.reading import quiet

pydicom = pytest.importorskip("pydicom")


@pytest.fixture(scope="module")
def files():
    import pydicom.data

    found = sorted(p for p in (Path(pydicom.data.__file__).parent / "test_files").rglob("*") if p.is_file())
    return {str(p.relative_to(p.parents[1])): p for p in found}


def _named(files, name):
    return next(path for key, path in files.items() if path.name == name)


def test_every_sample_file_is_read_or_refused_with_a_reason(files, role):
    read, reasons = [], {}
    with quiet():
        for path in files.values():
            try:
                picture = read_picture(path.read_bytes(), role(size=64))
            except Unreadable as exc:
                reasons.setdefault(exc.does, []).append(path.name)
                continue
            assert picture.dtype == np.uint8 and picture.shape[:2] == (64, 64)
            read.append(path.name)
    assert len(files) == 176 and len(read) == 86
    with_pixels = {
        name
        for does, names in reasons.items()
        for name in names
        if "without pixels" not in does and "none of" not in does
    }
    assert with_pixels == {
        "JPEG-lossy.dcm",  # a marker segment that libjpeg refuses
        "JPEG2000-embedded-sequence-delimiter.dcm",  # its code stream states a header that cannot be
        "MR_truncated.dcm",
        "badVR.dcm",  # a number of frames that is none
        "SC_rgb_small_odd.dcm",  # 3 by 3 pixels
        "SC_rgb_small_odd_big_endian.dcm",
        "SC_rgb_small_odd_jpeg.dcm",
    }


def test_every_transfer_syntax_of_the_samples_is_among_those_read(files, role):
    wanted = {
        "CT_small.dcm": "Explicit VR Little Endian",
        "6154": "Explicit VR Little Endian",  # a MONOCHROME1 chest film
        "rtdose.dcm": "Implicit VR Little Endian",
        "MR_small_bigendian.dcm": "Explicit VR Big Endian",
        "image_dfl.dcm": "Deflated Explicit VR Little Endian",
        "SC_rgb_rle_16bit_2frame.dcm": "RLE Lossless",
        "examples_ybr_color.dcm": "JPEG Baseline (Process 1)",
        "JPGExtended.dcm": "JPEG Extended (Process 2 and 4)",
        "SC_rgb_jpeg_gdcm.dcm": "JPEG Lossless, Non-Hierarchical, First-Order Prediction "
        "(Process 14 [Selection Value 1])",
        "MR_small_jpeg_ls_lossless.dcm": "JPEG-LS Lossless Image Compression",
        "JPEGLSNearLossless_16.dcm": "JPEG-LS Lossy (Near-Lossless) Image Compression",
        "JPEG2000.dcm": "JPEG 2000 Image Compression",
        "MR_small_jp2klossless.dcm": "JPEG 2000 Image Compression (Lossless Only)",
    }
    with quiet():
        for name, syntax in wanted.items():
            path = _named(files, name)
            assert pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID.name == syntax
            assert read_picture(path.read_bytes(), role()).std() > 1


def test_lossless_compression_changes_no_pixel(files, role):
    plain = read_picture(_named(files, "MR_small.dcm").read_bytes(), role(size=64))
    for name in ("MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm"):
        np.testing.assert_array_equal(read_picture(_named(files, name).read_bytes(), role(size=64)), plain)


def test_a_window_in_hounsfield_units_shows_what_it_should(files, role):
    path = _named(files, "CT_small.dcm")
    data = pydicom.dcmread(path)
    units = data.pixel_array.astype(float) * float(data.RescaleSlope) + float(data.RescaleIntercept)
    found = read_picture(path.read_bytes(), role(size=128, window=(40.0, 400.0)))
    wanted = np.rint(np.clip((units - 39.5) / 399.0 + 0.5, 0, 1) * 255)
    assert np.abs(found.astype(float) - wanted).max() <= 1


def test_the_files_own_window_is_used(files, role):
    from pydicom.pixels import apply_windowing

    path = _named(files, "MR_small.dcm")
    data = pydicom.dcmread(path)
    theirs = apply_windowing(data.pixel_array, data).astype(float)
    bits = int(data.BitsStored)
    wanted = (theirs + 2 ** (bits - 1)) / (2**bits - 1) * 255
    found = read_picture(path.read_bytes(), role(size=64))
    assert np.abs(found.astype(float) - wanted).max() <= 1


def test_monochrome1_is_turned(files, role, tmp_path):
    path = _named(files, "CT_small.dcm")
    data = pydicom.dcmread(path)
    plain = read_picture(path.read_bytes(), role(size=128))
    data.PhotometricInterpretation = "MONOCHROME1"
    data.save_as(tmp_path / "turned.dcm")
    np.testing.assert_array_equal(read_picture((tmp_path / "turned.dcm").read_bytes(), role(size=128)), 255 - plain)


def test_another_frame_of_several_is_another_picture(files, role):
    path = _named(files, "rtdose.dcm")
    data = pydicom.dcmread(path)
    assert int(data.NumberOfFrames) == 15
    frames = data.pixel_array.astype(np.float64)
    first, middle, last, beyond = (read_picture(path.read_bytes(), role(size=32, frame=f)) for f in (0, None, 14, 99))
    np.testing.assert_array_equal(last, beyond)
    for found, frame in ((first, frames[0]), (middle, frames[7]), (last, frames[14])):
        low, high = np.percentile(frame, (0.5, 99.5))
        whole = np.clip((frame - low) / (high - low), 0, 1).mean() * 255
        kept = found[found.any(1)][:, found.any(0)]
        assert abs(kept.mean() - whole) < 40
    assert not np.array_equal(first, middle) and not np.array_equal(middle, last)


def test_header_values_are_not_told(files, role, caplog, recwarn):
    with quiet():
        for path in list(files.values())[:60]:
            try:
                read_picture(path.read_bytes(), role())
            except Unreadable as exc:
                assert path.stem not in exc.does + exc.mend
    assert not caplog.records and not len(recwarn)
