"""Every router of the API."""

from __future__ import annotations

from primum.serve.api import answers, cases, health, ledger, releases, reviews
from primum.serve.people import api as people

ROUTERS = (
    answers.router,
    cases.router,
    reviews.router,
    releases.router,
    ledger.router,
    people.router,
    health.router,
)
