"""Building a network from its description, with pretrained weights or ready to be filled from a saved model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from primum.errors import BackboneError
from primum.model.adapters import Adaptation, adapt, layers_of
from primum.model.encoders import ImageEncoder, TextEncoder, VitalsEncoder
from primum.model.inputs import AbstractInput, ImageInput, TextInput, VitalsInput
from primum.model.net import Fusion, Head, HeadSpec, Net
from primum.model.vision import ImageSource, build_image_net, frozen_blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class NetSpec:
    """Everything that decides a network's shape."""

    head: HeadSpec
    adaptation: Adaptation
    width: int = 128
    """Width of the vitals encoder and of the fusion."""
    dropout: float = 0.1
    backbone_dropout: float = 0.0
    image: Adaptation | None = None
    """How the image network is adapted; None without images."""

    def frozen(self) -> frozenset[str]:
        """Return the inputs whose pretrained encoder does not move, so that its features can be computed once."""
        ways = {"text": self.adaptation, "image": self.image}
        return frozenset(name for name, way in ways.items() if way is not None and way.frozen_backbone)

    def to_json(self) -> dict[str, Any]:
        """Return the spec as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> NetSpec:
        """Return the spec that `to_json` described."""
        return cls(
            **{
                **value,
                "head": HeadSpec(**value["head"]),
                "adaptation": Adaptation(**value["adaptation"]),
                "image": None if value.get("image") is None else Adaptation(**value["image"]),
            }
        )


def build_net(
    spec: NetSpec,
    inputs: Mapping[str, AbstractInput],
    *,
    backbone_folder: Path | None,
    image_folder: Path | None = None,
    pretrained: bool,
) -> Net:
    """Return a network for these inputs.

    Args:
        spec: its shape.
        inputs: the inputs by name, fitted.
        backbone_folder: configuration (and weights, when `pretrained`) of the text backbone.
        image_folder: the same of the image network, where that is no built-in one.
        pretrained: load the weights; False leaves them to be filled from a saved model.
    """
    encoders: dict[str, TextEncoder | VitalsEncoder | ImageEncoder] = {}
    for name, fitted in inputs.items():
        if isinstance(fitted, TextInput):
            if backbone_folder is None:
                raise BackboneError("model.backbone: a text input needs a backbone.")
            encoders[name] = _text_encoder(spec, backbone_folder, pretrained)
        elif isinstance(fitted, VitalsInput):
            encoders[name] = VitalsEncoder(fitted, width=spec.width, dropout=spec.dropout)
        elif isinstance(fitted, ImageInput):
            source = ImageSource(form=fitted.form, folder=image_folder)
            way = spec.image or Adaptation(method="head")
            network, wide = build_image_net(source, way, pretrained=pretrained)
            frozen = frozen_blocks(network, way)
            encoders[name] = ImageEncoder(network, wide, frozen_blocks=frozen)
    fusion = Fusion({name: encoder.width for name, encoder in encoders.items()}, width=spec.width)
    return Net(encoders, fusion, Head(spec.head, fusion.width, dropout=spec.dropout))


def _text_encoder(spec: NetSpec, folder: Path, pretrained: bool) -> TextEncoder:
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.from_pretrained(str(folder), local_files_only=True)
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout"):
        if hasattr(config, name):
            setattr(config, name, spec.backbone_dropout)
    # On a CPU the plain attention beats the fused kernel on the short rows of clinical notes (benchmarks/finetune.py).
    options: dict[str, Any] = {"attn_implementation": "sdpa" if torch.cuda.is_available() else "eager"}
    try:
        if pretrained:
            backbone: nn.Module = AutoModel.from_pretrained(
                str(folder),
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                **options,
            )
        else:
            backbone = AutoModel.from_config(config, dtype=torch.float32, **options)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, RuntimeError) as exc:
        raise BackboneError(f"model.backbone: {folder.name} cannot be loaded as a text encoder.") from exc
    if hasattr(backbone, "pooler"):
        backbone.pooler = None  # type: ignore[assignment]  # unused: its weights would look trainable and never move
    width = int(backbone.config.hidden_size)  # type: ignore[union-attr, arg-type]
    adapted = adapt(backbone, spec.adaptation)
    layers = len(layers_of(backbone)) if spec.adaptation.method == "upper" else 0
    frozen = spec.adaptation.frozen_layers(layers)
    return TextEncoder(adapted, width, frozen_layers=frozen)
