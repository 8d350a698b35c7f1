"""Image networks: the built-in one against the published code, folders of every family against transformers itself."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from primum.errors import BackboneError
from primum.model import vision
from primum.model.adapters import Adaptation
from primum.model.image_backbones import IMAGE_BACKBONES
from primum.model.inputs import PixelForm
from primum.model.lite import LiteNet
from primum.model.vision import FrozenNorm, ImageSource, build_image_net, freeze_norms, locate_image_backbone

HEAD = Adaptation(method="head")


def _configs():
    from transformers import (
        ConvNextConfig,
        Dinov2Config,
        Dinov2WithRegistersConfig,
        ResNetConfig,
        SwinConfig,
        ViTConfig,
    )

    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
    return {
        "vit": ViTConfig(**small, intermediate_size=64),
        "dinov2": Dinov2Config(**small),
        "dinov2_with_registers": Dinov2WithRegistersConfig(**small),
        "convnext": ConvNextConfig(depths=[1, 1], hidden_sizes=[8, 16], num_stages=2),
        "resnet": ResNetConfig(depths=[1, 1], hidden_sizes=[8, 16], embedding_size=8),
        "swin": SwinConfig(embed_dim=8, depths=[1, 1], num_heads=[1, 2], image_size=32, patch_size=4, window_size=4),
    }


FAMILIES = ("vit", "dinov2", "dinov2_with_registers", "convnext", "resnet", "swin")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    from transformers import AutoModel

    base = tmp_path_factory.mktemp("vision")
    for name, config in _configs().items():
        torch.manual_seed(5)
        model = AutoModel.from_config(config)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean)
                nn.init.uniform_(module.running_var, 0.5, 2.0)
        model.save_pretrained(base / name)
    return base


@pytest.fixture(scope="module")
def published():
    return pytest.importorskip("efficientnet_lite_pytorch")


def _published_weights():
    return torch.load(vision._lite_file(), map_location="cpu", weights_only=True)


@pytest.mark.parametrize("side", [65, 96, 224])
def test_the_built_in_network_answers_as_the_published_code(side, published):
    theirs = published.EfficientNet.from_name("efficientnet-lite0", image_size=side)
    theirs.load_state_dict(_published_weights())
    theirs.eval()
    net, width = build_image_net(ImageSource(form=PixelForm(architecture="efficientnet-lite0")), HEAD, pretrained=True)
    pixels = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        wanted = theirs.extract_features(pixels).mean((2, 3))
        found = net.train()(pixels)  # nothing in it behaves otherwise in training
    assert width == found.shape[1] == 1280
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_its_weights_know_a_cat(published):
    data = pytest.importorskip("skimage.data")
    from PIL import Image

    cat = np.asarray(Image.fromarray(data.chelsea()).resize((224, 224)), dtype=np.float32) / 255
    form = PixelForm(architecture="efficientnet-lite0")
    pixels = (torch.from_numpy(cat) - torch.tensor(form.mean)) / torch.tensor(form.scale)
    weights = _published_weights()
    net = LiteNet()
    net.fill(weights)
    with torch.inference_mode():
        features = net(pixels.permute(2, 0, 1)[None])
    scores = features @ weights["_fc.weight"].T + weights["_fc.bias"]
    assert int(scores.argmax()) in range(281, 286)  # ImageNet's five domestic cats


def test_other_weights_under_its_name_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(vision, "LITE_SHA256", "0" * 64)
    with pytest.raises(BackboneError, match="differ from the ones primum was tested with"):
        build_image_net(ImageSource(form=PixelForm(architecture="efficientnet-lite0")), HEAD, pretrained=True)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_gives_transformers_own_features(family, folders):
    from transformers import AutoModel

    source = locate_image_backbone(family, base=folders)
    net, width = build_image_net(source, HEAD, pretrained=True)
    theirs = AutoModel.from_pretrained(folders / family).eval()
    side = source.form.side or 32
    pixels = torch.randn(3, 3, side, side, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        out = theirs(pixel_values=pixels)
        found = net.eval()(pixels)
    first = family in ("vit", "dinov2", "dinov2_with_registers")
    wanted = out.last_hidden_state[:, 0] if first else out.pooler_output.flatten(1)
    assert found.shape == (3, width)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    assert source.form.side == (32 if family in ("vit", "swin") else None)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_moves_is_what_the_method_says(family, folders):
    source = locate_image_backbone(family, base=folders)
    moving = {}
    for method in ("head", "none", "full"):
        net, _ = build_image_net(source, Adaptation(method=method), pretrained=True)
        moving[method] = [p.requires_grad for p in net.parameters()]
    assert not any(moving["head"]) and not any(moving["none"]) and all(moving["full"])
    if family == "resnet":
        with pytest.raises(BackboneError, match="no linear layers for lora"):
            build_image_net(source, Adaptation(method="lora"), pretrained=True)
        return
    net, _ = build_image_net(source, Adaptation(method="lora", rank=2), pretrained=True)
    names = [name for name, p in net.named_parameters() if p.requires_grad]
    assert names and all("lora_" in name for name in names)
    pixels = torch.randn(2, 3, 32, 32)
    plain, _ = build_image_net(source, HEAD, pretrained=True)
    torch.testing.assert_close(net.eval()(pixels), plain.eval()(pixels))  # lora begins as nothing


@pytest.mark.parametrize("family", FAMILIES)
def test_every_trainable_weight_gets_a_gradient(family, folders):
    net, _ = build_image_net(locate_image_backbone(family, base=folders), Adaptation(method="full"), pretrained=True)
    net.train()(torch.randn(4, 3, 32, 32)).square().sum().backward()
    without = [name for name, p in net.named_parameters() if p.grad is None and "mask_token" not in name]
    assert without == []


def test_batch_normalisation_is_frozen_as_it_was_and_never_moves():
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(4)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    norm(torch.randn(8, 4, 5, 5) * 3 + 1)  # moves its statistics
    net = nn.Sequential(nn.Conv2d(3, 4, 3), norm.eval())
    x = torch.randn(6, 3, 9, 9)
    wanted = net(x)
    frozen = freeze_norms(net).train()
    torch.testing.assert_close(frozen(x), wanted)
    assert isinstance(frozen[1], FrozenNorm) and not list(frozen[1].parameters())
    torch.testing.assert_close(frozen(x)[:1], frozen(x[:1]))  # no record sees another


def test_densenet_has_no_weights_to_keep_and_no_batch_normalisation():
    pytest.importorskip("monai")
    source = locate_image_backbone("densenet121")
    with pytest.raises(BackboneError, match="densenet121 has no pretrained weights to keep; use full"):
        build_image_net(source, HEAD, pretrained=True)
    net, width = build_image_net(source, Adaptation(method="full"), pretrained=True)
    assert net(torch.randn(2, 3, 64, 64)).shape == (2, width)
    assert not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in net.modules())
    assert sum(p.numel() for p in net.parameters()) == IMAGE_BACKBONES.get("densenet121").parameters


def test_stated_sizes_are_those_of_the_networks():
    assert sum(p.numel() for p in LiteNet().parameters()) == IMAGE_BACKBONES.get("efficientnet-lite0").parameters


def test_form_comes_from_the_folders_preprocessor(folders, tmp_path):
    import shutil

    shutil.copytree(folders / "convnext", tmp_path / "own")
    (tmp_path / "own" / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}), encoding="utf-8"
    )
    form = locate_image_backbone("own", base=tmp_path).form
    assert form.mean == (0.5, 0.5, 0.5) == form.scale
    (tmp_path / "own" / "preprocessor_config.json").write_text('{"image_mean": [0.5]}', encoding="utf-8")
    with pytest.raises(BackboneError, match="not for square images in three colours"):
        locate_image_backbone("own", base=tmp_path)


def test_unknown_names_and_text_models_are_refused(tmp_path):
    from transformers import BertConfig, BertModel

    with pytest.raises(BackboneError, match=r"model.image.backbone: 'efficientnet-lite' is no built-in .*lite0"):
        locate_image_backbone("efficientnet-lite")
    tiny = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8, "vocab_size": 9}
    BertModel(BertConfig(**tiny)).save_pretrained(tmp_path / "bert")
    with pytest.raises(BackboneError, match="bert reads no images; name a vision model"):
        build_image_net(locate_image_backbone("bert", base=tmp_path), HEAD, pretrained=True)
