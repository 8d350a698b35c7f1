"""Places marked in an image, from the Release to the answer: equal to `primum predict`, guarded, corrected, sealed."""

from __future__ import annotations

import base64
import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from primum.cli.main import main
from primum.cohort import Records
from primum.cohort.images import HeldImages, read_picture
from primum.model.regions.predictor import RegionPredictor
from primum.serve.cases.tables import cases
from primum.serve.engine import open_release


def disc(i, *, faint=False):
    """A film of 96 by 80 as the Release was tuned on; a faint one has no disc."""
    rng = np.random.default_rng(i)
    pixels = rng.integers(60, 90, size=(96, 80)).astype(np.uint8)
    y, x = (int(one) for one in rng.integers(18, 62, 2))
    down, across = np.mgrid[:96, :80]
    if not faint:
        pixels[(down - y) ** 2 + (across - x) ** 2 <= 196] = 200 if i % 3 else 140
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue(), (y, x)


@pytest.fixture(scope="module")
def marking(marks_release, tmp_path_factory, run_service):
    """A service over the Release of discs, and of nothing that is ever found."""
    folder = tmp_path_factory.mktemp("marks-service")
    with run_service.running(run_service.settings_of(marks_release, folder)) as started:
        yield started


def _ask(service, content, **body):
    answer = service.client("clinician").post(
        "/api/v1/answer", json={"image": base64.b64encode(content).decode(), **body}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_release_is_verified_predicted_and_drawn_from(marks_release, tmp_path, capsys, monkeypatch):
    release, trust = marks_release
    monkeypatch.setenv("PRIMUM_TRUST", str(trust))
    (tmp_path / "film.png").write_bytes(disc(304)[0])
    (tmp_path / "blank.png").write_bytes(disc(302, faint=True)[0])
    (tmp_path / "new.csv").write_text("id,film\na,film.png\nb,blank.png\n", encoding="utf-8")
    assert main(["verify", str(release)]) == 0
    capsys.readouterr()
    out = tmp_path / "marks.csv"
    assert main(["predict", str(release), str(tmp_path / "new.csv"), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    with out.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert told["records"] == 2 and told["unmarked"] == 2 - len({row["id"] for row in rows})
    assert {"id", "label", "score", "xmin", "ymin", "xmax", "ymax", "mask", "novel"} <= set(rows[0])
    drawn = ["mark", str(release), str(tmp_path / "film.png"), "--out", str(tmp_path / "drawn")]
    assert main(drawn) == 0 and (tmp_path / "drawn" / "overlay.png").is_file()
    pages = ["predict", str(release), str(tmp_path / "new.csv"), "--out", str(out), "--patient-pages", "p"]
    assert main(pages) == 2 and "no pages of marked places" in capsys.readouterr().err
    card = json.loads((release / "card.json").read_text(encoding="utf-8"))
    assert card["inputs"] == ["image"]
    assert {"map50", "region_sensitivity"} <= {line["metric"] for line in card["performance"]["test"]}


def test_an_answer_is_what_the_network_in_torch_marks(marking, marks_release):
    predictor = RegionPredictor.load(marks_release[0] / "model")
    role, found = marking.app.state.engine.default.roles.inputs.image, 0
    for i in (301, 304, 305):
        content, _ = disc(i)
        records = Records(n=1, image=HeldImages([read_picture(content, role)], role.size))
        [wanted] = predictor.regions(records, np.array([[96, 80]]))
        answer = _ask(marking, content)
        marks = answer["marks"]
        assert (answer["kind"], marks["kind"], marks["height"], marks["width"]) == ("regions", "boxes", 96, 80)
        assert [one["label"] for one in marks["places"]] == [one.label for one in wanted]
        for one, other in zip(marks["places"], wanted, strict=True):
            assert one["box"] == pytest.approx(other.box, abs=1e-3) and one["mask"] is None
            assert one["score"] == pytest.approx(other.score, abs=1e-4) and one["score"] >= marks["threshold"]
        assert answer["number"] == len(wanted) and answer["set"]["low"] <= answer["number"] <= answer["set"]["high"]
        found += len(wanted)
    assert found


def test_a_disc_is_found_where_it_was_drawn(marking):
    content, (y, x) = disc(304)
    left, top, right, bottom = _ask(marking, content)["marks"]["places"][0]["box"]
    across = max(min(right, x + 14) - max(left, x - 14), 0) * max(min(bottom, y + 14) - max(top, y - 14), 0)
    assert across / ((right - left) * (bottom - top) + 28 * 28 - across) > 0.4


@pytest.mark.parametrize(
    ("lang", "says"),
    [("en", "No place was found. That does not mean healthy"), ("zh", "未发现任何部位。这并不表示健康")],
)
def test_nothing_found_is_said_and_is_not_health(marking, lang, says):
    answer = _ask(marking, disc(302, faint=True)[0], lang=lang)
    assert answer["marks"]["places"] == [] and answer["marks"]["said"].startswith(says)
    assert "dark" in answer["marks"]["said"] and answer["number"] == 0


def test_a_picture_unlike_all_others_is_held_for_a_reviewer(marking):
    written = io.BytesIO()
    noise = np.random.default_rng(1).integers(256, size=(96, 80)).astype(np.uint8)
    Image.fromarray(noise).save(written, "PNG")
    odd, usual = _ask(marking, written.getvalue()), _ask(marking, disc(304)[0])
    assert odd["novel"] and odd["held"] and odd["held_because"] == ["novel"]
    assert not usual["novel"] and not usual["held"]


@pytest.fixture
def case(marking):
    """An answered Case with at least one mark, its address, and a client."""
    answer = _ask(marking, disc(304)[0])
    assert answer["marks"]["places"]
    return answer, f"/api/v1/cases/{answer['case']}", marking.client("clinician")


def test_a_correction_keeps_every_mark_with_what_was_said_of_it(case):
    answer, place, client = case
    marks = answer["marks"]["places"]
    regions = [
        {"stance": "reject", "mark": 0},
        {"label": "dark", "box": [1, 2, 30, 31.5]},
        {"label": "light", "box": [50, 50, 60, 60]},
    ]
    body = {"decision": "correct", "reason": "looked", "regions": regions}
    assert client.post(f"{place}/decision", json=body).status_code == 200
    [decision] = client.get(place).json()["decisions"]
    own = [one for one in decision["regions"] if one["mark"] is not None]
    assert [(one["mark"], one["stance"]) for one in own] == [(n, "keep" if n else "reject") for n in range(len(marks))]
    assert [one["box"] for one in own] == [mark["box"] for mark in marks]
    assert decision["regions"][len(marks) :] == [
        {"label": "dark", "box": [1, 2, 30, 31.5], "stance": "add", "mark": None},
        {"label": "light", "box": [50, 50, 60, 60], "stance": "add", "mark": None},
    ]
    kept = [mark["label"] for mark in marks[1:]] + ["dark", "light"]
    assert decision["answer"] == "; ".join(f"{name} {kept.count(name)}" for name in sorted(set(kept)))


def test_a_mark_may_be_moved_and_renamed(case):
    answer, place, client = case
    moved = {"stance": "change", "mark": 0, "label": "light", "box": [2, 3, 20, 21]}
    body = {"decision": "correct", "reason": "further up", "regions": [moved]}
    assert client.post(f"{place}/decision", json=body).status_code == 200
    [decision] = client.get(place).json()["decisions"]
    assert decision["regions"][0] == {"label": "light", "box": [2, 3, 20, 21], "stance": "change", "mark": 0}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"regions": []}, "regions"),
        ({"regions": [{"stance": "keep", "mark": 0}]}, "regions"),
        ({"answer": "1", "regions": [{"stance": "reject", "mark": 0}]}, "answer"),
        ({"regions": [{"stance": "reject", "mark": 99}]}, "regions.0.mark"),
        ({"regions": [{"stance": "reject", "mark": -1}]}, "regions.0.mark"),
        ({"regions": [{"stance": "reject"}]}, "regions.0.mark"),
        ({"regions": [{"stance": "add", "mark": 0, "label": "dark", "box": [1, 1, 2, 2]}]}, "regions.0.mark"),
        ({"regions": [{"stance": "reject", "mark": 0}] * 2}, "regions.0.mark"),
        ({"regions": [{"stance": "change", "mark": 0, "label": "dark", "box": [0, 0, 81, 5]}]}, "regions.0.box"),
        ({"regions": [{"label": "", "box": [0, 0, 8, 5]}]}, "regions.0.label"),
        ({"decision": "accept", "regions": [{"stance": "reject", "mark": 0}]}, "regions"),
    ],
)
def test_a_decision_that_is_not_whole_is_refused(case, body, field):
    _, place, client = case
    answer = client.post(f"{place}/decision", json={"decision": "correct", "reason": "r", **body})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field, answer.text


