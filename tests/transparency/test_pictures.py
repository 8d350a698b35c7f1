"""Reasons for pictures on a planted rule: a bright square in one corner decides, and nothing else does."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records, TextList
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec, build_net
from primum.model.inputs import ImageInput, PixelForm
from primum.model.net import HeadSpec
from primum.model.predictor import Predictor
from primum.transparency import explain, explanation_findings
from primum.transparency.findings import _heat
from primum.transparency.methods import METHODS
from primum.transparency.parts import Parts, inputs_of, players_of
from primum.transparency.variants import variants_of
from primum.transparency.words import words_of

SIDE, N = 64, 50
CORNER = 8
"""The cell of the square: second row, second column of seven."""


class Films:
    size, channels = SIDE, 1

    def __init__(self, ill):
        rng = np.random.default_rng(3)
        self.pixels = rng.integers(70, 110, size=(len(ill), SIDE, SIDE, 1)).astype(np.uint8)
        self.pixels[np.asarray(ill), 9:18, 9:18] = 250
        self.keys = np.array([f"f{i}" for i in range(len(ill))], dtype=object)

    def __len__(self):
        return len(self.pixels)

    def take(self, rows):
        return self.pixels[np.asarray(rows)]


@pytest.fixture(scope="module")
def ill():
    return np.arange(N) % 2 == 1


@pytest.fixture(scope="module")
def records(ill):
    return Records(n=N, image=Films(ill))


@pytest.fixture(scope="module")
def model(records, ill):
    """The built-in network under a head fitted to the rule."""
    inputs = {"image": ImageInput(PixelForm(architecture="efficientnet-lite0"), colour=False)}
    way = Adaptation(method="head")
    spec = NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=way, width=8, image=way)
    net = build_net(spec, inputs, backbone_folder=None, pretrained=True).eval()
    found = Predictor(net=net, spec=spec, inputs=inputs, classes=("well", "ill"), backbone_folder=None)
    features = found.features(found.prepare(records))
    fitted = LogisticRegression(C=0.1, max_iter=1000).fit(features, ill)
    with torch.no_grad():
        net.head.out.weight.copy_(torch.from_numpy(np.concatenate([-fitted.coef_, fitted.coef_]) / 2))
        net.head.out.bias.copy_(torch.from_numpy(np.concatenate([-fitted.intercept_, fitted.intercept_]) / 2))
    return found


@pytest.fixture(scope="module")
def reasons(model, records):
    return explain(model, records, about="ill")


def test_the_cell_that_decides_ranks_first_and_the_reason_holds(reasons, ill):
    first = np.array([found.argmax() for found in reasons.found])
    assert (first[ill] == CORNER).mean() >= 0.95
    assert reasons.holds()[ill].mean() >= 0.75
    excess = reasons.faithful.comprehensiveness - reasons.faithful.random_comprehensiveness
    assert excess[ill].mean() > 0.2 and reasons.stable[ill].mean() > 0.5
    assert [("unstable" in why) for why in reasons.withheld] == (reasons.stable < 0.5).tolist()
    assert np.isfinite(reasons.inputs.image).all() and np.isnan(reasons.inputs.note).all()


def test_a_model_that_learnt_nothing_has_reasons_no_better_than_chance_and_they_are_withheld(model, records, ill):
    found = explain(model.randomised(part="whole", seed=1), records)
    excess = found.faithful.comprehensiveness - found.faithful.random_comprehensiveness
    assert abs(excess.mean()) < 0.05 and found.holds().mean() <= 0.1
    assert (np.array([one.argmax() for one in found.found])[ill] == CORNER).mean() < 0.5


def test_leaving_a_cell_out_is_what_brute_force_says(model, records, reasons):
    from primum.model.inputs.cells import band_of_pixel

    prepared = model.prepare(Records(n=1, image=_one(records, 1)))["image"].collate([0])["pixels"]
    whole = _score(model, prepared)
    band = band_of_pixel(SIDE)
    for cell in (0, CORNER, 24, 48):
        hidden = prepared.clone()
        inside = np.ix_(band == cell // 7, band == cell % 7)
        for channel in range(3):
            hidden[0, channel][inside] = prepared[0, channel].mean()
        assert reasons.found[1][cell] == pytest.approx(whole - _score(model, hidden), abs=1e-3)


def test_a_method_that_ignores_the_model_is_found_out_and_everything_withheld(model, records):
    few = np.arange(12)
    told = _findings(model, records, few)
    assert told["explanations_that_hold"][0].value > 0.2
    alike = {f.versus["randomised"]: f for f in told["explanation_randomised_similarity"]}
    assert set(alike) == {"head", "whole"} and all(f.value < 0.5 and f.enough for f in alike.values())
    blind = _findings(_Unforgetting(model), records, few)
    assert all(f.value == pytest.approx(1.0) for f in blind["explanation_randomised_similarity"])
    assert blind["explanations_that_hold"][0].value == 0.0
    assert blind["explanations_that_hold"][0].detail["withheld"]["randomised"] == 12


def test_a_mean_heat_map_is_told_of_twenty_patients_and_never_of_fewer(reasons):
    detail = _heat(reasons, np.arange(N))
    assert detail["patients"] == reasons.holds().sum() >= 20 and detail["grid"] == 7
    assert int(np.argmax(detail["cells"])) == CORNER and sum(detail["cells"]) == pytest.approx(1.0, abs=0.01)
    assert _heat(reasons, np.arange(N) % 19) == {}


def _one(records, row):
    films = Films(np.array([False]))
    films.pixels = records.image.pixels[row : row + 1]
    return films


def _score(model, pixels):
    with torch.no_grad():
        logits = model.net({"image": {"pixels": pixels, "present": torch.tensor([True])}})["logits"][0].double()
    return float(logits[1] - logits[0])


class _Unforgetting:
    """A model whose shuffled copy is itself: what a method that ignores the model looks like."""

    def __init__(self, model):
        self._model = model

    def __getattr__(self, name):
        return getattr(self._model, name)

    def randomised(self, *, part, seed):
        return self._model


def _findings(model, records, rows):
    films = Films(np.zeros(len(rows), dtype=bool))
    films.pixels = records.image.pixels[rows]
    names = np.array([str(row) for row in rows], dtype=object)
    cohort = Cohort(
        roles=Roles(inputs=InputRoles(), target=TargetRole(column="y")),
        records=Records(n=len(rows), image=films),
        ids=names,
        patients=names,
        target=Target(kind="classes", classes=("well", "ill"), values=np.zeros(len(rows), np.int64)),
    )
    told = {}
    split = np.full(len(rows), "test", dtype=object)
    for one in explanation_findings(model, cohort, split, may_be_name=lambda word: False):
        told.setdefault(one.metric, []).append(one)
    return told


def test_leaving_cells_out_is_checked_as_the_default_that_does_the_same(reasons, model, records):
    """A sample of the cells that are compared would say otherwise, and withhold what holds."""
    found = explain(model, Records(n=2, image=_pair(records)), about="ill", method="occlusion")
    np.testing.assert_allclose(np.stack(found.found), np.stack(reasons.found[:2]), atol=1e-4)
    np.testing.assert_allclose(found.stable, reasons.stable[:2], atol=0.01)  # other batches round otherwise


def test_harmless_forms_of_note_and_picture_stand_under_one_another(records):
    both = Records(n=2, text=TextList(["a cough. and fever", None]), image=_pair(records))
    made = variants_of(both)
    assert made.pictures.tolist() == [False] * int((~made.pictures).sum()) + [True] * 6
    assert set(made.rows[~made.pictures].tolist()) == {0} and made.rows[made.pictures].tolist() == [0, 1] * 3
    n = int((~made.pictures).sum())
    np.testing.assert_array_equal(made.records.image.take([0])[0], both.image.take([0])[0])
    brighter = made.records.image.take([n])[0].astype(int) - both.image.take([0])[0]
    assert set(np.unique(brighter).tolist()) <= set(range(9)) and brighter.mean() > 7
    texts = made.records.text.take(np.arange(len(made.rows)))
    assert texts[n:] == ["a cough. and fever", None] * 3 and "a cough. and fever" not in texts[:n]


def _pair(records):
    films = Films(np.array([False, True]))
    films.pixels = records.image.pixels[:2]
    return films


def _parts(words=0, vitals=0, cells=49):
    text = " ".join(["word"] * words)
    return Parts(
        words=words_of(text),
        token_word=np.arange(words),
        special=np.zeros(words, bool),
        vitals=np.arange(vitals),
        names=[f"v{i}" for i in range(vitals)],
        cells=np.arange(cells),
        grid=7,
    )


@pytest.mark.parametrize(("words", "vitals", "most"), [(0, 0, 24), (0, 3, 24), (60, 2, 24), (3, 0, 10), (0, 0, 1)])
def test_players_of_pictures_are_blocks_and_no_more_than_asked_for(words, vitals, most):
    parts = _parts(words, vitals)
    players = players_of(parts, most=most)
    assert sorted(set(players.of_part.tolist())) == list(range(players.count)) and players.count <= max(
        most, vitals + 1
    )
    for player in set(players.of_part[parts.of_cells].tolist()):
        own = np.flatnonzero(players.of_part[parts.of_cells] == player)
        rows, columns = np.unique(own // 7), np.unique(own % 7)
        assert len(own) == len(rows) * len(columns)  # a rectangle
        assert np.ptp(rows) == len(rows) - 1 and np.ptp(columns) == len(columns) - 1
    assert not set(players.of_part[parts.of_vitals]) & set(players.of_part[parts.of_cells])


def test_inputs_are_the_kinds_that_are_there():
    players, names = inputs_of(_parts(2, 1, 49))
    assert names == ("note", "vitals", "image")
    assert players.of_part.tolist() == [0, 0, 1, *[2] * 49]
    assert inputs_of(_parts(0, 0, 49))[1] == ("image",)


def test_every_method_gives_every_cell_a_share(model, records):
    from primum.transparency.explaining import subject_of

    some = Records(n=2, vitals={}, image=_pair(records))
    subject = subject_of(model, some)
    for name in METHODS:
        if not name.endswith("bf16"):
            parts = METHODS.get(name)(subject, 7).parts
            assert [len(one) for one in parts] == [49, 49] and all(np.isfinite(one).all() for one in parts), name
