"""Every router of the API."""

from __future__ import annotations

from primum.serve.api import answers, cases, fhir, health, hooks, ledger, releases, reviews
from primum.serve.people import api as people

ROUTERS = (
    answers.router,
    cases.router,
    reviews.router,
    releases.router,
    ledger.router,
    people.router,
    fhir.router,
    hooks.router,
    health.router,
)