def test_marks_of_a_model_that_marks_nothing_cannot_be_named(marking, case):
    """What a person says of marks is checked against the Case's own answer alone."""
    _, place, client = case
    body = {"decision": "correct", "reason": "r", "regions": [{"stance": "keep", "mark": 0, "label": "x"}]}
    assert client.post(f"{place}/decision", json=body).json()["errors"][0]["field"] == "regions"


def test_reasons_are_refused_in_a_sentence(marking, case):
    _, place, client = case
    told = client.get(f"{place}/reasons")
    assert told.status_code == 422 and "marks places" in told.json()["message"]
    image = base64.b64encode(disc(304)[0]).decode()
    asked = client.post("/api/v1/answer", json={"image": image, "explain": True, "lang": "zh"})
    assert asked.status_code == 422 and "该模型标记部位" in asked.json()["message"]
    assert client.post("/api/v1/answer", json={"inputs": {"film": None}}).status_code == 422


def test_what_is_answered_is_on_record_and_sealed(marking, case):
    answer, _, _ = case
    entries = marking.client("auditor").get("/api/v1/ledger", params={"subject": answer["case"]}).json()["entries"]
    assert entries[0]["content"]["answer_sha256"] == answer["trace"]["answer_sha256"]
    with marking.app.state.cases._engine.connect() as connection:
        [row] = connection.execute(sa.select(cases).where(cases.c.id == answer["case"])).mappings().all()
    assert not any(one in bytes(row["sealed"]) for one in (b"places", b"dark", b"score"))
    assert not any("dark" in str(value) for name, value in row.items() if name != "sealed")


