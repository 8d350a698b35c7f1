"""Gradients of a score: against finite differences, against what they must sum to, and leaving the model as it was."""

import numpy as np
import pytest
import torch

from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.gradients import Asked
from primum.model.inputs import TextInput, VitalsInput
from primum.model.net import HeadSpec
from primum.model.predictor import Predictor

FOLDER = locate_backbone("minilm")


def _predictor(records, kind="classes", method="full", outputs=3):
    inputs = {"text": TextInput(FOLDER, max_tokens=24), "vitals": VitalsInput.fit(records.vitals, np.arange(6))}
    spec = NetSpec(head=HeadSpec(kind=kind, outputs=outputs), adaptation=Adaptation(method=method), width=8)
    torch.manual_seed(0)
    net = build_net(spec, inputs, backbone_folder=FOLDER, pretrained=True)
    net.eval()
    classes = tuple("abc"[:outputs]) if kind != "number" else ()
    return Predictor(net=net, spec=spec, inputs=inputs, classes=classes, backbone_folder=FOLDER)


def _logodds(p, about, against):
    rows = np.arange(len(p))
    own, other = p[rows, about], np.where(against < 0, 1 - p[rows, about], p[rows, against])
    return np.log(own) - np.log(other)


@pytest.mark.parametrize("against", [-1, 2])
def test_the_score_is_that_of_the_answers(records, against):
    predictor = _predictor(records)
    prepared = predictor.prepare(records)
    asked = Asked(about=np.array([0, 1, 2, 1, 0, 1]), against=np.full(6, against))
    found = predictor.gradients(prepared, asked, kind="input")
    probabilities = predictor.predict_prepared(prepared)
    rows = slice(0, 6) if against < 0 else [0, 1, 3, 4, 5]
    np.testing.assert_allclose(found.end[rows], _logodds(probabilities, asked.about, asked.against)[rows], atol=1e-4)


@pytest.mark.parametrize("method", ["full", "lora", "prefix"])
def test_the_path_sums_to_the_difference(records, method):
    predictor = _predictor(records, method=method)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    asked = Asked(about=np.zeros(6, np.int64), against=np.full(6, -1))
    found = predictor.gradients(
        predictor.prepare(records), asked, kind="path", nodes=(nodes + 1) / 2, weights=weights / 2
    )
    total = np.array([tokens.sum() for tokens in found.tokens]) + found.vitals.sum(1)
    difference = found.end - found.start
    assert np.abs(difference).max() > 0.01
    np.testing.assert_allclose(total, difference, atol=0.02 * np.abs(difference).max())
    assert [len(t) for t in found.tokens] == np.diff(predictor.prepare(records)["text"].offsets).tolist()


def test_a_gradient_is_the_slope_along_the_path(records):
    predictor = _predictor(records)
    prepared = predictor.prepare(records)
    asked = Asked(about=np.ones(6, np.int64), against=np.full(6, -1))

    def at(place):
        # The slope at a place is what one node there gives; the score there is the end of a path that stops there.
        one = predictor.gradients(prepared, asked, kind="path", nodes=np.array([place]), weights=np.array([1.0]))
        return np.array([t.sum() for t in one.tokens]) + one.vitals.sum(1), one

    slope, one = at(0.5)
    grid = np.linspace(0, 1, 201)
    slopes = np.array([at(place)[0] for place in grid[::20]])
    integral = np.trapezoid(slopes, grid[::20], axis=0)
    np.testing.assert_allclose(integral, one.end - one.start, atol=0.15 * np.abs(one.end - one.start).max())
    assert slope.shape == (6,)


def test_the_model_is_left_as_it_was(records):
    predictor = _predictor(records)
    wanted = [p.requires_grad for p in predictor.net.parameters()]
    before = predictor.predict(records)
    for kind in ("input", "attention"):
        asked = Asked(about=np.zeros(6, np.int64), against=np.full(6, -1))
        found = predictor.gradients(predictor.prepare(records), asked, kind=kind)
        assert any(np.abs(t).sum() > 0 for t in found.tokens)
    assert [p.requires_grad for p in predictor.net.parameters()] == wanted
    assert all(p.grad is None for p in predictor.net.parameters())
    np.testing.assert_array_equal(predictor.predict(records), before)


def test_what_is_left_of_a_record_is_answered_like_a_record_written_so(records):
    predictor = _predictor(records)
    prepared = predictor.prepare(records)
    sizes = np.diff(prepared["text"].offsets)
    everything = [np.ones(sizes[i], bool) for i in (0, 0)]
    none = np.zeros(sizes[0], bool)
    vitals = np.array([[True, True], [False, False]])
    left = predictor.thinned(prepared, np.array([0, 0]), [everything[0], none], vitals)
    answers = predictor.predict_prepared(left)
    np.testing.assert_allclose(answers[0], predictor.predict(records)[0], atol=1e-6)
    from primum.cohort.records import Records, TextList

    nothing = predictor.predict(Records(n=1, text=TextList([None]), vitals=_missing(records)))
    np.testing.assert_allclose(answers[1], nothing[0], atol=1e-6)


def _missing(records):
    from dataclasses import replace

    empty = {"age": np.array([np.nan]), "sex": np.array([None], dtype=object)}
    return {name: replace(vital, values=empty[name]) for name, vital in records.vitals.items()}
