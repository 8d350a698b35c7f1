"""Searching: trials, pruning, resuming, sharing, and what is written."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from primum.errors import InputError, StudyError, TrainingFailedError
from primum.study.loading import validate
from primum.study.search import search_study
from primum.study.search_page import render_search_page
from primum.study.search_space import extract
from primum.study.search_storage import is_gone, open_storage, process_name
from primum.study.spec import StudySpec
from primum.study.study import Study

pytest.importorskip("optuna")

RAW = {
    "study": "toy",
    "cohort": {"source": "data/records.csv", "inputs": {"vitals": ["age"]}, "target": {"column": "y"}},
    "model": {"width": {"search": [16, 32, 64]}},
    "training": {
        "epochs": 3,
        "optimizer": {"lr": {"search": {"low": "1e-5", "high": "1e-1", "log": True}}},
        "seed": 3,
    },
}
LR = "training.optimizer.lr"


def toy(raw=RAW, folder=Path("study")):
    plain, spaces = extract(raw)
    return Study(spec=validate(StudySpec, plain, source="toy"), spaces=spaces, folder=folder)


def bowl(values, report):
    """Least at lr = 1e-3; falls a little from epoch to epoch."""
    loss = (math.log10(values[LR]) + 3) ** 2 + values["model.width"] / 1000
    for epoch in (1, 2, 3):
        if report(epoch, loss + 1 / epoch):
            return loss
    return loss


def read(folder):
    return json.loads((folder / "search.json").read_text(encoding="utf-8"))


def test_search_writes_the_best_trial_as_a_plain_study(tmp_path):
    found = search_study(toy(folder=tmp_path), trials=25, out=tmp_path / "out", evaluate=bowl)
    summary = read(tmp_path / "out")
    complete = [trial for trial in summary["trials"] if trial["state"] == "complete"]
    assert found.n_trials == summary["finished"] == len(summary["trials"]) == 25
    assert found.best_value == min(trial["value"] for trial in complete) < 1.0
    assert found.best_value == pytest.approx(bowl(found.best_values, lambda *_: False))
    written = yaml.safe_load((tmp_path / "out" / "study.yaml").read_text(encoding="utf-8"))
    assert extract(written) == (written, {})
    spec = validate(StudySpec, written, source="written")
    assert spec.training.optimizer.lr == found.best_values[LR]
    assert spec.model.width == found.best_values["model.width"]
    assert spec.cohort.source == "../data/records.csv"  # from the folder of the new study file


def test_pruned_trials_stop_early_and_are_never_the_best(tmp_path):
    epochs_seen = []

    def evaluate(values, report):
        epochs_seen.append(0)
        for epoch in range(1, 11):
            epochs_seen[-1] = epoch
            if report(epoch, -math.log10(values[LR])):
                return -1000.0  # whatever a stopped training returns must not win
        return -math.log10(values[LR])

    found = search_study(toy(), trials=20, out=tmp_path, evaluate=evaluate)
    states = [trial["state"] for trial in read(tmp_path)["trials"]]
    assert states.count("pruned") > 0
    assert states[:5] == ["complete"] * 5
    assert [n == 10 for n in epochs_seen] == [s == "complete" for s in states if s in ("complete", "pruned")]
    assert found.best_value > 0


def test_a_search_stopped_at_any_trial_goes_on_as_if_undisturbed(tmp_path):
    search_study(toy(), trials=9, out=tmp_path / "once", evaluate=bowl)
    search_study(toy(), trials=4, out=tmp_path / "twice", evaluate=bowl)
    called = []
    search_study(toy(), trials=9, out=tmp_path / "twice", evaluate=lambda v, r: called.append(v) or bowl(v, r))
    assert len(called) == 5

    def told(folder):
        return [(trial["values"], trial["value"]) for trial in read(folder)["trials"]]

    assert told(tmp_path / "once") == told(tmp_path / "twice")


def test_a_killed_trial_does_not_count(begin, tmp_path):
    code = "import os, test_search as t; t.search_study(t.toy(), trials=3, out=t.Path({!r}), evaluate={})"
    killed = begin(code.format(str(tmp_path), "lambda v, r: os._exit(9)")).wait()
    assert killed.returncode == 9, killed.stderr
    found = search_study(toy(), trials=3, out=tmp_path, evaluate=bowl)
    states = [trial["state"] for trial in read(tmp_path)["trials"]]
    assert states == ["fail", "complete", "complete", "complete"]
    assert found.n_trials == 3


def test_a_trial_that_fails_to_train_counts_and_the_search_goes_on(tmp_path):
    calls = []

    def evaluate(values, report):
        calls.append(values)
        if len(calls) == 1:
            raise TrainingFailedError("the loss rose")
        return math.nan if len(calls) == 2 else bowl(values, report)

    search_study(toy(), trials=4, out=tmp_path, evaluate=evaluate)
    assert [trial["state"] for trial in read(tmp_path)["trials"]] == ["fail", "fail", "complete", "complete"]


def test_no_trial_at_all_is_an_error_and_writes_no_study(tmp_path):
    with pytest.raises(TrainingFailedError, match="none of 3 trials finished; narrow the ranges"):
        search_study(toy(), trials=3, out=tmp_path, evaluate=lambda v, r: math.inf)
    assert not (tmp_path / "study.yaml").exists()


def test_values_tried_before_are_not_trained_again(tmp_path):
    raw = {**RAW, "training": {}, "model": {"width": {"search": [16, 32]}}}
    called = []
    search_study(toy(raw), trials=8, out=tmp_path, evaluate=lambda v, r: called.append(v) or v["model.width"])
    assert sorted(v["model.width"] for v in called) == [16, 32]
    repeats = [trial for trial in read(tmp_path)["trials"] if trial["repeats"] is not None]
    assert len(repeats) == 6


def test_a_changed_study_does_not_continue_the_earlier_search(tmp_path):
    search_study(toy(), trials=3, out=tmp_path, evaluate=bowl)
    found = search_study(toy({**RAW, "policy": "other"}), trials=2, out=tmp_path, evaluate=bowl)
    assert found.n_trials == 2


def test_steps_stay_on_their_grid_and_mappings_come_back_as_mappings(tmp_path):
    choices = [{"method": "lora", "rank": 4}, {"method": "full"}]
    model = {"adapt": {"search": choices}, "dropout": {"search": {"low": 0.0, "high": 0.25, "step": 0.1}}}
    seen = []
    search_study(
        toy({**RAW, "model": model, "training": {}}),
        trials=8,
        out=tmp_path,
        evaluate=lambda v, r: seen.append(v) or 1.0,
    )
    assert {v["model.dropout"] for v in seen} <= {0.0, 0.1, 0.2}
    assert all(v["model.adapt"] in choices for v in seen)


def test_importance_finds_the_value_that_matters(tmp_path):
    search_study(toy(), trials=40, out=tmp_path, evaluate=lambda v, r: abs(math.log10(v[LR]) + 3))
    importance = read(tmp_path)["importance"]
    assert importance[LR] > 0.8
    assert sum(importance.values()) == pytest.approx(1.0, abs=1e-3)


def test_a_study_that_names_nothing_to_search_is_refused(tmp_path):
    with pytest.raises(StudyError, match="names nothing to search; write a range beside a value"):
        search_study(toy({**RAW, "model": {}, "training": {}}), trials=1, out=tmp_path, evaluate=bowl)
    assert list(tmp_path.iterdir()) == []


def test_a_space_that_reaches_beyond_what_the_study_allows_is_refused_before_any_trial(tmp_path):
    raw = {**RAW, "training": {"optimizer": {"lr": {"search": {"low": 0.1, "high": 100.0}, "default": 0.5}}}}
    with pytest.raises(
        StudyError, match=r"training\.optimizer\.lr\.search: training\.optimizer\.lr: .*less than or equal"
    ):
        search_study(toy(raw), trials=1, out=tmp_path, evaluate=bowl)


def test_a_storage_that_cannot_be_opened_is_named_without_its_password(tmp_path, monkeypatch):
    monkeypatch.setattr("primum.study.search_storage._ATTEMPTS", 1)
    with pytest.raises(StudyError, match="the database cannot be opened") as caught:
        open_storage("postgresql://me:hush@127.0.0.1:1/none", folder=tmp_path)
    assert "hush" not in str(caught.value)
    with pytest.raises(StudyError, match="expected an SQLAlchemy URL"):
        open_storage("no url", folder=tmp_path)


def test_only_processes_of_this_machine_can_be_known_to_be_gone():
    assert not is_gone(process_name())
    assert not is_gone("another-machine:1")
    assert not is_gone("")
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    assert is_gone(f"{process_name().rpartition(':')[0]}:{child.pid}")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def storage(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shared.db'}"
    return request.getfixturevalue("database")


def test_two_processes_share_one_search(storage, begin, tmp_path):
    code = (
        "import test_search as t; t.search_study(t.toy(), trials=12, out=t.Path({!r}), storage={!r}, evaluate=t.slow)"
    )
    workers = [begin(code.format(str(tmp_path / name), storage)) for name in ("a", "b")]
    assert [worker.wait().returncode for worker in workers] == [0, 0]
    found = search_study(toy(), trials=12, out=tmp_path / "c", storage=storage, evaluate=bowl)
    assert 12 <= found.n_trials <= 13  # the last trial of each may overlap
    trials = read(tmp_path / "c")["trials"]
    assert len({json.dumps(trial["values"], sort_keys=True) for trial in trials}) > 10  # no trial done twice
    both = [trial["value"] for name in "ab" for trial in [read(tmp_path / name)["best"]]]
    assert found.best_value <= min(both)


def slow(values, report):
    import time

    time.sleep(0.05)
    return bowl(values, report)


@pytest.fixture
def begin(forks, tmp_path):
    """Begin code in a process of its own, which may import this file."""
    here = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    return lambda code: forks.begin(cwd=tmp_path, code=here + code)


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.dots, self.rows, self.links = 0, 0, []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.dots += tag == "circle"
        self.rows += tag == "tr"
        self.links += [value for name, value in attrs.items() if name in ("src", "href")]


@pytest.mark.parametrize(("lang", "title"), [("en", "How the search went"), ("zh", "搜索过程")])
def test_the_page_shows_every_complete_trial_and_fetches_nothing(tmp_path, lang, title):
    search_study(toy({**RAW, "study": "toy"}), trials=12, out=tmp_path, evaluate=bowl, lang=lang)
    page = (tmp_path / "search.html").read_text(encoding="utf-8")
    summary = read(tmp_path)
    tags = _Tags()
    tags.feed(page)
    assert title in page
    assert tags.links == []
    assert "http" not in page
    assert tags.dots == sum(trial["state"] == "complete" for trial in summary["trials"])
    assert tags.rows == (1 + 2) + (1 + len(summary["importance"])) + (1 + 12)


def test_the_page_escapes_what_the_study_says_and_knows_its_languages(tmp_path):
    search_study(toy(), trials=1, out=tmp_path, evaluate=bowl)
    summary = {**read(tmp_path), "study": "<script>alert(1)</script>"}
    assert "<script>" not in render_search_page(summary)
    with pytest.raises(InputError, match="lang: expected one of en, zh, got 'fr'"):
        render_search_page(summary, lang="fr")
