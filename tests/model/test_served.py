"""The served twin answers as the Predictor does, alone as in company, and imports no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from primum.cohort.records import Records, TextList, VitalColumn
from primum.errors import InputError
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.engine import exported_encoder, integers_are_fast, quantised_engine
from primum.model.inputs import TextInput, VitalsInput
from primum.model.members import DropoutMembers, load_members
from primum.model.net import HeadSpec
from primum.model.predictor import Predictor
from primum.model.served import SERVED_FILE, Served
from primum.model.served.writing import write_served

NOTES = [
    "Chest pain on exertion, relieved by rest.",
    "No pain. Follow-up in two weeks; lisinopril 10 mg daily.",
    None,
    "   ",
    "Ｄyspnœa\u200b since Monday 胸痛",
    "Pain " * 60,
]


def _records(n: int) -> Records:
    rng = np.random.default_rng(3)
    age = rng.normal(60, 12, n)
    age[1::5] = np.nan
    ward = np.array([None if i % 7 == 0 else "ABC"[i % 3] for i in range(n)], dtype=object)
    vitals = {
        "age": VitalColumn(name="age", kind="number", values=age),
        "ward": VitalColumn(name="ward", kind="category", values=ward),
    }
    return Records(n=n, text=TextList([NOTES[i % len(NOTES)] for i in range(n)]), vitals=vitals)


def _only(records: Records, names: tuple[str, ...]) -> Records:
    return Records(
        n=len(records),
        text=records.text if "text" in names else None,
        vitals=records.vitals if "vitals" in names else {},
    )


def _predictor(names, kind, *, method="full", heteroscedastic=False, ward=True) -> Predictor:
    import torch

    torch.manual_seed(5)
    folder = locate_backbone("minilm")
    records = _records(60)
    inputs = {}
    if "text" in names:
        inputs["text"] = TextInput(folder, max_tokens=32)
    if "vitals" in names:
        vitals = dict(records.vitals) if ward else {"age": records.vitals["age"]}
        inputs["vitals"] = VitalsInput.fit(vitals, np.arange(60))
    outputs = {"classes": 3, "labels": 2, "number": 1}[kind]
    head = HeadSpec(kind=kind, outputs=outputs, heteroscedastic=heteroscedastic)
    spec = NetSpec(head=head, adaptation=Adaptation(method=method), width=16)
    net = build_net(spec, inputs, backbone_folder=folder, pretrained=True)
    for name, parameter in net.named_parameters():
        if "lora_B" in name or "absent" in name:  # they begin at zero, where nothing would be seen of them
            torch.nn.init.normal_(parameter, std=0.05)
    net.head.scale.fill_(4.0)
    net.head.shift.fill_(-2.0)
    classes = () if kind == "number" else ("a", "b", "c")[:outputs]
    return Predictor(net=net, spec=spec, inputs=inputs, classes=classes, backbone_folder=folder)


def _written(predictor: Predictor, folder, records: Records) -> Served:
    predictor.save(folder)
    text = predictor.net.encoders["text"] if "text" in predictor.net.encoders else None
    exported = None if text is None else exported_encoder(text)
    if predictor.engine is None and exported is not None and "int8" in str(folder):
        predictor = replace(
            predictor, engine=quantised_engine(exported, predictor.prepare(records)["text"], np.arange(len(records)))
        )
        predictor.save(folder)
    found = write_served(predictor, exported, folder, predictor.prepare(records), scale=4.0)
    assert found is not None and found.n == 32
    served = Served.load(folder, threads=1)
    assert served is not None
    return served


@pytest.fixture(scope="module")
def fused(tmp_path_factory):
    """A network of notes and vitals with low-rank weights, and its twin."""
    predictor, folder = _predictor(("text", "vitals"), "classes", method="lora"), tmp_path_factory.mktemp("fused")
    return predictor, _written(predictor, folder, _records(40)), folder


def _check_parity(predictor, served, records):
    exact, twin = predictor.inside(records), served.inside(records)
    scale = 4.0 if predictor.spec.head.kind == "number" else 1.0
    np.testing.assert_allclose(twin.answers / scale, exact.answers / scale, atol=1e-5)
    np.testing.assert_allclose(twin.features, exact.features, atol=1e-4)
    np.testing.assert_allclose(twin.logits, exact.logits, atol=1e-4)
    assert served.classes == predictor.classes and served.vital_kinds() == predictor.vital_kinds()


@pytest.mark.parametrize("count", [3, 40])
def test_texts_read_at_the_same_time_are_answered_as_one_after_another(fused, count):
    _, served, _ = fused
    records = _records(count)
    ticks: list[tuple[int, int]] = []
    together = replace(served, readers=3).inside_prepared(
        served.prepare(records), tick=lambda done, all_: ticks.append((done, all_))
    )
    alone = replace(served, readers=1).inside(records)
    np.testing.assert_array_equal(together.answers, alone.answers)
    np.testing.assert_array_equal(together.features, alone.features)
    assert ticks[-1] == (count, count) and ticks == sorted(ticks)


@pytest.mark.parametrize(
    ("kind", "options"), [("number", {"heteroscedastic": True}), ("labels", {"ward": False}), ("classes", {})]
)
def test_vitals_alone_are_answered_as_by_the_predictor(kind, options, tmp_path):
    predictor, records = _predictor(("vitals",), kind, **options), _only(_records(40), ("vitals",))
    _check_parity(predictor, _written(predictor, tmp_path, records), records)


def test_notes_with_vitals_are_answered_as_by_the_predictor(fused):
    predictor, served, _ = fused
    records = _records(40)
    _check_parity(predictor, served, records)
    for one, other in zip(served.token_places(records), predictor.token_places(records), strict=True):
        assert one.text == other.text and np.array_equal(one.spans, other.spans)
        assert np.array_equal(one.special, other.special)


def test_an_answer_is_the_same_alone_and_among_others(fused):
    served, records = fused[1], _records(32)
    together = served.inside(records)
    for row in range(32):
        vitals = {name: replace(one, values=one.values[[row]]) for name, one in records.vitals.items()}
        alone = served.inside(Records(n=1, text=TextList(records.text.take([row])), vitals=vitals))
        assert np.array_equal(alone.logits[0], together.logits[row])
        np.testing.assert_allclose(alone.answers[0], together.answers[row], rtol=0, atol=1e-15)


@pytest.mark.skipif(not integers_are_fast(), reason="integer products of this processor overflow")
def test_where_the_run_answers_in_integers_so_does_the_twin(tmp_path):
    folder = tmp_path / "int8"
    records = _only(_records(40), ("text",))
    served = _written(_predictor(("text",), "classes"), folder, records)
    assert served.form == "int8" and not (folder / "served-text.onnx").exists()
    run = Predictor.load(folder)
    np.testing.assert_allclose(served.predict(records), run.predict(records), atol=1e-3)
    said = json.loads((folder / SERVED_FILE).read_text(encoding="utf-8"))
    for file in folder.glob("*.onnx"):  # the exporter notes where in the code each part comes from
        assert b"site-packages" not in file.read_bytes() and b"primum/model" not in file.read_bytes()
    assert said["agreement"]["max_difference"] <= 1e-3


def test_members_by_dropout_answer_the_same_without_torch(tmp_path):
    predictor, records = _predictor(("vitals",), "classes"), _only(_records(40), ("vitals",))
    served = _written(predictor, tmp_path, records)
    DropoutMembers(members=5, rate=0.4, seed=3).save(tmp_path)
    members = load_members(tmp_path)
    inside = predictor.inside(records)
    exact = members.answers(predictor, predictor.prepare(records), inside.features)
    np.testing.assert_allclose(members.answers(served, served.prepare(records), inside.features), exact, atol=1e-5)


def test_parts_of_records_are_asked_alike(fused):
    (predictor, served, _), records = fused, _records(40)
    rows, places = np.array([0, 5, 5]), predictor.token_places(records)
    rng = np.random.default_rng(0)
    tokens = [rng.random(len(places[row].special)) < 0.5 for row in rows]
    vitals = rng.random((3, 2)) < 0.5
    one, other = (m.predict_prepared(m.thinned(m.prepare(records), rows, tokens, vitals)) for m in (predictor, served))
    np.testing.assert_allclose(other, one, atol=1e-5)


def test_it_imports_no_torch(fused):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from primum.cohort.records import Records, TextList\n"
        "from primum.model.served import Served\n"
        "served = Served.load(Path(sys.argv[1]), threads=1)\n"
        "print(served.predict(Records(n=1, text=TextList(['Chest pain.']))).shape)\n"
        "print([name for name in ('torch', 'transformers', 'sklearn', 'pandas') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(fused[2])], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["(1, 3)", "[]"]


def test_a_damaged_twin_is_refused_and_a_missing_one_is_none(tmp_path):
    assert Served.load(tmp_path) is None
    _written(_predictor(("vitals",), "classes"), tmp_path, _only(_records(40), ("vitals",)))
    (tmp_path / "served-head.onnx").unlink()
    with pytest.raises(InputError, match="served.json: not a served model that primum wrote; run the study again"):
        Served.load(tmp_path)
    (tmp_path / SERVED_FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"served.json: not a served model that primum wrote"):
        Served.load(tmp_path)
