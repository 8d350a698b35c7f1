"""A Release that was built is recognised when a patient is erased, and never changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq

from primum.cohort import read_erased
from primum.ethics.release import verify_release
from primum.ethics.signing import hash_files
from primum.study import Study
from primum.study.erasing import erase


def test_a_real_release_is_found_among_what_learnt(overseen_run, built, tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    shutil.copy(overseen_run.parents[1] / "records.csv", study)
    for name in ("study.yaml", "written.yaml"):
        shutil.copy(overseen_run.parents[1] / name, study)
    shutil.copytree(overseen_run, tmp_path / "out" / "run")
    shutil.copytree(built, tmp_path / "out" / "release")
    splits = dict(zip(*pq.read_table(overseen_run / "splits.parquet").to_pydict().values(), strict=True))
    bytes_of = hash_files(tmp_path / "out" / "release").sha256
    text = (tmp_path / "out" / "run" / "study.yaml").read_text()
    (tmp_path / "out" / "run" / "study.yaml").write_text(text.replace(str(overseen_run.parents[1]), str(study)))
    for split, parts in (("train", ("model", "calibration", "findings")), ("test", ("findings",))):
        patient = next(one for one, of in splits.items() if of == split)
        done = erase(patient, study=Study.load(study / "study.yaml"), folders=[tmp_path / "out"])
        by_name = {one.path.name: one for one in done.places}
        assert set(by_name) == {"run", "release"}
        release = by_name["release"]
        assert (release.kind, release.splits, release.rebuild) == ("release", (split,), parts)
        assert release.known and release.cleared == ()
        named = {Path(one["folder"]).name for one in json.loads(done.queue[0].read_text())["rebuild"]}
        assert named == {"run", "release"}
    assert (
        verify_release(tmp_path / "out" / "release").ok and hash_files(tmp_path / "out" / "release").sha256 == bytes_of
    )  # a signed folder is never touched
    assert len(read_erased(study / "erased.json").entries) == 2
