"""Slices of NIfTI volumes against nibabel's own canonical arrays."""

import gzip

import numpy as np
import pytest

from primum.cohort.images import Unreadable, read_picture

nibabel = pytest.importorskip("nibabel")


def _file(values, affine, *, second=False):
    kind = nibabel.Nifti2Image if second else nibabel.Nifti1Image
    return kind(values, affine).to_bytes()


@pytest.fixture
def values(rng):
    return rng.integers(0, 256, size=(32, 32, 5)).astype(np.int16)


@pytest.mark.parametrize("ways", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (1, -1, -1)])
@pytest.mark.parametrize("second", [False, True])
def test_rows_run_to_the_back_and_columns_to_the_left(values, role, ways, second):
    affine = np.diag([*ways, 1]).astype(float)
    image = nibabel.Nifti1Image(values, affine)
    canonical = np.asanyarray(nibabel.as_closest_canonical(image).dataobj)  # right, anterior, superior
    place = 2 if ways[2] == 1 else 2
    upright = canonical[::-1, ::-1, place].T
    found = read_picture(_file(values, affine, second=second), role(window=(128.0, 256.0)))
    wanted = np.rint(np.clip((upright - 127.5) / 255.0 + 0.5, 0, 1) * 255)
    assert np.abs(found.astype(float) - wanted).max() <= 1


def test_axes_that_are_swapped_are_put_right(values, role):
    affine = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=float)
    canonical = np.asanyarray(nibabel.as_closest_canonical(nibabel.Nifti1Image(values, affine)).dataobj)
    found = read_picture(_file(values, affine), role(window=(128.0, 256.0)))
    upright = canonical[::-1, ::-1, 2].T
    assert np.abs(found.astype(float) - np.rint(np.clip((upright - 127.5) / 255.0 + 0.5, 0, 1) * 255)).max() <= 1


def test_gzip_slope_and_frame(values, role):
    image = nibabel.Nifti1Image(values, np.eye(4))
    image.header.set_slope_inter(2.0, -100.0)
    plain = image.to_bytes()
    window = role(window=(0.5, 401.0), frame=1)
    found = read_picture(gzip.compress(plain), window)
    np.testing.assert_array_equal(found, read_picture(plain, window))
    stored = nibabel.Nifti1Image.from_bytes(plain)
    upright = np.asarray(stored.dataobj)[::-1, ::-1, 1].T
    wanted = np.rint(np.clip(upright / 400.0 + 0.5, 0, 1) * 255)
    assert np.abs(found.astype(float) - wanted).max() <= 1


def test_a_volume_that_is_cut_off_is_refused(values, role):
    content = _file(values, np.eye(4))
    with pytest.raises(Unreadable, match="cut off or damaged"):
        read_picture(content[:-8000], role())
    with pytest.raises(Unreadable, match="cut off or damaged"):
        read_picture(gzip.compress(content)[:600], role())


def test_a_gzipped_file_that_is_no_volume_is_no_image(role):
    with pytest.raises(Unreadable, match="none of"):
        read_picture(gzip.compress(b"id,label\n" * 100), role())
