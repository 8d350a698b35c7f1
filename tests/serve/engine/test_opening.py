"""Only a Release that is verified, approved and in date is served; every other one is refused with its reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from primum.errors import InputError, ReleaseError
from primum.ethics.signing import read_trust
from primum.serve.engine import open_release
from primum.serve.engine.engine import check_date
from primum.serve.security.faults import Refused


@pytest.fixture
def copied(served_release, tmp_path):
    """A Release that may be damaged, and the list of trusted keys."""
    shutil.copytree(served_release[0], tmp_path / "release")
    return tmp_path / "release", read_trust(served_release[1])


def test_a_verified_release_answers(copied):
    release = open_release(copied[0], trust=copied[1])
    assert release.study == "wards" and release.in_date()
    assert [one.column for one in release.roles.inputs.vitals] == ["age", "sbp", "ward"]


def test_without_a_list_of_trusted_keys_nothing_is_served(copied):
    with pytest.raises(ReleaseError, match="on a list of trusted keys signed it; give the list with --trust"):
        open_release(copied[0], trust=None)
    assert open_release(copied[0], trust=None, any_key=True).study == "wards"


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("model/served-head.onnx", "model/served-head.onnx was altered"),
        ("model/calibration.json", "model/calibration.json was altered"),
        ("card.json", "card.json was altered"),
    ],
)
def test_an_altered_release_is_refused(copied, file, reason):
    content = bytearray((copied[0] / file).read_bytes())
    content[len(content) // 2] ^= 1
    (copied[0] / file).write_bytes(content)
    with pytest.raises(ReleaseError, match=reason):
        open_release(copied[0], trust=copied[1])


def test_a_file_that_was_put_in_is_refused(copied):
    (copied[0] / "model" / "extra.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ReleaseError, match="model/extra.json does not belong to it"):
        open_release(copied[0], trust=copied[1])


def test_a_release_whose_signature_was_taken_away_is_refused(copied):
    for path in (copied[0] / "run-signatures").glob("ethics_board-*.json"):
        path.unlink()
    with pytest.raises(ReleaseError, match="is missing"):
        open_release(copied[0], trust=copied[1])


def test_a_signature_of_a_stranger_counts_for_nothing(copied, served_release, tmp_path):
    text = served_release[1].read_text(encoding="utf-8").replace("clinical_lead", "porter")
    (tmp_path / "trust.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError, match="Nobody whose word counts has approved as clinical_lead"):
        open_release(copied[0], trust=read_trust(tmp_path / "trust.yaml"))


def test_a_folder_that_is_no_release_is_refused(tmp_path, copied):
    with pytest.raises(ReleaseError, match="no Release there"):
        open_release(tmp_path, trust=copied[1])


def test_an_expired_release_stops_answering_while_it_runs(copied):
    release = open_release(copied[0], trust=copied[1])
    last = release.expires - timedelta(seconds=1)
    check_date(release, last)
    with pytest.raises(Refused, match="This Release expired on") as caught:
        check_date(release, release.expires)
    assert caught.value.status == 503
    assert timedelta(days=364) < release.expires - datetime.now(UTC) < timedelta(days=366)


def test_an_expired_release_is_not_opened(copied, monkeypatch):
    from primum.ethics.release import verify

    class Later(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime(2400, 1, 1, tzinfo=zone)

    monkeypatch.setattr(verify, "datetime", Later)
    with pytest.raises(ReleaseError, match="It expired on"):
        open_release(copied[0], trust=copied[1])


def test_a_run_without_a_served_model_says_how_to_get_one(served_release, tmp_path):
    from primum.study.opened import open_run

    run = shutil.copytree(served_release[0].parent / "run", tmp_path / "run")
    (run / "model" / "served.json").unlink()
    with pytest.raises(InputError, match="has no served model, .* run it again with `model.engine: auto`"):
        open_run(run, torch_allowed=False)


def test_a_blocked_release_is_refused(copied):
    """A verdict cannot be changed unseen: the manifest names its hash."""
    place = copied[0] / "verdict.json"
    said = json.loads(place.read_text(encoding="utf-8"))
    place.write_text(json.dumps({**said, "verdict": "block"}), encoding="utf-8")
    with pytest.raises(ReleaseError, match="verdict.json was altered"):
        open_release(copied[0], trust=copied[1])


def test_a_serving_process_imports_no_library_that_it_does_not_need(served_release):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from primum.cli.main import app\n"
        "from primum.serve.app import create_app\n"
        "from primum.serve.engine import open_release, read_row\n"
        "from primum.serve.engine.judged import judge_rows\n"
        "from primum.serve.answering import explained\n"
        "release = open_release(Path(sys.argv[1]), trust=None, any_key=True)\n"
        "row = read_row({'age': 61, 'sbp': 120}, release.roles)\n"
        "print(len(judge_rows(release, [row])), explained(release, row) is not None)\n"
        "large = ('torch', 'transformers', 'sklearn', 'pandas', 'scipy', 'spacy')\n"
        "print([name for name in large if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(served_release[0])], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["1 True", "[]"]
