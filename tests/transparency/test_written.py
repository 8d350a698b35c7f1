"""Letters burned into one class only decide and are found; letters at random in both decide nothing and are let go."""

from __future__ import annotations

import numpy as np
import pytest

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.study.reasoning import words_in
from primum.transparency.written import masked_at, written_findings

pytest.importorskip("rapidocr_onnxruntime")
N, SIDE, WORD = 16, 224, "PORTABLE"


class Films:
    """Dim films; the ill have a bright lesion; letters stand where the test says."""

    size, channels = SIDE, 1

    def __init__(self, ill, written):
        from PIL import Image, ImageDraw, ImageFont

        rng = np.random.default_rng(4)
        self.pixels = rng.integers(60, 90, (len(ill), SIDE, SIDE, 1)).astype(np.uint8)
        self.pixels[ill, 120:150, 100:130] = 150
        self.keys = np.array([f"f{i}" for i in range(len(ill))], dtype=object)
        for row in np.flatnonzero(written):
            image = Image.fromarray(self.pixels[row, ..., 0])
            ImageDraw.Draw(image).text((20, 12), WORD, fill=255, font=ImageFont.load_default(18))
            self.pixels[row, ..., 0] = np.asarray(image)

    def __len__(self):
        return len(self.pixels)

    def take(self, rows):
        return self.pixels[np.asarray(rows)]


class Model:
    """Answers by a linear classifier over a few means of the pixels, as scikit-learn fits it to the target."""

    classes = ("well", "ill")

    def __init__(self, films, ill):
        from sklearn.linear_model import LogisticRegression

        self.fitted = LogisticRegression(C=10.0).fit(self.features(films.pixels), ill)

    @staticmethod
    def features(pixels):
        """The brightest of each of 64 blocks: both the lesion and letters show there."""
        blocks = pixels[..., 0].astype(float).reshape(len(pixels), 8, SIDE // 8, 8, SIDE // 8)
        return blocks.max((2, 4)).reshape(len(pixels), -1) / 255.0 - 0.35

    def prepare(self, records):
        return records.image.take(np.arange(len(records)))

    def predict_prepared(self, prepared):
        return self.fitted.predict_proba(self.features(prepared))


def _told(written, ill, *, shown=None):
    films = Films(ill, written)
    taught = Films(ill if shown is None else shown, written)
    model = Model(taught, ill)
    names = np.array([str(i) for i in range(len(ill))], dtype=object)
    cohort = Cohort(
        roles=Roles(inputs=InputRoles(), target=TargetRole(column="y")),
        records=Records(n=len(ill), image=films),
        ids=names,
        patients=names,
        target=Target(kind="classes", classes=Model.classes, values=ill.astype(np.int64)),
    )
    return written_findings(model, cohort, np.full(len(ill), "test", dtype=object), find=words_in)


ILL = np.arange(N) % 2 == 1


def test_letters_in_one_class_alone_are_found():
    [found] = _told(written=ILL, ill=ILL, shown=np.zeros(N, dtype=bool))  # nothing else told the classes apart
    assert found.n == N // 2 and found.value > 0.5 and found.low > 0.3
    assert found.detail == {"pictures": N // 2, "looked_at": N, "turned": 1.0}


def test_letters_at_random_in_both_classes_are_not_accused():
    [found] = _told(written=np.random.default_rng(1).random(N) < 0.5, ill=ILL)
    assert found.detail["turned"] == 0.0 and abs(found.value) < 0.05 and found.low <= 0.05


def test_pictures_without_text_are_told_nothing_of():
    assert _told(written=np.zeros(N, dtype=bool), ill=ILL) == []


def test_a_masked_place_shows_what_is_around_it():
    picture = np.full((10, 10, 1), 7, np.uint8)
    picture[2:5, 3:9] = 200
    assert (masked_at(picture, [(2, 5, 3, 9)]) == 7).all() and picture[3, 4] == 200
    assert masked_at(np.arange(100, dtype=np.uint8).reshape(10, 10, 1), [(0, 10, 0, 10)]).std() == 0
