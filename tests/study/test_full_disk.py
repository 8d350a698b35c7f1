"""A disk that fills up: refused beforehand where that can be seen, otherwise whole files and a run that goes on."""

import errno
import json
import os
import shutil
from collections import namedtuple

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from primum.cli.main import main
from primum.errors import OutputError
from primum.study import Study

QUICK = [
    "cohort.inputs.text=[]",
    "training.epochs=2",
    "assess.resamples=100",
    "training.track=[]",
]
Usage = namedtuple("Usage", "total used free")


class Disk:
    """Lets so many files be put in their place and then says that there is no room, until it is cleared."""

    def __init__(self, files):
        self.files = files
        self.cleared = False

    def replace(self, source, target):
        self.files -= 1
        if self.files < 0 and not self.cleared:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        _replace(source, target)


_replace = os.replace


def _answers(folder):
    table = pq.read_table(folder / "predictions.parquet")
    return np.array(table["p:Heart_Disease"])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    Study.load("heart", overrides=QUICK).run(out=folder)
    return _answers(folder)


def _check_whole(folder):
    read = {".json": lambda p: json.loads(p.read_text()), ".yaml": lambda p: yaml.safe_load(p.read_text())}
    read[".parquet"] = pq.read_table
    for path in folder.iterdir():
        assert not path.name.startswith("."), path.name  # the temporary name of a file that was never finished
        if path.suffix in read:
            read[path.suffix](path)


@pytest.mark.parametrize("files", [1, 3, 6, 9])
def test_what_was_written_is_whole_and_the_run_goes_on_to_the_same_answers(tmp_path, monkeypatch, files, undisturbed):
    disk, folder = Disk(files), tmp_path / "run"
    monkeypatch.setattr(os, "replace", disk.replace)
    study = Study.load("heart", overrides=QUICK)
    with pytest.raises(OutputError, match=r"disk is full.*--resume"):
        study.run(out=folder)
    _check_whole(folder)
    assert not (folder / "report.html").exists()
    disk.cleared = True
    study.run(out=folder, resume=True)
    np.testing.assert_array_equal(_answers(folder), undisturbed)


@pytest.mark.parametrize(
    "said",
    [
        "[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0",  # torch 2.13 on a full tmpfs
        "Error while serializing: I/O error: No space left on device (os error 28)",  # safetensors
    ],
)
def test_a_checkpoint_that_does_not_fit_stops_the_run_which_goes_on(tmp_path, monkeypatch, undisturbed, said):
    import torch

    save, folder = torch.save, tmp_path / "run"

    def full(*args, **options):
        raise RuntimeError(said)

    monkeypatch.setattr(torch, "save", full)
    study = Study.load("heart", overrides=QUICK)
    with pytest.raises(OutputError, match=r"disk is full.*--resume"):
        study.run(out=folder)
    monkeypatch.setattr(torch, "save", save)
    study.run(out=folder, resume=True)
    np.testing.assert_array_equal(_answers(folder), undisturbed)


def test_a_folder_that_not_even_the_study_fits_in_is_taken_away(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", Disk(0).replace)
    with pytest.raises(OutputError, match="nothing was written"):
        Study.load("heart", overrides=QUICK).run(out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_that_cannot_fit_is_refused_before_anything_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(1 << 40, 1 << 40, 5 << 20))
    options = [word for override in QUICK for word in ("--set", override)]
    assert main(["run", "heart", "--out", str(tmp_path / "run"), "--quiet", *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "5 MiB left" in said and "needs at least 8" in said
    assert not (tmp_path / "run").exists()
