"""Pictures to mark: pydicom's own files, and marks whose places are known."""

from pathlib import Path

import numpy as np
import pytest

from primum.apps.imaging import Maker, Marks, open_source
from primum.evidence.regions import Region

pytest.importorskip("highdicom")


@pytest.fixture(scope="session")
def sample():
    """From a name to the path of a file that pydicom's wheel holds."""
    import pydicom.data

    folder = Path(pydicom.data.__file__).parent / "test_files"
    return lambda name: folder / name


@pytest.fixture
def opened(sample):
    return lambda name, role=None: open_source(sample(name), role)


@pytest.fixture
def maker():
    return Maker(release="ab" * 32, version="0.1.0", study="chest")


@pytest.fixture
def marks_of():
    """From a source to two regions that overlap, the first with a ragged mask, and a heat map."""

    def made(source):
        height, width = source.size
        rng = np.random.default_rng(3)
        first, second = np.zeros((2, height, width), bool)
        first[height // 4 : height // 2, width // 4 : width // 2] = True
        first &= rng.random((height, width)) < 0.7
        second[height // 3 : height // 2, width // 3 : width - 1] = True
        box = (width / 4, height / 4, width / 2, height / 2)
        other = (width / 3, height / 3, width - 1.0, height / 2)
        return Marks(
            regions=(
                Region(label="lesion", box=box, score=0.8375, mask=first),
                Region(label="肺炎", box=other, mask=second),
                Region(label="lesion", box=(0.5, 0.0, 4.25, 3.0), score=1.0),
            ),
            heat=rng.random((height, width)),
            about="pneumonia",
        )

    return made