def test_no_library_is_imported_that_marking_does_not_need(marks_release):
    program = (
        "import sys\nfrom pathlib import Path\nimport numpy as np\n"
        "from primum.serve.app import create_app\n"
        "from primum.serve.engine import open_release, read_row\n"
        "from primum.serve.engine.judged import judge_rows\n"
        "release = open_release(Path(sys.argv[1]), trust=None, any_key=True)\n"
        "row = read_row({}, release.roles, np.zeros((64, 64), np.uint8), shape=(64, 64))\n"
        "print(len(judge_rows(release, [row])))\n"
        "print([name for name in ('torch', 'transformers', 'sklearn', 'pandas', 'spacy') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(marks_release[0])], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["1", "[]"]


def test_a_release_from_before_is_refused_with_what_to_do(marks_release):
    from primum.errors import InputError
    from primum.study.opened import open_run

    run = marks_release[0].parent / "run"
    assert open_release(marks_release[0], trust=None, any_key=True).run.marks
    served = run / "model" / "served.json"
    kept = served.read_bytes()
    served.unlink()
    try:
        with pytest.raises(InputError, match="run it again with `model.engine: auto`"):
            open_run(run, torch_allowed=False)
        assert isinstance(open_run(run).model, RegionPredictor)
    finally:
        served.write_bytes(kept)
