"""A run with several annotators: from columns to findings, verdict and report."""

import numpy as np
import pytest

from primum.errors import StudyError
from primum.study import Study

STUDY = """
study: several
cohort:
  source: records.csv
  id: id
  inputs: {vitals: [age]}
  target: {column: dx, annotators: [a, b, c]}
training: {epochs: 1, track: []}
assess: {baselines: false, resamples: 100, robustness: false, novelty: false, counterfactual: false}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    rng = np.random.default_rng(0)
    lines = []
    for i in range(300):
        truth = i % 2
        said = [("ill", "well")[truth if rng.random() < 0.9 else 1 - truth] for _ in range(3)]
        lines.append(f"r{i},{30 + 30 * truth + rng.integers(0, 20)},{('ill', 'well')[truth]},{','.join(said)}")
    (folder / "records.csv").write_text("\n".join(["id,age,dx,a,b,c", *lines]), encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return folder


def test_agreement_and_consensus_go_to_findings_verdict_and_report(folder):
    run = Study.load(folder / "study.yaml").run(out=folder / "run")
    found = {f.metric: f for f in run.findings if not f.slice and f.class_ is None}
    # Right with 0.9 each, two agree with 0.82, of which chance gives a half.
    assert found["annotator_alpha"].value == pytest.approx(0.64, abs=0.08)
    assert found["annotator_kappa"].value == pytest.approx(found["annotator_alpha"].value, abs=0.01)
    assert found["expert_gap"].split == "test" and found["target_against_consensus"].value < 0.1
    names = {result.rule.name for result in run.verdict.rules}
    assert {"safety.annotator_agreement", "safety.within_experts"} <= names
    assert "Several annotators" in (run.path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("cohort.target.annotators=[a]", "name the columns of two annotators or more"),
        ("cohort.target.annotators=[a, age]", "target.annotators: age is an input too"),
        ("cohort.target.type=number", "agreement is of classes; a target of type number has none"),
    ],
)
def test_what_cannot_be_is_refused(folder, asked, wanted):
    with pytest.raises(StudyError, match=wanted):
        Study.load(folder / "study.yaml", overrides=[asked])
