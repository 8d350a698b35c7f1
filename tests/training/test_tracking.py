"""Trackers: what each of them can be read back as; W&B stays offline."""

import logging
import time

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from primum.training.tracking import TRACKERS

LOSSES = [1.0, 0.5, 0.25]


def _log(name, folder):
    log, close = TRACKERS.get(name)(folder, "heart")
    for step, loss in enumerate(LOSSES):
        log({"loss": loss, "eval_log_loss": loss / 2}, step)
    close()


def test_tensorboard_files_hold_every_figure(tmp_path):
    _log("tensorboard", tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == list(enumerate(LOSSES))
    assert [e.value for e in events.Scalars("eval_log_loss")] == [0.5, 0.25, 0.125]


@pytest.mark.filterwarnings("ignore")
def test_mlflow_keeps_the_figures_in_the_runs_folder(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    _log("mlflow", tmp_path)
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("heart")
    (run,) = client.search_runs([experiment.experiment_id])
    assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")] == list(enumerate(LOSSES))
    assert run.info.status == "FINISHED"


@pytest.mark.filterwarnings("ignore")
def test_wandb_writes_an_offline_run_and_opens_no_connection(tmp_path, monkeypatch, caplog):
    pytest.importorskip("wandb")
    import socket

    reached = []
    connect = socket.socket.connect

    def watched(self, address):
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            reached.append(address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    with caplog.at_level(logging.WARNING):
        _log("wandb", tmp_path)
    (record,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    for _ in range(300):  # a process of its own writes the file, and may do so after the run was closed
        if b"eval_log_loss" in record.read_bytes():
            break
        time.sleep(0.1)
    assert b"eval_log_loss" in record.read_bytes()
    assert reached == []
    assert not list(tmp_path.glob("wandb/offline-run-*/files/wandb-metadata.json"))  # host, user and command line
