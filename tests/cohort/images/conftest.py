"""Files of every format, made of a picture whose pixels are known."""

import io

import numpy as np
import pytest
from PIL import Image

from primum.cohort.roles import ImageRole


@pytest.fixture
def role():
    """A role of another size or limits: role(size=16, ...)."""
    return lambda **more: ImageRole(**{"column": "image", "size": 32, **more})


@pytest.fixture
def ramp():
    """A 32 by 32 picture that grows from left to right, (h, w) uint8."""
    return np.tile(np.arange(32, dtype=np.uint8) * 8, (32, 1))


@pytest.fixture
def file_of():
    """From pixels and a format to a file's bytes."""

    def made(pixels, kind, **options):
        written = io.BytesIO()
        Image.fromarray(pixels).save(written, kind, **options)
        return written.getvalue()

    return made
