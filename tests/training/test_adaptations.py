"""Every adaptation method, tuned on real text, against the same network written out by hand from its saved file."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from primum.cohort.records import Records, TextList
from primum.model.adapters import ADAPTERS, Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec
from primum.model.inputs import PreparedSelection, TextInput
from primum.model.net import HeadSpec
from primum.training.fit import FitRequest, fit
from primum.training.plan import TrainingPlan
from tests.training.bert_by_hand import Weights, answer, features

FOLDER = locate_backbone("minilm")
LR = {
    "full": 5e-4,
    "upper": 5e-4,
    "head": 5e-4,
    "none": 5e-4,
    "lora": 1e-2,
    "adalora": 2e-2,
    "prefix": 5e-2,
    "adapter": 5e-3,
}
ADDED = {"lora": "lora_", "adalora": "lora_", "prefix": "prompt_encoder", "adapter": (".down.", ".up.")}
COMPARED = 6


def _tuned(symptoms, folder, method, **options):
    cohort, split = symptoms
    split = np.where(split == "validation", "unused", split)  # the last step's weights are kept, not the best epoch's
    split[np.flatnonzero(split == "train")[40:]] = "unused"
    split[np.flatnonzero(split == "test")[COMPARED:]] = "unused"
    head = HeadSpec(kind="classes", outputs=4, linear=method == "none")
    request = FitRequest(
        cohort=cohort,
        split=split,
        spec=NetSpec(head=head, adaptation=Adaptation(method=method, **options)),
        plan=TrainingPlan(epochs=1, batch=4, lr=LR[method], head_lr=5e-3, precision="fp32", patience=None),
        backbone_folder=FOLDER,
        max_tokens=48,
        input_names=("text",),
        folder=folder,
        model_folder=folder / "model",
        probe=False,
    )
    return fit(request)


def _plain_name(name):
    for wrapped in ("base_model.", "model.", "base_layer."):
        name = name.replace(wrapped, "")
    name = name.removeprefix("encoders.text.backbone.")
    parts = name.split(".")
    return ".".join(part for i, part in enumerate(parts) if not (part == "layer" and parts[i - 1].isdigit()))


def _moved(folder):
    """Return the backbone's own tensors that differ from the pretrained file's, by plain name, and how many do not."""
    before, after = load_file(FOLDER / "model.safetensors"), load_file(folder / "model" / "model.safetensors")
    pairs = {_plain_name(name): value for name, value in after.items() if _plain_name(name) in before}
    assert len(pairs) == 6 * 16 + 5  # every layer and the embeddings
    moved = {name for name, value in pairs.items() if not np.array_equal(value, before[name])}
    return moved, len(pairs) - len(moved)


@pytest.mark.parametrize("method", list(ADAPTERS))
def test_a_tuned_model_answers_as_its_saved_weights_do_by_hand(symptoms, tmp_path, method):
    fitted = _tuned(symptoms, tmp_path, method)
    weights, tokens = Weights(tmp_path / "model" / "model.safetensors"), fitted.tokens["text"]
    test = np.flatnonzero(symptoms[1] == "test")[:COMPARED]
    given = fitted.predictor.predict_prepared({"text": PreparedSelection(tokens, test)})
    notes = [tokens.ids[tokens.offsets[row] : tokens.offsets[row + 1]].tolist() for row in test]
    by_hand = np.array([answer(weights, features(weights, note)) for note in notes])
    np.testing.assert_allclose(given, by_hand, atol=2e-5)
    # What was tuned is what the method says: what it adds, and of the backbone nothing, all of it, or its upper half.
    moved, _ = _moved(tmp_path)
    assert bool(moved) == (method in ("full", "upper"))
    assert method != "upper" or {name.split(".")[2] for name in moved} == {"3", "4", "5"}
    added = [v for name, v in weights.tensors.items() if any(p in name for p in _parts(method))]
    assert all(np.abs(value).max() > 0 for value in added) and bool(added) == (method in ADDED)


def _parts(method):
    parts = ADDED.get(method, ())
    return (parts,) if isinstance(parts, str) else parts


def test_without_what_a_method_added_the_answers_are_others(symptoms, tmp_path):
    fitted = _tuned(symptoms, tmp_path, "lora", alpha=32.0)
    tokens, path = fitted.tokens["text"], tmp_path / "model" / "model.safetensors"
    ids = tokens.ids[: tokens.offsets[1]].tolist()
    given = fitted.predictor.predict_prepared({"text": PreparedSelection(tokens, np.arange(1))})[0]
    weights = Weights(path)
    np.testing.assert_allclose(given, answer(weights, features(weights, ids, alpha=32.0)), atol=2e-5)
    assert np.abs(given - answer(weights, features(weights, ids, alpha=0.0))).max() > 1e-3


def test_frozen_layers_keep_every_bit_while_the_others_move(symptoms, tmp_path):
    _tuned(symptoms, tmp_path, "full", freeze_layers=4)
    moved, still = _moved(tmp_path)
    assert {name.split(".")[2] for name in moved} == {"4", "5"}
    assert len(moved) == 2 * 16 and still == 4 * 16 + 5


def test_adalora_ends_with_the_ranks_it_was_given(symptoms, tmp_path):
    _tuned(symptoms, tmp_path, "adalora", rank=4)
    tensors = load_file(tmp_path / "model" / "model.safetensors")
    values = [value for name, value in tensors.items() if ".lora_E." in name]
    assert len(values) == 12 and all(len(value) == 6 for value in values)  # it begins with half as many again
    assert sum(int((value != 0).sum()) for value in values) == 12 * 4
    factor = next(value for name, value in tensors.items() if ".lora_A." in name)
    assert np.isfinite(factor).all()


def test_a_prefix_leaves_room_for_the_longest_note(symptoms, tmp_path):
    fitted = _tuned(symptoms, tmp_path, "prefix")
    text = TextInput(FOLDER, max_tokens=512)  # as many as the backbone has positions
    predictor = replace(fitted.predictor, inputs={"text": text})
    records = Records(n=1, text=TextList(["fever and cough " * 400]))
    prepared = text.prepare(records)
    assert prepared.lengths.tolist() == [512]
    weights = Weights(tmp_path / "model" / "model.safetensors")
    by_hand = answer(weights, features(weights, prepared.ids.tolist()))
    np.testing.assert_allclose(predictor.predict(records)[0], by_hand, atol=2e-5)
