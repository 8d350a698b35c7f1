"""Gradients told by cell: against the path's own sum, finite differences, and Grad-CAM by hand; on every family."""

import numpy as np
import pytest
import torch

from primum.cohort.records import Records
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec, build_net
from primum.model.encoders import ImageEncoder
from primum.model.gradients import Asked
from primum.model.inputs import ImageInput, PixelForm
from primum.model.inputs.cells import CELLS, spread_by_cell
from primum.model.net import HeadSpec
from primum.model.picture_gradients import map_place
from primum.model.predictor import Predictor
from primum.model.vision import _Pooled


class Column:
    size, channels = 64, 1

    def __init__(self, pixels):
        self.pixels = pixels
        self.keys = np.array([f"k{i}" for i in range(len(pixels))], dtype=object)

    def __len__(self):
        return len(self.pixels)

    def take(self, rows):
        return self.pixels[np.asarray(rows)]


@pytest.fixture
def films(rng):
    return Records(n=3, image=Column(rng.integers(256, size=(3, 64, 64, 1), dtype=np.uint8)))


@pytest.fixture
def predictor():
    inputs = {"image": ImageInput(PixelForm(architecture="efficientnet-lite0"), colour=False)}
    way = Adaptation(method="head")
    spec = NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=way, width=8, image=way)
    torch.manual_seed(0)
    net = build_net(spec, inputs, backbone_folder=None, pretrained=True)
    return Predictor(net=net.eval(), spec=spec, inputs=inputs, classes=("a", "b"), backbone_folder=None)


ASKED = Asked(about=np.array([0, 1, 1]), against=np.full(3, -1))


def test_grad_cam_of_an_averaged_map_is_the_head_s_weight_times_the_map(predictor, films):
    prepared = predictor.prepare(films)
    found = predictor.gradients(prepared, ASKED, kind="attention").cells
    net, lite = predictor.net, predictor.net.encoders["image"].backbone
    with torch.no_grad():
        x = torch.nn.functional.relu6(lite.conv_stem(prepared["image"].collate([0, 1, 2])["pixels"]))
        for block in lite.blocks:
            x = block(x)
        last = torch.nn.functional.relu6(lite.conv_head(x))  # (3, 1280, 2, 2)
        weight = net.head.out.weight[1] - net.head.out.weight[0]  # of two classes the log-odds are the difference
        sign = torch.tensor([-1.0, 1.0, 1.0])
        wanted = spread_by_cell(((weight[:, None, None] * last).sum(1) / 4 * sign[:, None, None]).double())
    assert found.shape == (3, CELLS)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=2e-3, atol=1e-5)


def test_the_path_leads_from_the_picture_s_mean_colour_and_its_cells_sum_to_the_slope_on_the_way(predictor, films):
    prepared = predictor.prepare(films)
    pixels = prepared["image"].collate([0, 1, 2])
    flat = pixels["pixels"].mean((2, 3), keepdim=True)

    def score(place):
        at = flat + place * (pixels["pixels"] - flat)
        with torch.no_grad():
            logits = predictor.net({"image": {**pixels, "pixels": at}})["logits"].double()
        return (logits[:, 1] - logits[:, 0]).numpy() * np.array([-1, 1, 1])

    step = 1e-3
    for place in (0.3, 0.8):
        one = predictor.gradients(prepared, ASKED, kind="path", nodes=np.array([place]), weights=np.array([1.0]))
        slope = (score(place + step) - score(place - step)) / (2 * step)
        np.testing.assert_allclose(one.cells.sum(1), slope, rtol=0.1, atol=0.1)
        np.testing.assert_allclose(one.start, score(0.0), atol=1e-4)
        np.testing.assert_allclose(one.end, score(1.0), atol=1e-4)


def test_gradient_times_input_is_the_slope_of_a_scaled_picture(predictor, films):
    prepared = predictor.prepare(films)
    found = predictor.gradients(prepared, ASKED, kind="input").cells.sum(1)
    pixels = prepared["image"].collate([0, 1, 2])

    def score(factor):
        with torch.no_grad():
            logits = predictor.net({"image": {**pixels, "pixels": pixels["pixels"] * factor}})["logits"].double()
        return (logits[:, 1] - logits[:, 0]).numpy() * np.array([-1, 1, 1])

    step = 1e-3
    np.testing.assert_allclose(found, (score(1 + step) - score(1 - step)) / (2 * step), rtol=0.05, atol=0.05)


def test_the_model_is_left_as_it_was_and_answers_the_same(predictor, films):
    wanted = [p.requires_grad for p in predictor.net.parameters()]
    before = predictor.predict(films)
    for kind in ("attention", "input"):
        predictor.gradients(predictor.prepare(films), ASKED, kind=kind)
    assert [p.requires_grad for p in predictor.net.parameters()] == wanted
    np.testing.assert_array_equal(predictor.predict(films), before)


def _families():
    from transformers import (
        ConvNextConfig,
        ConvNextModel,
        Dinov2WithRegistersConfig,
        Dinov2WithRegistersModel,
        ResNetConfig,
        ResNetModel,
        SwinConfig,
        SwinModel,
        ViTConfig,
        ViTModel,
    )

    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
    return {
        "vit": (ViTModel(ViTConfig(**small, intermediate_size=64), add_pooling_layer=False), True, 32),
        "registers": (Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**small)), True, 32),
        "convnext": (ConvNextModel(ConvNextConfig(depths=[1, 1], hidden_sizes=[8, 16], num_stages=2)), False, 16),
        "resnet": (ResNetModel(ResNetConfig(depths=[1, 1], hidden_sizes=[8, 16], embedding_size=8)), False, 16),
        "swin": (
            SwinModel(
                SwinConfig(embed_dim=8, depths=[1, 1], num_heads=[1, 2], image_size=32, patch_size=4, window_size=4)
            ),
            False,
            16,
        ),
    }


@pytest.mark.parametrize("family", ["vit", "registers", "convnext", "resnet", "swin"])
def test_every_family_has_a_map_whose_gradient_speaks_of_places(family, rng):
    torch.manual_seed(1)
    model, first, width = _families()[family]
    encoder = ImageEncoder(_Pooled(model, first_token=first).eval(), width)
    place = map_place(encoder, {"pixels": torch.zeros(1, 3, 32, 32)})
    assert place is not None and place.given is first
    inputs = {"image": ImageInput(PixelForm(architecture="folder", side=32), colour=False)}
    way = Adaptation(method="head")
    spec = NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=way, width=8, image=way)
    from primum.model.net import Fusion, Head, Net

    net = Net({"image": encoder}, Fusion({"image": width}, width=8), Head(spec.head, width, dropout=0.0)).eval()
    one = Predictor(net=net, spec=spec, inputs=inputs, classes=("a", "b"), backbone_folder=None)
    column = Column(rng.integers(256, size=(2, 64, 64, 1), dtype=np.uint8))
    prepared = one.prepare(Records(n=2, image=column))
    found = one.gradients(prepared, Asked(about=np.array([0, 1]), against=np.full(2, -1)), kind="attention").cells
    assert found.shape == (2, CELLS) and np.isfinite(found).all() and (np.ptp(found, axis=1) > 0).all()
    again = one.gradients(prepared, Asked(about=np.array([1, 0]), against=np.full(2, -1)), kind="attention").cells
    np.testing.assert_allclose(found, -again, rtol=1e-3, atol=1e-6)  # for one is against the other
