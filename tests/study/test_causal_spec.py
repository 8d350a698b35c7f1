"""The causal keys of a study: what is accepted, and what is refused with the nearest name."""

from __future__ import annotations

import pytest

from primum.errors import StudyError
from primum.study.loading import validate
from primum.study.spec import StudySpec

GRAPH = {"age": ["pressure", "outcome"], "genes": ["outcome"], "pressure": ["outcome"], "outcome": ["note"]}


def _study(**causal):
    causal = {"graph": GRAPH, "unmeasured": ["genes"], "treatment": "pressure", **causal}
    return {
        "study": "s",
        "cohort": {
            "source": "r.csv",
            "inputs": {"text": "note", "vitals": ["age", "pressure"]},
            "target": {"column": "outcome"},
            "sensitive": ["sex"],
            "site": "hospital",
        },
        "assess": {"causal": {key: value for key, value in causal.items() if value is not None}},
    }


def _read(**causal):
    return validate(StudySpec, _study(**causal), source="s.yaml").assess.causal


def test_a_graph_becomes_plain_values():
    causal = _read(modifiable=["age", "pressure"])
    assert causal.asked() == ("pressure", "age")
    graph = causal.stated(["note"])
    assert graph.effects["age"] == ("pressure", "outcome")
    assert graph.measured == {"age", "pressure", "outcome"}  # not the note, and not what nobody recorded
    assert _read(graph={"hospital": "outcome", "sex": "outcome"}, treatment=None, unmeasured=None).asked() == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"graph": {**GRAPH, "presure": ["outcome"]}}, r"graph: 'presure' is no vital.*did you mean 'pressure'"),
        ({"unmeasured": None}, r"graph: 'genes' is no vital.*list it under unmeasured"),
        ({"unmeasured": ["genes", "age"]}, r"unmeasured: 'age' is a column"),
        ({"treatment": "presure"}, r"treatment: 'presure' is no measured column of the graph.*'pressure'"),
        ({"treatment": "note"}, r"treatment: 'note' is no measured column"),
        ({"modifiable": ["genes"]}, r"modifiable: 'genes' is no measured column"),
        ({"outcome": "hospital"}, r"outcome: 'hospital' is no measured column of the graph"),
        ({"treatment": "outcome"}, r"treatment: 'outcome' is the outcome itself"),
        ({"outcome": "pressure"}, r"treatment: 'pressure' is the outcome itself"),
        ({"graph": {**GRAPH, "outcome": ["age"]}}, r"is a circle; nothing can be its own cause"),
        ({"graph": {}}, r"name at least one cause"),
        ({"edges": []}, r"edges"),
    ],
)
def test_what_is_wrong_is_said(changed, said):
    with pytest.raises(StudyError, match=said):
        _read(**changed)


def test_all_faults_come_in_one_message():
    with pytest.raises(StudyError, match=r"(?s)'presure'.*'choll'"):
        _read(graph={**GRAPH, "presure": ["outcome"]}, modifiable=["choll"])
