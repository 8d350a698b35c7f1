"""Counts and times of one process, for Prometheus: by route, status and Release, never by person or patient."""

from __future__ import annotations

import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from primum.extras import require
from primum.serve.answering import Answer
from primum.serve.desk import Desk

_client: Any = require("prometheus_client", extra="serve", purpose="The service")
CONTENT_TYPE = str(_client.CONTENT_TYPE_LATEST)
_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What one process counts; a registry of its own, so that several applications can live in one process."""

    def __init__(self) -> None:
        self.registry = _client.CollectorRegistry()
        self._seconds = _client.Histogram(
            "primum_request_seconds",
            "Time that requests took.",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._answers = _client.Counter(
            "primum_answers", "Answers given, by what guards them.", ["release", "guard"], registry=self.registry
        )
        self._waiting = _client.Gauge("primum_waiting", "Questions that wait.", ["queue"], registry=self.registry)
        self._expires = _client.Gauge(
            "primum_release_expires_seconds",
            "When a Release stops answering, seconds since 1970.",
            ["release"],
            registry=self.registry,
        )

    def answered(self, answer: Answer) -> None:
        """Count an answer: once as given, and once for everything that speaks against acting on it."""
        for guard in ("given", *answer.held_because):
            self._answers.labels(answer.release[:12], guard).inc()

    def text(self, desk: Desk) -> bytes:
        """Return everything as Prometheus reads it."""
        for name, count in desk.waiting().items():
            self._waiting.labels(name[:12]).set(count)
        for release in desk.engine.releases.values():
            if release.expires is not None:
                self._expires.labels(release.id[:12]).set(release.expires.timestamp())
        return bytes(_client.generate_latest(self.registry))

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return an application that measures the requests of another."""

        async def measured(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            began, status = time.perf_counter(), 500

            async def watched(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, watched)
            finally:
                route = getattr(scope.get("route"), "path", "none")
                method = scope["method"] if scope["method"].isalpha() and len(scope["method"]) < 10 else "none"
                self._seconds.labels(method, route, status).observe(time.perf_counter() - began)

        return measured
