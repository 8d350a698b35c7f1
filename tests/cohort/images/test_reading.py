"""PNG, JPEG and TIFF against the pixels they were made of; and what is refused, before it is unpacked."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from primum.cohort.images import Unreadable, read_picture
from primum.cohort.images.intensity import spread, windowed
from primum.cohort.images.reading import quiet


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_eight_bits_of_the_right_size_stay_as_they_are(kind, ramp, role, file_of):
    np.testing.assert_array_equal(read_picture(file_of(ramp, kind), role()), ramp)


def test_a_jpeg_is_close_to_its_pixels(ramp, role, file_of):
    found = read_picture(file_of(ramp, "JPEG", quality=95), role())
    assert np.abs(found.astype(int) - ramp).max() <= 6


def test_sixteen_bits_are_spread_or_windowed(role, file_of):
    deep = np.tile(np.linspace(1000, 3000, 32).astype(np.uint16), (32, 1))
    found = read_picture(file_of(deep, "PNG"), role())
    low, high = np.percentile(deep.ravel(), (0.5, 99.5))
    wanted = np.rint(np.clip((deep - low) / (high - low), 0, 1) * 255)
    assert np.abs(found - wanted).max() <= 1
    shown = read_picture(file_of(deep, "TIFF"), role(window=(2000.5, 1001.0)))
    by_hand = np.rint(np.clip((deep - 2000.0) / 1000.0 + 0.5, 0, 1) * 255)
    np.testing.assert_array_equal(shown, by_hand)


def test_exif_says_which_way_is_up(ramp, role, file_of):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned by 90 degrees counter-clockwise
    found = read_picture(file_of(ramp, "PNG", exif=exif), role())
    np.testing.assert_array_equal(found, np.rot90(ramp, -1))


def test_proportions_are_kept_and_the_rest_is_black(role, file_of):
    found = read_picture(file_of(np.full((16, 64), 200, np.uint8), "PNG"), role())
    assert (found[12:20] == 200).all() and found[:12].max() == 0 and found[20:].max() == 0


def test_three_equal_colours_are_grey_and_others_are_refused_where_grey_is_asked_for(ramp, role, file_of):
    grey = np.stack([ramp] * 3, axis=2)
    assert read_picture(file_of(grey, "PNG"), role(colour="grey")).shape == (32, 32)
    colour = grey.copy()
    colour[..., 0] = 255
    np.testing.assert_array_equal(read_picture(file_of(colour, "PNG"), role()), colour)
    with pytest.raises(Unreadable, match="name an image in colour where grey is expected"):
        read_picture(file_of(colour, "PNG"), role(colour="grey"))


def test_the_middle_page_of_a_tiff_is_read_or_the_one_asked_for(ramp, role):
    written = io.BytesIO()
    pages = [Image.fromarray(np.full((32, 32), 50 * n, np.uint8)) for n in range(5)]
    pages[0].save(written, "TIFF", save_all=True, append_images=pages[1:])
    assert read_picture(written.getvalue(), role()).max() == 100
    assert read_picture(written.getvalue(), role(frame=4)).max() == 200


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_file_that_is_cut_off_is_refused(kind, share, role, file_of, rng):
    content = file_of(rng.integers(256, size=(64, 64), dtype=np.uint8), kind)
    with pytest.raises(Unreadable, match="cut off or damaged"):
        read_picture(content[: int(len(content) * share)], role())


def test_what_is_no_image_is_refused_whatever_it_is_called(role):
    for content in (b"", b"id,label\n1,ill\n", b"PK\x03\x04" + bytes(300), b"%PDF-1.7" + bytes(300)):
        with pytest.raises(Unreadable, match="none of PNG, JPEG, TIFF, DICOM, NIfTI"):
            read_picture(content, role())


def _png_header(width, height):
    """Return a PNG that states a size and holds a few bytes: a bomb that nobody may unpack."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [20_000, 60_000])
def test_a_bomb_is_refused_by_its_header(side, role):
    with quiet(), pytest.raises(Unreadable, match="more than 64 megapixels") as caught:
        read_picture(_png_header(side, side), role())
    assert "megapixels" in caught.value.mend


def test_a_single_pixel_is_refused(role, file_of):
    with pytest.raises(Unreadable, match="a side of less than 8 pixels"):
        read_picture(file_of(np.zeros((1, 1), np.uint8), "PNG"), role())


def test_large_images_are_read_within_the_limit(role, file_of):
    large = file_of(np.full((3000, 4000), 90, np.uint8), "JPEG")
    found = read_picture(large, role())
    assert found.shape == (32, 32) and found[16, 16] == 90
    with pytest.raises(Unreadable, match="more than 5 megapixels"):
        read_picture(large, role(megapixels=5.0))


@pytest.mark.parametrize("kind", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_windows_agree_with_pydicom(kind, rng):
    pydicom = pytest.importorskip("pydicom")
    from pydicom.pixels import apply_windowing

    data = pydicom.Dataset()
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsStored, data.PixelRepresentation = 16, 1
    data.WindowCenter, data.WindowWidth, data.VOILUTFunction = 40, 400, kind
    values = rng.integers(-1000, 1500, size=(40, 40)).astype(np.int16)
    theirs = apply_windowing(values, data)
    wanted = (theirs - (-(2**15))) / (2**16 - 1) * 255
    assert np.abs(windowed(values, 40, 400, kind=kind).astype(float) - wanted).max() <= 0.51


def test_equal_values_are_black_and_what_is_not_a_number_is_too():
    assert spread(np.full((4, 4), 7.0)).max() == 0
    found = spread(np.array([[np.nan, 0.0], [1.0, np.inf]]))
    assert found[0, 0] == 0 and found[1, 0] == 255
