"""Spans of requests and of what they wait for, sent where the operator says (OpenTelemetry), and nowhere otherwise.

A span holds the route, the status, the request's id and the Release's; never an address that was typed, a person, or
anything of a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from primum.extras import require

_PURPOSE = "Sending traces"
_EXTRA = "telemetry"


class Spans(Protocol):
    """Says when something begins and ends."""

    def span(self, name: str, **attributes: str) -> AbstractContextManager[None]:
        """Return what a piece of work runs in."""


class Untraced:
    """Says nothing to nobody."""

    def span(self, name: str, **attributes: str) -> AbstractContextManager[None]:
        """Return what changes nothing."""
        return nullcontext()


class Traces:
    """Spans for a collector.

    Args:
        exporter: an OpenTelemetry SpanExporter.
        at_once: export every span as it ends and not in the background; for tests.
    """

    def __init__(self, exporter: Any, *, at_once: bool = False) -> None:
        sdk = require("opentelemetry.sdk.trace", extra=_EXTRA, purpose=_PURPOSE)
        processors = require("opentelemetry.sdk.trace.export", extra=_EXTRA, purpose=_PURPOSE)
        resources = require("opentelemetry.sdk.resources", extra=_EXTRA, purpose=_PURPOSE)
        self._api = require("opentelemetry.trace", extra=_EXTRA, purpose=_PURPOSE)
        self._carrier = require("opentelemetry.trace.propagation.tracecontext", extra=_EXTRA, purpose=_PURPOSE)
        about = {"service.name": "primum", "service.version": version("primum")}
        self._provider = sdk.TracerProvider(resource=resources.Resource(about))
        kind = processors.SimpleSpanProcessor if at_once else processors.BatchSpanProcessor
        self._provider.add_span_processor(kind(exporter))
        self._tracer = self._provider.get_tracer("primum.serve")

    @classmethod
    def to(cls, url: str) -> Traces:
        """Return spans that go to a collector.

        Args:
            url: OTLP over HTTP, e.g. http://collector:4318/v1/traces.
        Raises:
            ExtraMissingError: OpenTelemetry is not installed.
        """
        module = require("opentelemetry.exporter.otlp.proto.http.trace_exporter", extra=_EXTRA, purpose=_PURPOSE)
        return cls(module.OTLPSpanExporter(endpoint=url))

    @contextmanager
    def span(self, name: str, **attributes: str) -> Iterator[None]:
        """Run a piece of work in a span of its own."""
        with self._tracer.start_as_current_span(name, attributes=attributes, record_exception=False):
            yield

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return an application whose every request is a span; it goes on the trace that the caller began."""

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            began = self._carrier.TraceContextTextMapPropagator().extract(sent)
            options: dict[str, Any] = {"context": began, "kind": self._api.SpanKind.SERVER, "record_exception": False}
            with self._tracer.start_as_current_span("request", **options) as span:

                async def watched(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        span.set_attribute("http.response.status_code", message["status"])
                    await send(message)

                try:
                    await app(scope, receive, watched)
                finally:
                    route, method = getattr(scope.get("route"), "path", "none"), scope["method"]
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.request.method", method)
                    span.set_attribute("http.route", route)
                    span.set_attribute("primum.request", scope.get("state", {}).get("request_id", ""))

        return traced

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()
