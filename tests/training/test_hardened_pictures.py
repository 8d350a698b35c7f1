"""Training on moved pictures: the worst move of a linear model in closed form, and a planted brittle feature."""

import numpy as np
import pytest
import torch
from torch import nn

from primum.errors import StudyError
from primum.model.attacking import room_of
from primum.model.encoders import ImageEncoder
from primum.model.inputs import PixelForm, PreparedImage
from primum.model.net import Fusion, Head, HeadSpec, Net
from primum.study.loading import validate
from primum.study.spec import StudySpec
from primum.training.fairness import Mitigation
from primum.training.hardened_pictures import hardened, hardened_losses, moved_pictures
from primum.training.plan import RobustnessPlan, TrainingPlan
from primum.training.trainer import Collate, StudyTrainer

SIDE, N = 16, 240
FORM = PixelForm(architecture="x", mean=(0.4, 0.5, 0.6), scale=(0.2, 0.25, 0.3))
CHECKER = (np.indices((SIDE, SIDE)).sum(0) % 2 * 2 - 1).astype(np.int64)


class Films:
    size = SIDE

    def __init__(self, pixels):
        self.pixels, self.channels = pixels, pixels.shape[-1]
        self.keys = np.array([f"f{i}" for i in range(len(pixels))], dtype=object)

    def __len__(self):
        return len(self.pixels)

    def take(self, rows):
        return self.pixels[np.asarray(rows)]


class Linear(nn.Module):
    """One feature: a weighted sum of the pixels as shares of white."""

    def __init__(self, weights):
        super().__init__()
        self.register_buffer("weights", weights)

    def forward(self, pixels):
        mean, scale = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (FORM.mean, FORM.scale))
        return ((pixels * scale + mean) * self.weights).sum((1, 2, 3))[:, None]


def _net(encoder, width, weight=None):
    head = Head(HeadSpec(kind="classes", outputs=2), width, dropout=0.5)
    if weight is not None:
        with torch.no_grad():
            head.out.weight.copy_(weight)
            head.out.bias.zero_()
    return Net({"image": ImageEncoder(encoder, width)}, Fusion({"image": width}, width=4), head)


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_move_found_is_the_worst_one_of_a_linear_model(steps, channels, rng):
    weights = torch.tensor(rng.normal(size=(3, SIDE, SIDE)), dtype=torch.float32)
    net = _net(Linear(weights), 1, torch.tensor([[-1.0], [1.0]])).train()
    pixels = rng.integers(0, 256, size=(6, SIDE, SIDE, channels)).astype(np.uint8)
    pixels[0] = 255  # nothing is whiter than white
    prepared = {"image": PreparedImage(Films(pixels), FORM, 6)}
    labels, eps = torch.tensor([0, 1, 0, 1, 0, 1]), 3 / 255
    batch = Collate(prepared, labels)(range(6))
    room = room_of(prepared["image"], batch["inputs"]["image"], eps)
    moved = moved_pictures(net, batch["inputs"], room, labels, steps=steps)
    assert net.training
    slope = weights.numpy() if channels == 3 else np.broadcast_to(weights.sum(0).numpy(), (3, SIDE, SIDE))
    towards = np.where(labels.numpy() == 1, -1, 1)[:, None, None, None]
    own = np.broadcast_to(pixels.transpose(0, 3, 1, 2) / 255, (6, 3, SIDE, SIDE))
    worst = np.clip(own + eps * towards * np.sign(slope), 0, 1)
    if steps == 1:  # one step of 1.25 bounds from a random place ends at most at the edge, and seldom before it
        assert (np.abs(moved.numpy() - own) <= eps + 1e-6).all()
        inner = np.sign(moved.numpy() - own) == np.sign(worst - own)
        assert inner.mean() > 0.85
    else:
        np.testing.assert_allclose(moved.numpy(), worst, atol=1e-6)
    plan = RobustnessPlan(method="pgd", strength=1.0, levels=3.0, steps=max(steps, 2))
    with torch.no_grad():
        lead = (worst * weights.numpy()).sum((1, 2, 3)) * -towards[:, 0, 0, 0]
    losses = hardened_losses(net.eval(), prepared, np.arange(6), labels, plan)
    np.testing.assert_allclose(losses, np.logaddexp(0, -2 * lead), rtol=1e-3, atol=1e-3)


