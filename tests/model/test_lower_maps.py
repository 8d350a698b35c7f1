"""Maps of frozen lower blocks, against the whole network on the same pixels."""

import numpy as np
import pytest
import torch

from primum.errors import BackboneError
from primum.model import lower_maps as module
from primum.model.adapters import Adaptation
from primum.model.encoders import ImageEncoder
from primum.model.inputs import Augmentation, PixelForm, PreparedImage
from primum.model.lite import LiteNet
from primum.model.lower_maps import lower_maps
from primum.model.vision import build_image_net, frozen_blocks, locate_image_backbone


class Pictures:
    """Eight pictures in memory, two of them equal, one absent; counts what is read."""

    size, channels = 32, 3

    def __init__(self):
        self.pixels = np.random.default_rng(1).integers(0, 256, size=(8, 32, 32, 3)).astype(np.uint8)
        self.pixels[5] = self.pixels[2]
        self.keys = np.array(["a", "b", "c", "d", "e", "c", None, "g"], dtype=object)
        self.read = 0

    def __len__(self):
        return 8

    def take(self, rows):
        self.read += len(rows)
        return self.pixels[np.asarray(rows)]


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(3)
    return ImageEncoder(LiteNet().eval(), 1280, frozen_blocks=8)


def _image(pictures):
    return PreparedImage(pictures, PixelForm(architecture="efficientnet-lite0"), 8)


def test_a_network_that_begins_above_its_frozen_blocks_says_what_the_whole_says(encoder):
    pictures = Pictures()
    known = lower_maps(encoder, _image(pictures), np.array([0, 2, 3]), None)
    read = pictures.read
    rows = [4, 0, 5, 2, 7]
    with torch.no_grad():
        found = encoder(known.collate(rows))
    assert pictures.read == read  # nothing is read again
    with torch.no_grad():
        whole = encoder.backbone(_image(pictures).collate(rows)["pixels"])
    torch.testing.assert_close(found, whole, atol=1e-5, rtol=1e-5)
    assert known.collate([6])["present"].tolist() == [False]


def test_training_draws_from_a_picture_and_its_changed_copies_and_others_never_change(encoder):
    only_bright = Augmentation(degrees=0.0, crop=1.0, intensity=0.4, copies=3)
    torch.manual_seed(5)
    known = lower_maps(encoder, _image(Pictures()), np.array([0, 3]), only_bright)
    drawn = known.drawn()
    seen = torch.stack([drawn.collate([0, 1])["map"] for _ in range(60)])
    assert len(torch.unique(seen[:, 0].flatten(1), dim=0)) == 4
    assert len(torch.unique(seen[:, 1].flatten(1), dim=0)) == 1
    assert torch.equal(known.collate([0])["map"], known.collate([0])["map"])
    for _ in range(20):
        one, other = known.pairs(np.array([3, 0]))
        assert (one != other).flatten(1).any(1).all()
        copies = torch.unique(seen[:, 0].flatten(1), dim=0)
        assert (copies == one[1].flatten()).all(1).any()


def test_maps_that_would_not_fit_are_not_kept(encoder, monkeypatch):
    size = 4 * 80 * 2 * 2
    monkeypatch.setattr(module, "MOST_BYTES", 7 * size - 1)
    assert lower_maps(encoder, _image(Pictures()), np.array([0]), Augmentation()) is None
    monkeypatch.setattr(module, "MOST_BYTES", 7 * size + 2 * size)  # seven different keys, and room for four halves
    known = lower_maps(encoder, _image(Pictures()), np.array([0, 1]), Augmentation(copies=9))
    assert known._changed.copies == 2


@pytest.mark.parametrize(("given", "frozen"), [({}, 8), ({"freeze_layers": 11}, 11)])
def test_upper_leaves_the_stem_and_the_lower_blocks_as_they_are(given, frozen):
    source = locate_image_backbone("efficientnet-lite0")
    way = Adaptation(method="upper", **given)
    net, _ = build_image_net(source, way, pretrained=False)
    moving = {name.rpartition(".")[0] for name, one in net.named_parameters() if one.requires_grad}
    names = {name.rpartition(".")[0] for name, _ in net.named_parameters()}
    lower = {n for n in names if n.startswith("conv_stem")}
    lower |= {n for n in names if n.startswith("blocks.") and int(n.split(".")[1]) < frozen}
    assert moving == names - lower and frozen_blocks(net, way) == frozen


def test_more_frozen_blocks_than_there_are_is_said():
    source = locate_image_backbone("efficientnet-lite0")
    with pytest.raises(
        BackboneError, match="model.image.adapt.freeze_layers: 17 is more than the backbone's 16 layers"
    ):
        build_image_net(source, Adaptation(method="upper", freeze_layers=17), pretrained=False)
