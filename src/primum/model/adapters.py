"""Adaptation: which weights of a pretrained model are tuned, and which small ones are added to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from primum.errors import BackboneError
from primum.registry import Registry

Method = Literal["full", "upper", "head", "lora", "adalora", "prefix", "adapter", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptation:
    """How a backbone is adapted."""

    method: Method = "full"
    rank: int = 8
    alpha: float | None = None
    """Scale of lora and adalora; None: twice the rank."""
    prefix_length: int = 16
    bottleneck: int = 48
    freeze_layers: int = 0
    """First layers, and all before them, that stay as they are; with upper 0 means half of them."""

    def frozen_layers(self, layers: int) -> int:
        """Return how many of so many layers stay as they are while those above are tuned."""
        if self.method == "upper":
            return self.freeze_layers or layers // 2
        return self.freeze_layers if self.method == "full" else 0

    @property
    def frozen_backbone(self) -> bool:
        """Whether no weight inside the backbone moves, so that its features can be computed once."""
        return self.method in ("head", "none")


Adapter = Callable[[nn.Module, Adaptation], nn.Module]
ADAPTERS: Registry[Adapter] = Registry("adaptation method")

_ATTENTION = {  # query and value projections by architecture; Hu et al. 2021, section 4.2
    "bert": ["query", "value"],
    "roberta": ["query", "value"],
    "xlm-roberta": ["query", "value"],
    "electra": ["query", "value"],
    "distilbert": ["q_lin", "v_lin"],
    "deberta-v2": ["query_proj", "value_proj"],
    "modernbert": ["Wqkv", "Wo"],
}


def adapt(backbone: nn.Module, adaptation: Adaptation) -> nn.Module:
    """Return the backbone with the adaptation's weights added and `requires_grad` set on the ones to tune.

    Raises:
        BackboneError: the backbone's architecture does not allow it.
    """
    return ADAPTERS.get(adaptation.method)(backbone, adaptation)


def layers_of(backbone: nn.Module) -> nn.ModuleList:
    """Return the backbone's list of transformer layers.

    Raises:
        BackboneError: it has none of the expected length.
    """
    wanted = getattr(getattr(backbone, "config", None), "num_hidden_layers", None)
    for module in backbone.modules():
        if isinstance(module, nn.ModuleList) and len(module) == wanted:
            return module
    raise BackboneError("model.adapt: this backbone has no list of transformer layers to work on; use full or head.")


@ADAPTERS.register("full")
def _full(backbone: nn.Module, adaptation: Adaptation) -> nn.Module:
    backbone.requires_grad_(True)
    if adaptation.freeze_layers or adaptation.method == "upper":
        layers = layers_of(backbone)
        frozen = frozen_of(adaptation, len(layers))
        backbone.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]
        embeddings = getattr(backbone, "embeddings", None)
        if isinstance(embeddings, nn.Module):
            embeddings.requires_grad_(False)
        for layer in list(layers)[:frozen]:
            layer.requires_grad_(False)
    return backbone


ADAPTERS.register("upper")(_full)


def frozen_of(adaptation: Adaptation, layers: int, *, key: str = "model.adapt") -> int:
    """Return how many of so many layers stay as they are.

    Raises:
        BackboneError: there are not so many.
    """
    frozen = adaptation.frozen_layers(layers)
    if frozen > layers:
        raise BackboneError(
            f"{key}.freeze_layers: {frozen} is more than the backbone's {layers} layers; give a smaller number, "
            "or method: head."
        )
    return frozen


def _frozen(backbone: nn.Module, adaptation: Adaptation) -> nn.Module:
    return backbone.requires_grad_(False)


ADAPTERS.register("head")(_frozen)
ADAPTERS.register("none")(_frozen)


def _low_rank(adaptation: Adaptation, backbone: nn.Module) -> dict[str, Any]:
    kind = getattr(backbone.config, "model_type", "")
    return {
        "lora_alpha": adaptation.alpha or 2 * adaptation.rank,
        "target_modules": _ATTENTION.get(str(kind), "all-linear"),
        "task_type": "FEATURE_EXTRACTION",
    }


@ADAPTERS.register("lora")
def _lora(backbone: nn.Module, adaptation: Adaptation) -> nn.Module:
    from peft import LoraConfig, get_peft_model

    return get_peft_model(backbone, LoraConfig(r=adaptation.rank, **_low_rank(adaptation, backbone)))


@ADAPTERS.register("adalora")
def _adalora(backbone: nn.Module, adaptation: Adaptation) -> nn.Module:
    from peft import AdaLoraConfig, get_peft_model

    config = AdaLoraConfig(
        init_r=max(adaptation.rank * 3 // 2, adaptation.rank + 1),
        target_r=adaptation.rank,
        total_step=1,  # the training sets its own (training/adalora.py)
        **_low_rank(adaptation, backbone),
    )
    return get_peft_model(backbone, config)


@ADAPTERS.register("prefix")
def _prefix(backbone: nn.Module, adaptation: Adaptation) -> nn.Module:
    from peft import PrefixTuningConfig, get_peft_model

    config = PrefixTuningConfig(task_type="FEATURE_EXTRACTION", num_virtual_tokens=adaptation.prefix_length)
    model = get_peft_model(backbone, config)
    # peft keeps a second reference to the embedding table for prompt tuning; prefix tuning never reads it, and one
    # tensor under two names cannot be written as safetensors.
    if hasattr(model, "word_embeddings"):
        del model.word_embeddings
    embeddings = getattr(backbone, "embeddings", None)
    if isinstance(embeddings, nn.Module):
        embeddings.register_forward_pre_hook(_positions_from_zero, with_kwargs=True)
    return model


def _positions_from_zero(module: nn.Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Count a note's positions from its own start: virtual tokens are no words, and a full note leaves no room."""
    return args, {**kwargs, "past_key_values_length": 0} if "past_key_values_length" in kwargs else kwargs


class AdaptedLayer(nn.Module):
    """A transformer layer followed by a residual bottleneck that starts as the identity.

    Source: Pfeiffer et al. 2021, "AdapterFusion", section 3.1 (one bottleneck a layer, after the feed-forward block).
    """

    def __init__(self, layer: nn.Module, *, width: int, bottleneck: int) -> None:
        super().__init__()
        self.layer = layer
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def __getattr__(self, name: str) -> Any:
        """Look an unknown name up in the wrapped layer: some models read a layer's attributes before calling it."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("layer"), name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the layer returns, with its states passed through the bottleneck."""
        output = self.layer(*args, **kwargs)
        states = output[0] if isinstance(output, tuple) else output
        states = states + self.up(torch.relu(self.down(states)))
        return (states, *output[1:]) if isinstance(output, tuple) else states


@ADAPTERS.register("adapter")
def _adapter(backbone: nn.Module, adaptation: Adaptation) -> nn.Module:
    backbone.requires_grad_(False)
    layers = layers_of(backbone)
    width = int(backbone.config.hidden_size)  # type: ignore[union-attr, arg-type]
    for i, layer in enumerate(layers):
        layers[i] = AdaptedLayer(layer, width=width, bottleneck=adaptation.bottleneck)
    return backbone