def test_shares_of_the_loss_are_of_moved_and_of_plain_pictures(rng):
    net = _net(Linear(torch.ones(3, SIDE, SIDE)), 1)
    prepared = {"image": PreparedImage(Films(rng.integers(0, 256, (4, SIDE, SIDE, 1)).astype(np.uint8)), FORM, 4)}
    batch = Collate(prepared, torch.tensor([0, 1, 0, 1]), groups=torch.tensor([0, 0, 1, 1]))(range(4))
    plan = RobustnessPlan(method="pgd", strength=0.25, levels=2.0, steps=1)
    (first, hurt), (second, plain) = hardened(net, prepared, batch, plan)
    assert (first, second) == (0.25, 0.75) and "groups" in plain and "groups" not in hurt
    assert torch.equal(plain["inputs"]["image"]["pixels"], batch["inputs"]["image"]["pixels"])
    assert not torch.equal(hurt["inputs"]["image"]["pixels"], batch["inputs"]["image"]["pixels"])
    ((whole, alone),) = hardened(net, prepared, batch, RobustnessPlan(method="pgd", strength=1.0, levels=2.0, steps=1))
    assert whole == 1.0 and "groups" in alone


class TwoFeatures(nn.Module):
    """What a network has to choose from: a faint pattern that it sees well, and a bright corner."""

    def forward(self, pixels):
        grey = (pixels * 0.2 + 0.4)[:, 0] * 255  # the first colour, of 255
        faint = (grey * torch.from_numpy(CHECKER)).mean((1, 2))
        honest = (grey[:, :8, :8].mean((1, 2)) - grey[:, 8:, 8:].mean((1, 2))) / 20
        return torch.stack([3 * faint, honest], 1)


def _films(labels, *, pattern, rng):
    """Return grey films: a corner brighter or darker by 20 as the class is, but for one in twelve; a pattern of 1."""
    pixels = np.full((len(labels), SIDE, SIDE, 1), 120, np.int64)
    honest = np.where(np.arange(len(labels)) % 12 == 0, 1 - labels, labels)
    pixels[:, :8, :8, 0] += (20 * (2 * honest - 1) + rng.integers(-4, 5, len(labels)))[:, None, None]
    pixels[..., 0] += (2 * labels - 1)[:, None, None] * CHECKER * pattern
    return pixels.astype(np.uint8)


def _taught(robustness, folder, rng):
    labels = rng.integers(0, 2, N)
    prepared = {"image": PreparedImage(Films(_films(labels, pattern=1, rng=rng)), FORM, N)}
    torch.manual_seed(1)
    net = _net(TwoFeatures(), 2)
    trainer = StudyTrainer(
        net,
        TrainingPlan(epochs=12, batch=16, head_lr=0.05, precision="fp32", robustness=robustness, metric="objective"),
        collate=Collate(prepared, torch.from_numpy(labels)),
        train_rows=np.arange(180),
        validation_rows=np.arange(180, N),
        folder=folder,
        mitigation=Mitigation() if robustness else Mitigation(judge=lambda rows, losses, answers: float(losses.mean())),
    )
    trainer.train()
    return net.eval()


def _right(net, *, pattern, rng):
    labels = rng.integers(0, 2, N)
    prepared = {"image": PreparedImage(Films(_films(labels, pattern=pattern, rng=rng)), FORM, N)}
    with torch.no_grad():
        answers = net(Collate(prepared, torch.from_numpy(labels))(range(N))["inputs"])["logits"].argmax(1).numpy()
    honest = np.where(np.arange(N) % 12 == 0, 1 - labels, labels)
    return (answers == labels).mean(), (answers == honest).mean()


def test_training_on_moved_pictures_leaves_a_faint_pattern_for_an_honest_sign(tmp_path, rng):
    plain = _taught(None, tmp_path / "plain", rng)
    hard = _taught(RobustnessPlan(method="pgd", strength=1.0, levels=2.0, steps=2), tmp_path / "hard", rng)
    assert _right(plain, pattern=1, rng=rng)[0] > 0.98  # the pattern is never wrong, the corner one time in twelve
    assert _right(plain, pattern=-1, rng=rng)[0] < 0.2  # and it alone decides
    assert _right(hard, pattern=-1, rng=rng)[1] == 1.0  # whatever the pattern, the corner decides
    assert _right(hard, pattern=1, rng=rng)[1] == 1.0


BASE = {"study": "s", "cohort": {"source": "x.csv", "inputs": {"image": "path"}, "target": {"column": "y"}}}


def _study(robustness, inputs=None):
    values = {**BASE, "training": {"objective": {"robustness": robustness}}}
    if inputs:
        values["cohort"] = {**BASE["cohort"], "inputs": inputs}
    return validate(StudySpec, values, source="study.yaml")


def test_keys_that_do_not_go_together_are_refused():
    assert _study({"method": "pgd", "levels": 4, "steps": 3}).training.objective.robustness.levels == 4
    with pytest.raises(StudyError, match="levels and steps are of pgd; leave them out of fgm"):
        _study({"method": "fgm", "levels": 4})
    with pytest.raises(StudyError, match="pgd moves pixels and cohort.inputs names no image column"):
        _study({"method": "pgd"}, {"text": "note"})
