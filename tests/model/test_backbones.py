"""Backbones: only what is safe to open is opened."""

import json
import shutil

import pytest

from primum.errors import BackboneError
from primum.files import sha256_of
from primum.model.backbones import BACKBONES, locate_backbone


def test_minilm_is_the_model_that_was_tested():
    folder = locate_backbone("minilm")
    expected = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert sha256_of(folder / "model.safetensors") == expected == BACKBONES.get("minilm").sha256


def test_a_changed_weights_file_of_a_builtin_is_refused(tmp_path, monkeypatch):
    from dataclasses import replace

    folder = tmp_path / "model"
    shutil.copytree(locate_backbone("minilm"), folder)
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    changed = replace(BACKBONES.get("minilm"), locate=lambda: folder)
    monkeypatch.setitem(BACKBONES._entries, "minilm", changed)
    with pytest.raises(BackboneError, match="differ from the ones primum was tested with"):
        locate_backbone("minilm")


def test_a_folder_without_safetensors_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(BackboneError, match="no safetensors weights"):
        locate_backbone(str(tmp_path))


def test_a_model_with_code_of_its_own_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"auto_map": {"AutoModel": "evil.Model"}}))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(BackboneError, match="run code of its own"):
        locate_backbone(str(tmp_path))


def test_a_misspelt_builtin_names_the_nearest():
    with pytest.raises(BackboneError, match="did you mean 'minilm'"):
        locate_backbone("minilmm")


def test_a_hub_id_that_cannot_be_had_offline_says_so(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(BackboneError, match="cannot be fetched"):
        locate_backbone("nobody/nothing")
