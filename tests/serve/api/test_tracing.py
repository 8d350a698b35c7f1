"""Spans say which route, status and Release, go on the caller's trace, and hold nothing of a patient."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("opentelemetry.sdk")
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from primum.serve.tracing import Traces

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
COLLECTOR = "http://collector.invalid:4318/v1/traces"


def test_a_request_is_a_span_of_the_callers_trace_and_its_answer_a_span_below(
    run_service, served_release, tmp_path, monkeypatch
):
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(Traces, "to", classmethod(lambda cls, url: cls(exporter, at_once=True)))
    with run_service.running(run_service.settings_of(served_release, tmp_path, traces_to=COLLECTOR)) as service:
        asked = {"inputs": run_service.RECORD, "patient": "Smith-77"}
        traced = {"traceparent": f"00-{CALLER}-00f067aa0ba902b7-01"}
        answered = service.client("clinician").post("/api/v1/answer?seen=Smith-77", json=asked, headers=traced)
    assert answered.status_code == 200
    spans = {one.name: one for one in exporter.get_finished_spans()}
    request, answer = spans["POST /api/v1/answer"], spans["answer"]
    assert f"{request.context.trace_id:032x}" == f"{answer.context.trace_id:032x}" == CALLER
    assert answer.parent.span_id == request.context.span_id
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["primum.request"] == answered.headers["x-request-id"]
    assert answer.attributes["primum.release"] == answered.json()["release"]
    told = json.dumps([json.loads(one.to_json()) for one in exporter.get_finished_spans()])
    assert "Smith" not in told and "clinician" not in told


def test_without_an_address_there_are_no_spans(service, monkeypatch):
    monkeypatch.setattr(Traces, "span", lambda *args, **kwargs: pytest.fail("a span was made"))
    assert service.ask()["release"]
    assert service.app.state.traces is None
