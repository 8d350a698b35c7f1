"""Generated requests, right and wrong, from everybody and nobody: no defect, one shape of refusal, all documented."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))


@pytest.fixture(scope="module")
def started(served_release, tmp_path_factory):
    """A service of its own, whose limits may be lifted and which may be filled with nonsense."""
    spec = importlib.util.spec_from_file_location("serve_running", HERE / "running.py")
    parts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parts)
    settings = parts.settings_of(served_release, tmp_path_factory.mktemp("fuzzed"), timeout_s=60)
    with parts.running(settings) as service:
        for _ in range(3):
            service.ask()
        yield service


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_generated_request_ends_in_a_defect_or_in_another_shape(started, lang):
    pytest.importorskip("schemathesis")
    from api_fuzz import fuzz, ids_of

    tokens = {name: client.headers["authorization"].split()[1] for name, client in _clients(started).items()}
    seen = fuzz(started.app, tokens, ids=ids_of(started.app), count=300, lang=lang)
    assert seen.faults == []
    assert seen.requests >= 300 and len(seen.operations) >= 30
    assert {200, 401, 403, 404, 422} <= set(seen.statuses)


def _clients(service):
    return {name: service.client(name) for name in service.accounts}


def test_a_fault_would_be_seen(started):
    """What is looked for is found where it is put in: a defect, another shape, a status that is told nowhere."""
    pytest.importorskip("schemathesis")
    from api_fuzz import fuzz, ids_of
    from fastapi.responses import JSONResponse

    kept = list(started.app.router.routes)
    started.app.add_api_route("/planted/defect", lambda: 1 / 0, methods=["GET"], name="defect")
    started.app.add_api_route(
        "/planted/shape", lambda: JSONResponse({"detail": "no"}, 418), methods=["GET"], name="shape"
    )
    started.app.openapi_schema = None
    try:
        found = fuzz(started.app, {}, ids=ids_of(started.app), count=100).faults
    finally:
        started.app.router.routes[:] = kept
        started.app.openapi_schema = None
    assert "GET /planted/defect: answered 500" in found
    assert "GET /planted/shape: answered 418 in another shape" in found
    assert "GET /planted/shape: answered 418, which its document does not tell of" in found


@pytest.mark.parametrize("kind", [["x"], {}, -1])
def test_what_is_no_fhir_resource_is_refused(started, kind):
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": kind}}]}
    answer = started.client("clinician").post("/fhir/R4/$answer", json=bundle)
    assert answer.status_code == 422 and answer.json()["resourceType"] == "OperationOutcome"
