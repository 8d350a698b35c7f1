"""A network of marks answers without torch as it does with it, and is left out where it does not."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from primum.cohort import Records
from primum.cohort.images import HeldImages
from primum.errors import InputError
from primum.model.regions import RegionSpec, ServedRegions
from primum.model.regions.predictor import RegionPredictor
from primum.model.regions.writing import write_served_regions

SIDE = 64


def _records():
    rng = np.random.default_rng(2)
    squares = [rng.integers(256, size=(SIDE, SIDE, 3)).astype(np.uint8) for _ in range(4)]
    return Records(n=5, image=HeldImages([*squares, None], SIDE))


SHAPES = np.array([[64, 64], [128, 96], [50, 70], [64, 64], [0, 0]])


@pytest.fixture(scope="module", params=["boxes", "masks"])
def written(request, tmp_path_factory):
    """A network whose head says something everywhere, its served form, and its folder."""
    torch.manual_seed(3)
    spec = RegionSpec(kind=request.param, labels=("a", "b"), size=SIDE, width=16, threshold=0.2)
    predictor = RegionPredictor.untrained(spec, colour=True)
    torch.nn.init.normal_(predictor.net.head.out.weight, std=0.6)
    torch.nn.init.zeros_(predictor.net.head.out.bias)
    with torch.no_grad():
        predictor.net.head.out.weight[2:] *= 0.1  # boxes of some places, as tuned ones are
    folder = tmp_path_factory.mktemp(request.param)
    predictor.save(folder)
    found = write_served_regions(predictor, folder, predictor.prepare(_records()))
    assert found is not None and found["n"] == 4 and found["max_difference"] <= 1e-4
    return predictor, ServedRegions.load(folder, threads=1), folder


def test_the_same_places_are_marked(written):
    predictor, served, _ = written
    (one, inside), (other, twin) = (who.read(who.prepare(_records()), SHAPES) for who in (predictor, served))
    assert sum(map(len, one.marks)) > 10 and not one.marks[-1]
    for marks, others in zip(one.marks, other.marks, strict=True):
        assert [mark.label for mark in marks] == [mark.label for mark in others]
        for mark, twin_mark in zip(marks, others, strict=True):
            np.testing.assert_allclose(twin_mark.box, mark.box, atol=1e-3)
            assert twin_mark.score == pytest.approx(mark.score, abs=1e-4)
    np.testing.assert_allclose(twin.features, inside.features, atol=1e-4)
    np.testing.assert_array_equal(twin.answers.shape, (5,))


def test_one_that_answers_differently_is_left_out(written, tmp_path, monkeypatch):
    from primum.model.regions import writing

    torch.manual_seed(4)
    predictor = RegionPredictor.untrained(written[0].spec, colour=True)  # another network than the one that is exported
    torch.nn.init.normal_(predictor.net.head.out.weight, std=0.6)
    predictor.save(tmp_path)
    other = (written[2] / "served-regions.onnx").read_bytes()
    monkeypatch.setattr(writing, "export", lambda *a, **k: SimpleNamespace(SerializeToString=lambda: other))
    assert write_served_regions(predictor, tmp_path, predictor.prepare(_records())) is None
    assert not list(tmp_path.glob("served*")) and ServedRegions.load(tmp_path) is None


def test_one_whose_file_is_gone_is_damaged(written, tmp_path):
    written[0].save(tmp_path)
    (tmp_path / "served.json").write_text(json.dumps({"format": 1, "form": "float32"}), encoding="utf-8")
    with pytest.raises(InputError, match="not a served model that primum wrote"):
        ServedRegions.load(tmp_path)
