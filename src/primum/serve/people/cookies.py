"""The session's cookie: read by no script, sent to no other site, and over nothing but TLS where there is TLS."""

from __future__ import annotations

from starlette.responses import Response

from primum.serve.people.rules import PeopleRules


def set_cookie(response: Response, secret: str, rules: PeopleRules) -> None:
    """Hand a session's secret to the browser, until it is closed or the session's longest time is over."""
    response.set_cookie(
        rules.cookie,
        secret,
        max_age=int(rules.longest_s),
        path="/",
        secure=rules.secure,
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, rules: PeopleRules) -> None:
    """Take the cookie back."""
    response.delete_cookie(rules.cookie, path="/", secure=rules.secure, httponly=True, samesite="lax")
