"""Image models answer without torch as the Predictor does: every network, pictures of other sizes, missing ones."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from primum.cohort.records import Records, VitalColumn
from primum.errors import InputError
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec, build_net
from primum.model.inputs import ImageInput, PixelForm, VitalsInput
from primum.model.net import HeadSpec
from primum.model.predictor import Predictor
from primum.model.served import SERVED_FILE, Served
from primum.model.served.image import pixels_of
from primum.model.served.writing import write_served
from primum.model.vision import locate_image_backbone

N = 40


class Pictures:
    """An ImageColumn in memory; some records have none, and some share one."""

    def __init__(self, size, channels, seed=0):
        self.pixels = np.random.default_rng(seed).integers(256, size=(N, size, size, channels), dtype=np.uint8)
        self.pixels[7] = self.pixels[3]
        self.size, self.channels = size, channels
        self.keys = np.array([None if i % 9 == 5 else f"k{3 if i == 7 else i}" for i in range(N)], dtype=object)

    def __len__(self):
        return N

    def take(self, rows):
        return self.pixels[np.asarray(rows)] * (self.keys[np.asarray(rows)] != None)[:, None, None, None]  # noqa: E711


def _records(size, channels=1, *, vitals=False):
    age = VitalColumn(name="age", kind="number", values=np.random.default_rng(1).normal(60, 12, N))
    return Records(n=N, image=Pictures(size, channels), vitals={"age": age} if vitals else {})


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    from transformers import AutoModel, ConvNextConfig, Dinov2Config, ResNetConfig, SwinConfig, ViTConfig

    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
    configs = {
        "vit": ViTConfig(**small, intermediate_size=64),
        "dinov2": Dinov2Config(**small),
        "convnext": ConvNextConfig(depths=[1, 1], hidden_sizes=[8, 16], num_stages=2),
        "resnet": ResNetConfig(depths=[1, 1], hidden_sizes=[8, 16], embedding_size=8),
        "swin": SwinConfig(embed_dim=8, depths=[1, 1], num_heads=[1, 2], image_size=32, patch_size=4, window_size=4),
    }
    base = tmp_path_factory.mktemp("vision")
    for name, config in configs.items():
        torch.manual_seed(5)
        AutoModel.from_config(config).save_pretrained(base / name)
    return base


def _predictor(name, records, *, base, method="head"):
    torch.manual_seed(5)
    source = locate_image_backbone(name if base is None else str(base / name))
    inputs = {"image": ImageInput(source.form, colour=True)}
    if records.vitals:
        inputs["vitals"] = VitalsInput.fit(dict(records.vitals), np.arange(N))
    head = HeadSpec(kind="classes", outputs=3)
    spec = NetSpec(head=head, adaptation=Adaptation(method="full"), width=16, image=Adaptation(method=method))
    net = build_net(spec, inputs, backbone_folder=None, image_folder=source.folder, pretrained=True)
    for key, parameter in net.named_parameters():
        if "lora_B" in key or "absent" in key:  # they begin at zero, where nothing would be seen of them
            torch.nn.init.normal_(parameter, std=0.05)
    torch.nn.init.normal_(net.head.out.weight, std=0.1)
    return Predictor(
        net=net.eval(), spec=spec, inputs=inputs, classes=("a", "b", "c"), backbone_folder=None,
        image_folder=source.folder,
    )  # fmt: skip


def _served(predictor, folder, records):
    predictor.save(folder)
    found = write_served(predictor, None, folder, predictor.prepare(records))
    assert found is not None and found.n == 32 and found.max_difference <= 1e-5
    served = Served.load(folder, threads=1)
    assert served is not None
    return served


@pytest.mark.parametrize(
    ("name", "built_in", "size", "channels", "method"),
    [
        ("efficientnet-lite0", True, 64, 1, "head"),
        ("efficientnet-lite0", True, 65, 3, "full"),
        ("densenet121", True, 32, 1, "full"),
        ("vit", False, 32, 1, "lora"),
        ("vit", False, 48, 3, "head"),  # shrunk
        ("swin", False, 20, 1, "head"),  # grown
        ("dinov2", False, 40, 3, "lora"),
        ("convnext", False, 48, 1, "head"),
        ("resnet", False, 48, 1, "full"),
    ],
)
def test_every_network_answers_without_torch_as_with_it(name, built_in, size, channels, method, folders, tmp_path):
    records = _records(size, channels)
    predictor = _predictor(name, records, base=None if built_in else folders, method=method)
    served = _served(predictor, tmp_path, records)
    exact, twin = predictor.inside(records), served.inside(records)
    assert np.ptp(exact.answers[:, 0]) > 1e-3  # pictures matter
    np.testing.assert_allclose(twin.answers, exact.answers, atol=1e-5)
    np.testing.assert_allclose(twin.features, exact.features, atol=1e-4)
    assert served.colour() is True


def test_a_picture_beside_vitals_and_either_missing(folders, tmp_path):
    records = _records(32, vitals=True)
    records.vitals["age"].values[::4] = np.nan
    predictor = _predictor("convnext", records, base=folders)
    served = _served(predictor, tmp_path, records)
    np.testing.assert_allclose(served.predict(records), predictor.predict(records), atol=1e-5)
    without = Records(n=N, vitals=records.vitals)
    np.testing.assert_allclose(served.predict(without), predictor.predict(without), atol=1e-5)


def test_an_answer_is_the_same_alone_and_among_others(folders, tmp_path):
    records = _records(32)
    served = _served(_predictor("vit", records, base=folders), tmp_path, records)
    together, prepared = served.predict(records), served.prepare(records)
    for row in (0, 3, 5, 7):
        alone = served.predict_prepared({"image": prepared["image"].chosen(np.array([row]))})
        np.testing.assert_array_equal(alone[0], together[row])


def test_equal_pictures_are_read_once(folders, tmp_path):
    records = _records(32)
    served = _served(_predictor("vit", records, base=folders), tmp_path, records)
    image, calls = served.image, []

    class Counting:
        def get_inputs(self):
            return image.get_inputs()

        def get_outputs(self):
            return image.get_outputs()

        def run(self, *given):
            calls.append(1)
            return image.run(*given)

    replace(served, image=Counting()).predict(records)
    assert len(calls) == len(set(records.image.keys) - {None})


@pytest.mark.parametrize("readers", [1, 3])
def test_parts_of_a_picture_are_asked_about_as_with_torch(readers, folders, tmp_path):
    records = _records(48, 3)
    predictor = _predictor("convnext", records, base=folders)
    served = replace(_served(predictor, tmp_path, records), readers=readers)
    rows = np.repeat([3, 0, 5, 7, 3], 6)
    kept = np.random.default_rng(2).random((len(rows), 49)) < np.linspace(0, 1, len(rows))[:, None]
    told = [
        model.predict_prepared(
            model.thinned(model.prepare(records), rows, [np.empty(0, bool)] * len(rows), np.empty((len(rows), 0)), kept)
        )
        for model in (predictor, served)
    ]
    np.testing.assert_allclose(told[1], told[0], atol=1e-5)
    assert np.ptp(told[0][rows == 3][:, 0]) > 1e-3  # parts matter


@pytest.mark.parametrize(("size", "side"), [(32, 16), (48, 32), (33, 20), (20, 32), (224, 160), (32, 32)])
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_torchs_antialiased_ones(size, side, channels):
    prepared = ImageInput(PixelForm(architecture="x", side=side), colour=True).prepare(_records(size, channels))
    wanted = prepared.collate([4])["pixels"].numpy()
    np.testing.assert_allclose(pixels_of(prepared, 4, side=side), wanted, atol=1e-4)  # of a deviation
    plain = torch.from_numpy(prepared.images.take([4])).permute(0, 3, 1, 2).float() / 255
    sized = functional.interpolate(plain, size=(side, side), mode="bilinear", antialias=True)
    mean, scale = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (prepared.form.mean, prepared.form.scale))
    np.testing.assert_allclose(wanted, ((sized - mean) / scale).numpy(), atol=1e-5)


def test_pictures_of_another_size_than_learnt_from_are_refused(tmp_path):
    records = _records(32)
    served = _served(_predictor("efficientnet-lite0", records, base=None), tmp_path, records)
    with pytest.raises(InputError, match="image: these pictures have 48 pixels a side, and the model was tuned on 32"):
        served.predict(_records(48))


def test_no_torch_is_imported(folders, tmp_path):
    records = _records(32)
    _served(_predictor("convnext", records, base=folders), tmp_path, records)
    code = (
        "import sys, numpy as np\n"
        "from primum.cohort.records import Records\n"
        "from primum.model.served import Served\n"
        f"served = Served.load(__import__('pathlib').Path({str(tmp_path)!r}))\n"
        "class One:\n"
        "    size, channels, keys = 32, 1, np.array(['k'], dtype=object)\n"
        "    def __len__(self): return 1\n"
        "    def take(self, rows): return np.zeros((len(rows), 32, 32, 1), np.uint8)\n"
        "assert served.predict(Records(n=1, image=One())).shape == (1, 3)\n"
        "assert not {'torch', 'transformers', 'PIL'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_part_that_is_missing_is_said(folders, tmp_path):
    records = _records(32)
    _served(_predictor("convnext", records, base=folders), tmp_path, records)
    (tmp_path / "served-image.onnx").unlink()
    with pytest.raises(InputError, match=SERVED_FILE):
        Served.load(tmp_path)
