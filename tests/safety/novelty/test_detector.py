"""The flag: its rate on known records, what it says and why, and that it comes back from its files as it was."""

import json

import numpy as np
import pytest

from primum.cohort import InputRoles, Records, Roles, SensitiveRole, TargetRole, TextList, VitalRole, read_cohort, take
from primum.errors import InputError
from primum.model.inside import Inside
from primum.safety import Novelty, fit_novelty, novelty_findings, reasons_in_words
from primum.safety.novelty import judge_others
from primum.safety.novelty.detector import conformal_threshold

N = 400
_TEN = ["train"] * 5 + ["validation", "calibration", "calibration", "test", "test"]
SPLIT = np.array(_TEN * (N // 10), dtype=object)


class Model:
    """Features are the vitals and how often four words stand in the text; a linear head."""

    def inside(self, records):
        texts = records.text.take(np.arange(len(records)))
        counts = [[(text or "").lower().count(word) for word in ("pain", "fever", "cough", "not")] for text in texts]
        numbers = np.nan_to_num(np.asarray(records.vitals["bp"].values, dtype=float))[:, None] / 100
        features = np.column_stack([np.array(counts, dtype=float), numbers])
        logits = features[:, :2] - features[:, 2:4]
        answers = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        return Inside(features=features, logits=logits, answers=answers)


@pytest.fixture(scope="module")
def cohort():
    rng = np.random.default_rng(5)
    phrases = [
        "chest pain at rest",
        "fever for two days",
        "a dry cough",
        "no cough",
        "pain on breathing",
        "does not smoke",
        "sleeps well",
        "feels weak",
    ]
    notes = [". ".join(rng.choice(phrases, rng.integers(2, 6), replace=False)) for _ in range(N)]
    table = {
        "note": notes,
        "bp": [f"{v:.0f}" for v in rng.normal(130, 15, N)],
        "ward": [str(v) for v in rng.choice(["A", "B"], N)],
        "sex": [str(v) for v in rng.choice(["Female", "Male"], N)],
        "y": ["ill" if "pain" in note else "well" for note in notes],
    }
    vitals = (VitalRole(column="bp", kind="number"), VitalRole(column="ward", kind="category"))
    roles = Roles(
        inputs=InputRoles(text=("note",), vitals=vitals),
        target=TargetRole(column="y", kind="classes"),
        sensitive=(SensitiveRole(column="sex"),),
    )
    return read_cohort(table, roles)


@pytest.fixture(scope="module")
def inside(cohort):
    return Model().inside(cohort.records)


@pytest.fixture(scope="module")
def novelty(cohort, inside):
    return fit_novelty(cohort, SPLIT, inside, false_alarms=0.1, seed=7)


def test_the_threshold_keeps_the_rate_over_many_divisions():
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(2000):
        scores = rng.exponential(size=60)
        threshold, promised = conformal_threshold(scores[:49], 0.1)
        assert promised == pytest.approx(0.1)
        shares.append((scores[49:] > threshold).mean())
    assert np.mean(shares) == pytest.approx(0.1, abs=3 * np.std(shares) / np.sqrt(2000))


def test_a_rate_that_so_few_records_cannot_promise_is_not_promised():
    assert conformal_threshold(np.arange(9.0), 0.01) == (8.0, 0.1)


def test_the_flag_is_the_conformal_p_value(cohort, inside, novelty):
    rows = {name: np.flatnonzero(SPLIT == name) for name in ("calibration", "test")}
    scores = {name: novelty.judge(take(cohort, r).records, inside.take(r)) for name, r in rows.items()}
    known = scores["calibration"].combined
    for value, flagged in zip(scores["test"].combined, scores["test"].flagged, strict=True):
        p = (1 + (known >= value).sum()) / (len(known) + 1)
        assert flagged == (p <= 0.1)


def test_garbage_and_impossible_vitals_are_found(cohort, inside, novelty):
    rows = np.flatnonzero(SPLIT == "test")
    known = novelty.judge(take(cohort, rows).records, inside.take(rows)).combined
    for kind, judged in judge_others(novelty, Model(), take(cohort, rows), seed=1):
        area = (judged.combined[:, None] > known).mean()
        if kind != "shuffled_words":
            assert area > 0.95, kind


def _asked(cohort, **changes):
    one = take(cohort, np.array([3])).records
    vitals = dict(one.vitals)
    for name, value in changes.items():
        if name != "text":
            vitals[name] = _replaced(vitals[name], value)
    text = TextList([changes["text"]]) if "text" in changes else one.text
    return Records(n=1, text=text, vitals=vitals)


def _replaced(vital, value):
    from dataclasses import replace

    return replace(vital, values=np.array([value], dtype=vital.values.dtype))


WORDS = {
    name: f"<{name}>"
    for name in ("distance", "neighbours", "energy", "spelling", "words", "script", "length", "encoding", "missing")
} | {"vitals": "<vitals {names}>"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bp": 900.0}, "<vitals bp>"),
        ({"ward": "Z"}, "<vitals ward>"),
        ({"text": "胸痛三天"}, "<script>"),
        ({"text": "\ufffd\ufffd\ufffd\ufffd"}, "<encoding>"),
        ({"text": None}, "<missing>"),
    ],
)
def test_the_reason_is_said(cohort, novelty, changes, reason):
    records = _asked(cohort, **changes)
    said = reasons_in_words(novelty.judge(records, Model().inside(records)), WORDS)[0]
    assert reason in said


def test_a_plain_record_has_no_reason(cohort, novelty):
    records = _asked(cohort)
    assert reasons_in_words(novelty.judge(records, Model().inside(records)), WORDS) == [""]


def test_it_comes_back_from_its_files(cohort, inside, novelty, tmp_path):
    assert Novelty.load(tmp_path) is None
    novelty.save(tmp_path)
    again = Novelty.load(tmp_path)
    ours, theirs = (one.judge(cohort.records, inside) for one in (novelty, again))
    np.testing.assert_allclose(ours.surprise, theirs.surprise, rtol=1e-3, atol=1e-3)
    assert again.promised == novelty.promised
    kept = json.loads((tmp_path / "novelty.json").read_text(encoding="utf-8"))
    for damaged in (json.dumps({**kept, "format": 2}), json.dumps({"format": 1}), "{", "[]"):
        (tmp_path / "novelty.json").write_text(damaged, encoding="utf-8")
        with pytest.raises(InputError, match="not a novelty detector that primum wrote; run the study again"):
            Novelty.load(tmp_path)


def test_too_few_records_have_no_detector(cohort, inside):
    split = np.full(N, "train", dtype=object)
    split[:5] = "validation"
    assert fit_novelty(cohort, split, inside, false_alarms=0.1, seed=7) is None


def test_without_a_calibration_split_the_validation_split_is_halved(cohort, inside):
    split = np.where(SPLIT == "calibration", "validation", SPLIT)
    halved = fit_novelty(cohort, split, inside, false_alarms=0.1, seed=7)
    assert halved.calibration == (split == "validation").sum() // 2


def test_findings_tell_rate_excess_gaps_and_rankings(cohort, inside, novelty):
    findings = novelty_findings(novelty, Model(), cohort, SPLIT, inside, seed=7)
    rate = next(f for f in findings if f.metric == "novelty_flag_rate" and not f.slice)
    excess = next(f for f in findings if f.metric == "novelty_flag_excess")
    assert rate.n == 80 and sum(rate.detail["histogram"]) == 80
    assert excess.value == pytest.approx(rate.value - novelty.promised)
    assert excess.low < 0 < excess.high
    gaps = {f.slice["sex"]: f for f in findings if f.metric == "novelty_flag_gap"}
    assert gaps["Female"].value == pytest.approx(-gaps["Male"].value)
    kinds = {f.versus["records"] for f in findings if f.metric == "novelty_auroc"}
    assert {"random_characters", "other_language", "vital_times_ten"} <= kinds
    assert all(0 <= f.low <= f.value <= f.high <= 1 for f in findings if f.metric == "novelty_auroc")


def test_no_figure_of_a_group_of_under_five(cohort, inside, novelty):
    from dataclasses import replace

    rows = np.flatnonzero(SPLIT == "test")
    groups = np.full(N, "many", dtype=object)
    groups[rows[:4]] = "few"
    small = replace(cohort, sensitive={"group": groups})
    findings = novelty_findings(novelty, Model(), small, SPLIT, inside, seed=7)
    assert not [f for f in findings if f.slice.get("group") == "few"]
    assert not [f for f in findings if f.metric == "novelty_flag_gap"]
