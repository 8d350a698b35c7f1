"""The encoder in 8-bit integers: the integer product by hand, real notes against float32, one patient at a time."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from primum.cohort.records import Records, TextList
from primum.model import engine as engines
from primum.model import int8, predictor
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.engine import agreement, build_engine, integers_are_fast
from primum.model.inputs import TextInput
from primum.model.net import HeadSpec
from primum.model.predictor import Predictor
from primum.model.sessions import open_session

FOLDER = locate_backbone("minilm")
SENTENCES = [
    "Chest pain radiating to the left arm since this morning.",
    "The rash on both elbows is itchy and silvery.",
    "No fever, no cough.",
    "Throbbing headache with light sensitivity, nausea and blurred vision; worse after skipping breakfast.",
    "BP 182/110, dizzy on standing, takes lisinopril 10 mg daily and amlodipine 5 mg.",
    "x",
]


@pytest.fixture(scope="module")
def tuned() -> Predictor:
    """A text model with its engine; the notes it saw the ranges on are the sentences joined in pairs."""
    text = TextInput(FOLDER, max_tokens=64)
    spec = NetSpec(head=HeadSpec(kind="classes", outputs=3), adaptation=Adaptation(method="full"))
    torch.manual_seed(0)
    net = build_net(spec, {"text": text}, backbone_folder=FOLDER, pretrained=True).eval()
    seen = [f"{a} {b}" for a in SENTENCES for b in SENTENCES] + ["ok", None]
    prepared = text.prepare(Records(n=len(seen), text=TextList(seen)))
    engine = build_engine(net.encoders["text"], prepared, np.arange(len(seen)))
    return Predictor(
        net=net, spec=spec, inputs={"text": text}, classes=("a", "b", "c"), backbone_folder=FOLDER, engine=engine
    )


def _records(texts) -> Records:
    return Records(n=len(texts), text=TextList(texts))


def test_features_lie_beside_the_float_ones_on_texts_it_has_not_seen(tuned):
    records = _records([*SENTENCES, "Sharp pain in the lower back after lifting a heavy box, relieved by lying down."])
    exact = replace(tuned, engine=None).features(tuned.prepare(records))
    fast = tuned.features(tuned.prepare(records))
    cosine = (exact * fast).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(fast, axis=1)
    assert cosine.min() > 0.98
    assert not np.array_equal(exact, fast)  # or nothing ran in integers


def test_a_patients_answer_does_not_depend_on_the_others_in_the_batch(tuned):
    together = tuned.predict(_records([*SENTENCES, None]))
    alone = np.concatenate([tuned.predict(_records([text])) for text in [*SENTENCES, None]])
    np.testing.assert_allclose(together, alone, atol=1e-7)


def test_the_saved_model_answers_the_same(tuned, tmp_path, monkeypatch):
    tuned.save(tmp_path)
    monkeypatch.setattr(predictor, "integers_are_fast", lambda: True)
    reloaded = Predictor.load(tmp_path)
    assert reloaded.engine is not None
    np.testing.assert_allclose(reloaded.predict(_records(SENTENCES)), tuned.predict(_records(SENTENCES)), atol=1e-7)


def test_a_processor_without_integer_products_answers_in_float32_and_says_so(tuned, tmp_path, monkeypatch, caplog):
    tuned.save(tmp_path)
    monkeypatch.setattr(predictor, "integers_are_fast", lambda: False)
    with caplog.at_level(logging.WARNING):
        reloaded = Predictor.load(tmp_path)
    assert reloaded.engine is None
    assert "engine_replaced" in caplog.text
    exact = replace(tuned, engine=None).predict(_records(SENTENCES))
    np.testing.assert_allclose(reloaded.predict(_records(SENTENCES)), exact, atol=1e-6)


def test_an_encoder_that_cannot_be_traced_has_no_engine(tuned, monkeypatch):
    def refuse(encoder):
        raise RuntimeError("data-dependent control flow")

    monkeypatch.setattr(engines, "export_encoder", refuse)
    prepared = tuned.prepare(_records(SENTENCES))["text"]
    assert build_engine(tuned.net.encoders["text"], prepared, np.arange(3)) is None


@pytest.mark.skipif(
    not integers_are_fast(), reason="integer products of this processor overflow; no engine is used on it"
)
def test_one_integer_product_is_what_hand_arithmetic_gives(rng):
    onnx = pytest.importorskip("onnx")
    helper, number = onnx.helper, onnx.TensorProto
    weight, bias = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "ids"], ["x"]),
            helper.make_node("MatMul", ["x", "w"], ["xw"]),
            helper.make_node("Add", ["xw", "b"], ["features"]),
        ],
        "linear",
        [helper.make_tensor_value_info(n, number.INT64, ["b", "s"]) for n in ("ids", "mask")],
        [helper.make_tensor_value_info("features", number.FLOAT, ["b", "s", 3])],
    )
    table = rng.normal(size=(5, 4)).astype(np.float32)
    for name, value in (("table", table), ("w", weight), ("b", bias)):
        graph.initializer.append(onnx.numpy_helper.from_array(value, name))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    feed = {"ids": np.array([[0, 1], [2, 4]]), "mask": np.array([[1, 1], [1, 0]])}
    quantised = int8.quantise(model, [feed])
    got = open_session(quantised.SerializeToString(), threads=1, approximate=True).run(["features"], feed)[0]

    seen = table[[0, 1, 2]]  # token 4 stands on padding: its range must not count
    activation, heaviest = np.abs(seen).max(0), np.abs(weight).max(1)
    smooth = activation**0.75 / heaviest**0.25
    smooth = smooth / np.exp(np.log(smooth).mean())
    low, high = min((seen / smooth).min(), 0), max((seen / smooth).max(), 0)
    step = (high - low) / 255
    zero = np.round(-low / step)
    x = np.clip(np.round(table[feed["ids"]] / smooth / step) + zero, 0, 255)
    column = np.abs(weight * smooth[:, None]).max(0) / 127
    w = np.round(weight * smooth[:, None] / column)
    np.testing.assert_allclose(got, (x - zero) @ w * step * column + bias, atol=1e-5)
    assert not np.allclose(got, table[feed["ids"]] @ weight + bias, atol=1e-5)


def test_agreement_counts_differences_and_decisions_by_hand():
    exact = np.array([[0.9, 0.1], [0.52, 0.48], [0.2, 0.8]])
    fast = np.array([[0.88, 0.12], [0.49, 0.51], [0.2, 0.8]])
    found = agreement(exact, fast)
    assert (found.n, found.decisions_changed) == (3, 1)
    assert found.max_difference == pytest.approx(0.03)
    assert found.mean_difference == pytest.approx(0.1 / 6)
    assert not found.close  # 0.0167 on average is more than 0.01
    assert agreement(exact, exact).close
    assert not agreement(exact[:0], fast[:0]).close  # nothing compared is nothing shown
    numbers = agreement(np.array([10.0, 20.0]), np.array([10.1, 20.0]), scale=5.0)
    assert (numbers.max_difference, numbers.decisions_changed) == (pytest.approx(0.02), 0)
    labels = agreement(np.array([[0.9, 0.6], [0.1, 0.2]]), np.array([[0.9, 0.4], [0.1, 0.2]]))
    assert labels.decisions_changed == 1
