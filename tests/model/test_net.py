"""The network: adaptation methods, fusion with missing inputs, heads against losses worked out independently."""

import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax
from scipy.stats import norm

from primum.model.adapters import ADAPTERS, Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.inputs import TextInput, VitalsInput
from primum.model.net import Fusion, Head, HeadSpec
from primum.model.predictor import Predictor

FOLDER = locate_backbone("minilm")


def _predictor(records, method="full", kind="classes", **options):
    inputs = {"text": TextInput(FOLDER, max_tokens=24), "vitals": VitalsInput.fit(records.vitals, np.arange(6))}
    adaptation = Adaptation(method=method, **options)
    head = HeadSpec(kind=kind, outputs=3, linear=method == "none")
    spec = NetSpec(head=head, adaptation=adaptation, width=16)
    torch.manual_seed(0)
    net = build_net(spec, inputs, backbone_folder=FOLDER, pretrained=True)
    return Predictor(net=net, spec=spec, inputs=inputs, classes=("a", "b", "c"), backbone_folder=FOLDER)


@pytest.mark.parametrize("method", list(ADAPTERS))
def test_every_method_saves_and_reads_back_to_the_same_answers(records, tmp_path, method):
    predictor = _predictor(records, method)
    predictor.save(tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.suffix in (".bin", ".pt", ".pkl", ".pth")]
    answers = predictor.predict(records)
    np.testing.assert_allclose(answers.sum(1), 1.0, atol=1e-12)
    np.testing.assert_allclose(Predictor.load(tmp_path).predict(records), answers, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "trainable"),
    [
        ("full", 22_565_376),  # all of the 22,713,216 but the pooling layer, which is not used: 384 * 384 + 384
        ("head", 0),
        ("none", 0),
        ("lora", 6 * 2 * 2 * 384 * 8),  # layers x (query, value) x (A, B) x width x rank
        ("prefix", 16 * 6 * 2 * 384),  # tokens x layers x (key, value) x width
        ("adapter", 6 * (384 * 48 + 48 + 48 * 384 + 384)),
    ],
)
def test_how_many_backbone_weights_a_method_tunes(records, method, trainable):
    backbone = _predictor(records, method).net.encoders["text"].backbone
    assert sum(p.numel() for p in backbone.parameters() if p.requires_grad) == trainable


def test_freezing_first_layers_leaves_the_others_free(records):
    backbone = _predictor(records, "full", freeze_layers=4).net.encoders["text"].backbone
    free = {name for name, p in backbone.named_parameters() if p.requires_grad}
    assert free and all(name.startswith(("encoder.layer.4.", "encoder.layer.5.")) for name in free)


def test_a_bottleneck_adapter_starts_as_the_identity(records):
    plain, adapted = (_predictor(records, method) for method in ("head", "adapter"))
    prepared = plain.prepare(records)["text"]
    with torch.no_grad():
        one, two = (p.net.eval().encoders["text"](prepared.collate(range(6))) for p in (plain, adapted))
    assert torch.allclose(one, two, atol=1e-6)


def test_frozen_parts_stay_in_eval_mode_while_the_rest_trains(records):
    net = _predictor(records, "head").net.train()
    assert not any(m.training for m in net.encoders["text"].backbone.modules())
    assert net.head.training and net.encoders["vitals"].training


def test_answers_do_not_depend_on_batch_neighbours(records):
    predictor = _predictor(records)
    together = predictor.predict(records)
    from primum.cohort.records import Records, TextList, VitalColumn

    alone = [
        predictor.predict(
            Records(
                n=1,
                text=TextList(records.text.take([i])),
                vitals={k: VitalColumn(name=k, kind=v.kind, values=v.values[[i]]) for k, v in records.vitals.items()},
            )
        )[0]
        for i in range(6)
    ]
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_an_absent_input_has_no_say_whatever_its_tensor_holds():
    torch.manual_seed(0)
    fusion = Fusion({"text": 4, "vitals": 3}, width=5).eval()
    vitals, present = torch.randn(2, 3), {"text": torch.tensor([False, True]), "vitals": torch.tensor([True, True])}
    one = fusion({"text": torch.randn(2, 4), "vitals": vitals}, present)
    two = fusion({"text": torch.randn(2, 4), "vitals": vitals}, present)
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[1], two[1])


def test_losses_equal_scipys():
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(8, 3)).astype(np.float32)
    classes, labels, number = rng.integers(0, 3, 8), rng.integers(0, 2, (8, 3)), rng.normal(5, 2, 8)
    head = Head(HeadSpec(kind="classes", outputs=3), 4, dropout=0.0)
    given = head.losses(torch.tensor(outputs), torch.tensor(classes)).numpy()
    np.testing.assert_allclose(given, -log_softmax(outputs, axis=1)[np.arange(8), classes], rtol=1e-5)

    head = Head(HeadSpec(kind="labels", outputs=3), 4, dropout=0.0)
    given = head.losses(torch.tensor(outputs), torch.tensor(labels)).numpy()
    p = expit(outputs)
    np.testing.assert_allclose(given, -(labels * np.log(p) + (1 - labels) * np.log(1 - p)).mean(1), rtol=1e-4)

    head = Head(HeadSpec(kind="number", outputs=1, heteroscedastic=True), 4, dropout=0.0)
    head.shift.fill_(5.0)
    head.scale.fill_(2.0)
    given = head.losses(torch.tensor(outputs[:, :2]), torch.tensor(number)).numpy()
    z = (number - 5) / 2
    expected = -norm.logpdf(z, outputs[:, 0], np.exp(outputs[:, 1] / 2)) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(given, expected, rtol=1e-4)
    np.testing.assert_allclose(head.answer(torch.tensor(outputs[:, :2])).numpy(), outputs[:, 0] * 2 + 5, rtol=1e-5)


def test_every_record_counts_the_same_however_many_share_its_batch(records):
    predictor = _predictor(records)
    net, prepared = predictor.net.eval(), predictor.prepare(records)
    net.record_weight = 3 / 6
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    split = [[0], [1, 2], [3, 4, 5]]
    losses = [
        net({n: p.collate(rows) for n, p in prepared.items()}, labels=labels[rows])["loss"].item() for rows in split
    ]
    whole = net({n: p.collate(range(6)) for n, p in prepared.items()}, labels=labels)["loss"].item()
    assert sum(losses) == pytest.approx(whole, rel=1e-4)
    per_record = torch.nn.functional.cross_entropy(
        net({n: p.collate(range(6)) for n, p in prepared.items()})["logits"], labels
    ).item()
    assert whole / 3 == pytest.approx(per_record, rel=1e-4)


def test_a_repeated_text_is_read_once_and_answered_the_same(records):
    from dataclasses import replace

    from primum.cohort.records import TextList

    predictor = _predictor(records)
    rate = records.vitals["age"]
    thrice = replace(
        records,
        n=18,
        text=TextList(records.text.take(range(6)) * 3),
        vitals={
            "age": replace(rate, values=np.concatenate([rate.values, rate.values + 1, rate.values - 1])),
            "sex": replace(records.vitals["sex"], values=np.tile(records.vitals["sex"].values, 3)),
        },
    )
    read = []
    hook = predictor.net.encoders["text"].backbone.register_forward_hook(lambda *a: read.append(len(a[2][0])))
    answers = predictor.predict(thrice)
    hook.remove()
    assert sum(read) == 5  # six records, of which two have no text
    np.testing.assert_allclose(answers[:6], predictor.predict(records), atol=1e-6)
    assert np.abs(answers[6:12] - answers[:6]).max() > 1e-6  # the vitals still count
