"""Average precision against COCO's own code; FROC, thresholds and run lengths against brute force."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.evidence.marks import (
    Mark,
    Marking,
    best_threshold,
    compare,
    components,
    figures_of,
    mask_of,
    overlap,
    pixels,
    point_figures,
    runs_of,
)
from primum.evidence.marks.figures import FALSE_MARKS, froc

COCO_WARNS = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
"""pycocotools 2.0 was written for numpy 1."""


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=50, deadline=None)
def test_run_lengths_keep_a_mask_and_tell_overlaps(seed, height, width):
    generator = np.random.default_rng(seed)
    a, b = generator.random((2, height, width)) < generator.random()
    assert np.array_equal(mask_of(runs_of(a), (height, width)), a)
    assert pixels(runs_of(a)) == a.sum()
    assert overlap(runs_of(a), runs_of(b)) == (a & b).sum()


@COCO_WARNS
def test_run_lengths_are_those_of_coco(rng):
    coder = pytest.importorskip("pycocotools.mask")
    mask = rng.random((12, 7)) < 0.4
    written = coder.frPyObjects({"counts": runs_of(mask).tolist(), "size": [12, 7]}, 12, 7)
    assert np.array_equal(coder.decode(written), mask.astype(np.uint8))


def _drawn(rng, n, *, masks):
    truth, found = [], []
    for _ in range(n):
        true = [_mark(rng, masks=masks) for _ in range(rng.integers(0, 6))]
        near = [_mark(rng, masks=masks, like=mark) for mark in true if rng.random() < 0.8]
        far = [_mark(rng, masks=masks, score=True) for _ in range(rng.integers(0, 4))]
        truth.append(tuple(true))
        found.append(tuple(near + far))
    common = {"kind": "masks" if masks else "boxes", "labels": ("a", "b"), "shapes": np.full((n, 2), 60)}
    return Marking(marks=tuple(truth), **common), Marking(marks=tuple(found), **common)


def _mark(rng, *, masks, like=None, score=False):
    x, y = rng.integers(0, 40, 2)
    w, h = rng.integers(5, 18, 2)
    box, label = np.array([x, y, x + w, y + h], float), str(rng.choice(["a", "b"]))
    if like is not None:
        box, label = np.array(like.box) + rng.integers(-2, 3, 4), like.label
    box = np.clip(box, 0, 60)
    scored = None if like is None and not score else round(float(rng.random()), 2)
    runs = None
    if masks:
        mask = np.zeros((60, 60), bool)
        mask[int(box[1]) : int(box[3]), int(box[0]) : int(box[2])] = True
        runs = runs_of(mask)
    return Mark(label=label, box=tuple(box), score=scored, runs=runs)


def _coco(truth, found, kind):
    coco, evaluation = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")
    coder = pytest.importorskip("pycocotools.mask")

    def entry(row, mark):
        x, y, right, bottom = mark.box
        one = {"image_id": row, "category_id": truth.labels.index(mark.label) + 1, "iscrowd": 0}
        one |= {"bbox": [x, y, right - x, bottom - y], "area": (right - x) * (bottom - y)}
        if mark.runs is not None:
            one["segmentation"] = coder.frPyObjects({"counts": mark.runs.tolist(), "size": [60, 60]}, 60, 60)
        return one

    with contextlib.redirect_stdout(io.StringIO()):
        known = coco.COCO()
        known.dataset = {
            "images": [{"id": row, "height": 60, "width": 60} for row in range(len(truth))],
            "categories": [{"id": 1}, {"id": 2}],
            "annotations": [
                {**entry(row, mark), "id": number}
                for number, (row, mark) in enumerate(
                    ((row, mark) for row, of in enumerate(truth.marks) for mark in of), start=1
                )
            ],
        }
        known.createIndex()
        said = [{**entry(row, m), "score": m.score} for row, of in enumerate(found.marks) for m in of]
        judged = evaluation.COCOeval(known, known.loadRes(said), kind)
        judged.params.iouThrs = np.array([0.5])
        judged.evaluate()
        judged.accumulate()
    return judged.eval["precision"][0, :, :, 0, 2].mean(0)


@COCO_WARNS
@pytest.mark.parametrize("masks", [False, True], ids=["boxes", "masks"])
def test_average_precision_is_that_of_coco(rng, masks):
    truth, found = _drawn(rng, 40, masks=masks)
    expected = _coco(truth, found, "segm" if masks else "bbox")
    figures = point_figures(compare(truth, found), truth.kind, threshold=0.3)
    assert [figures["ap50", name] for name in "ab"] == pytest.approx(expected.tolist(), abs=1e-12)
    assert figures["map50", None] == pytest.approx(expected.mean(), abs=1e-12)


def test_weights_count_pictures_as_often_as_they_are_drawn(rng):
    truth, found = _drawn(rng, 12, masks=True)
    rows = rng.integers(0, 12, 12)
    weights = np.bincount(rows, minlength=12).astype(float)[:, None]
    weighted = figures_of(compare(truth, found), "masks", weights, threshold=0.3)
    drawn = figures_of(compare(truth.take(rows), found.take(rows)), "masks", np.ones((12, 1)), threshold=0.3)
    for key, values in drawn.items():
        if key[0] not in ("map50", "ap50"):  # equal scores of a picture drawn twice stand in another order
            assert weighted[key][0] == pytest.approx(values[0], abs=1e-9), key


def test_froc_is_what_trying_every_threshold_finds(rng):
    truth, found = _drawn(rng, 30, masks=False)
    compared = compare(truth, found)
    tried = [np.inf, *np.unique(compared.score)]
    for place, most in enumerate(FALSE_MARKS):
        best = 0.0
        for score in tried:
            shown = compared.score >= score
            if (shown & ~compared.hit).sum() / 30 <= most:
                best = max(best, (shown & compared.hit).sum() / compared.truths.sum())
        assert froc(compared, np.ones((30, 1)))[place, 0] == pytest.approx(best)


def test_the_threshold_is_the_one_with_the_best_f1(rng):
    truth, found = _drawn(rng, 30, masks=False)
    compared = compare(truth, found)

    def f1(score):
        shown = compared.score >= score
        return 2 * (shown & compared.hit).sum() / (shown.sum() + compared.truths.sum())

    chosen = best_threshold(compared, otherwise=0.5)
    assert f1(chosen) == pytest.approx(max(f1(score) for score in np.unique(compared.score)))
    nothing = compare(truth, Marking(kind="boxes", labels=("a", "b"), shapes=truth.shapes, marks=((),) * 30))
    assert best_threshold(nothing, otherwise=0.5) == 0.5


def test_dice_and_iou_of_a_case_solved_by_hand():
    square, half = np.zeros((2, 10, 10), bool)
    square[2:6, 2:6] = True  # 16 pixels
    half[2:6, 4:8] = True  # 16, of which 8 are shared
    shapes = np.full((2, 2), 10)
    truth = Marking(kind="masks", labels=("x",), shapes=shapes, marks=(tuple(components(square, "x")), ()))
    said = tuple(components(half, "x", score=np.full((10, 10), 0.9, np.float32)))
    found = Marking(kind="masks", labels=("x",), shapes=shapes, marks=(said, said))
    figures = point_figures(compare(truth, found), "masks", threshold=0.0)
    assert figures["dice", None] == pytest.approx(16 / 32)  # the picture that nobody marked is not counted
    assert figures["iou", None] == pytest.approx(8 / 24)
    assert figures["region_sensitivity", None] == 0.0  # a third of the union is no hit
    assert figures["false_regions", None] == 1.0
    assert truth.amounts().tolist() == [0.16, 0.0]


def test_without_marks_nothing_is_defined_and_nothing_breaks():
    empty = Marking(kind="boxes", labels=("x",), shapes=np.full((3, 2), 10), marks=((), (), ()))
    figures = point_figures(compare(empty, empty), "boxes", threshold=0.3)
    assert figures["map50", None] is None and figures["froc", None] is None
    assert figures["false_regions", None] == 0.0
