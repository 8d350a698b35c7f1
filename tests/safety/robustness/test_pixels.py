"""Pixels moved within a bound: a linear model solved by hand, and findings that count what turned."""

import numpy as np
import pytest
import torch
from torch import nn

from primum.cohort.cohort import Cohort, Target
from primum.cohort.records import Records
from primum.cohort.roles import InputRoles, Roles, TargetRole
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec
from primum.model.encoders import ImageEncoder
from primum.model.inputs import ImageInput, PixelForm
from primum.model.net import Fusion, Head, HeadSpec, Net
from primum.model.predictor import Predictor
from primum.safety.robustness import pixel_findings

SIDE, N = 32, 30


class Films:
    size, channels = SIDE, 1

    def __init__(self, pixels):
        self.pixels = pixels
        self.keys = np.array([f"f{i}" for i in range(len(pixels))], dtype=object)

    def __len__(self):
        return len(self.pixels)

    def take(self, rows):
        return self.pixels[np.asarray(rows)]


class Mean(nn.Module):
    """One feature: how much brighter the upper half is than the lower one, in shares of white."""

    def forward(self, pixels):
        white = pixels.mean(1)
        return (white[:, : SIDE // 2].mean((1, 2)) - white[:, SIDE // 2 :].mean((1, 2)))[:, None]


@pytest.fixture
def model():
    way = Adaptation(method="head")
    spec = NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=way, width=4, image=way)
    form = PixelForm(architecture="x", mean=(0.0, 0.0, 0.0), scale=(1.0, 1.0, 1.0))
    net = Net({"image": ImageEncoder(Mean(), 1)}, Fusion({"image": 1}, width=4), Head(spec.head, 1, dropout=0.0)).eval()
    with torch.no_grad():
        net.head.out.weight.copy_(torch.tensor([[0.0], [100.0]]))
        net.head.out.bias.zero_()
    inputs = {"image": ImageInput(form, colour=False)}
    return Predictor(net=net, spec=spec, inputs=inputs, classes=("well", "ill"), backbone_folder=None)


@pytest.fixture
def films(rng):
    pixels = np.full((N, SIDE, SIDE, 1), 120, np.uint8)
    pixels[:, : SIDE // 2] += np.arange(N, dtype=np.uint8)[:, None, None, None] % 12  # brighter by 0 to 11 of 255
    return Records(n=N, image=Films(pixels))


@pytest.mark.parametrize("steps", [1, 6])
def test_a_linear_model_loses_twice_the_bound(model, films, steps):
    lead = np.arange(N) % 12 / 255
    truth = np.ones(N, dtype=np.int64)
    answers = model.under_attack(films, truth, bound=2 / 255, steps=steps)
    wanted = 1 / (1 + np.exp(-100 * (lead - 4 / 255)))  # the upper half darker and the lower half brighter by the bound
    np.testing.assert_allclose(answers[:, 1], wanted, atol=1e-4)
    np.testing.assert_allclose(model.under_attack(films, truth, bound=0.0, steps=0), model.predict(films), atol=1e-6)


def test_findings_count_the_decisions_that_turn(model, films):
    names = np.array([str(i) for i in range(N)], dtype=object)
    cohort = Cohort(
        roles=Roles(inputs=InputRoles(), target=TargetRole(column="y")),
        records=films,
        ids=names,
        patients=names,
        target=Target(kind="classes", classes=("well", "ill"), values=np.ones(N, np.int64)),
    )

    def attack(records, truth, bound, steps):
        return model.under_attack(records, truth, bound=bound, steps=steps)

    found = pixel_findings(attack, cohort, np.full(N, "test", dtype=object))
    lead = np.arange(N) % 12
    right = lead > 0  # a tie goes to the first class
    for name, levels in (("pixels_once_2", 2), ("pixels_2", 2), ("pixels_4", 4)):
        own = {f.metric: f for f in found if f.versus["perturbation"] == name}
        clear = np.abs(lead - 2 * levels) > 0  # at the bound itself rounding decides
        at_least = (right & clear & (lead < 2 * levels)).sum() / right.sum()
        at_most = (right & (lead <= 2 * levels)).sum() / right.sum()
        assert at_least <= own["adversarial_turned"].value <= at_most
        assert own["adversarial_accuracy"].detail["bound"] == pytest.approx(levels / 255)
        assert "adversarial_changes" not in own


class Hidden(Mean):
    """As Mean, in steps so coarse that no slope is seen: what hides gradients from an adversary, and nothing else."""

    def forward(self, pixels):
        return torch.round(super().forward(pixels) * 255 * 20) / 255 / 20


def _doubts(model):
    return {
        "more_steps": lambda r, t, b: model.under_attack(r, t, bound=b, steps=8, restarts=1),
        "answers_alone": lambda r, t, b: model.under_blind_attack(r, t, bound=b, questions=300),
    }


def _cohort(films):
    names = np.array([str(i) for i in range(N)], dtype=object)
    return Cohort(
        roles=Roles(inputs=InputRoles(), target=TargetRole(column="y")),
        records=films,
        ids=names,
        patients=names,
        target=Target(kind="classes", classes=("well", "ill"), values=np.ones(N, np.int64)),
    )


@pytest.mark.parametrize("hidden", [False, True])
def test_another_search_tells_a_model_that_stands_from_one_that_hides_its_slopes(model, films, hidden):
    if hidden:
        model.net.encoders["image"].backbone = Hidden()
    found = pixel_findings(
        lambda r, t, b, s: model.under_attack(r, t, bound=b, steps=s),
        _cohort(films),
        np.full(N, "test", dtype=object),
        doubts=_doubts(model),
    )
    turned = {f.versus["perturbation"]: f for f in found if f.metric == "adversarial_turned"}
    [missed] = [f for f in found if f.metric == "pixel_search_missed"]
    if not hidden:  # along its slopes everything is found that there is
        assert missed.value == 0 and missed.detail["by_answers_alone"] == missed.detail["by_more_steps"] == 0
        return
    assert turned["pixels_2"].value == 0  # no slope, nothing found: it looks as if it stood
    lead = np.arange(N) % 12
    assert missed.detail["by_more_steps"] == 0 or missed.detail["by_answers_alone"] >= missed.detail["by_more_steps"]
    assert 0 < missed.value <= ((lead > 0) & (lead < 5)).sum() / missed.n


def test_the_blind_search_stays_within_the_bound_and_comes_near_it(model, films):
    lead = np.arange(N) % 12 / 255
    truth = np.ones(N, dtype=np.int64)
    answers = model.under_blind_attack(films, truth, bound=2 / 255, questions=400)[:, 1]
    worst, own = (1 / (1 + np.exp(-100 * (lead - by / 255))) for by in (4, 0))
    assert (answers >= worst - 1e-5).all() and (answers <= own + 1e-6).all()
    assert ((own - answers) / (own - worst)).mean() > 0.5
    np.testing.assert_array_equal(answers, model.under_blind_attack(films, truth, bound=2 / 255, questions=400)[:, 1])
