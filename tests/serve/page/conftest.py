"""Browsers without JavaScript, signed in, whose pages are read as trees."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from lxml import html


class Browser:
    """A person before a browser without JavaScript."""

    def __init__(self, app, name: str | None, lang: str) -> None:
        self.client = TestClient(app, base_url="http://hospital.test")
        self.client.headers.update({"accept": "text/html", "accept-language": lang})
        if name is not None:
            people = app.state.people
            session = people.sessions.begin(people.accounts.named(name))
            self.client.cookies.set(people.rules.cookie, session.secret)
        self.page = None
        self.response = None

    def go(self, place: str):
        """Open a page and return its tree."""
        return self._shown(self.client.get(place))

    def send(self, action: str, **fields):
        """Fill in and send the form with this action on the page, with its hidden fields."""
        (form,) = [one for one in self.page.forms if one.action == action]
        given = {name: value for name, value in form.form_values()} | fields
        return self._shown(self.client.request(form.method, action, data=given))

    def text(self) -> str:
        """What the page says."""
        return " ".join(self.page.text_content().split())

    def _shown(self, response):
        self.response = response
        self.page = html.fromstring(response.text) if response.text.strip() else None
        return self.page


@pytest.fixture
def browse(service):
    """Return a browser signed in under a name, or under none."""
    return lambda name=None, lang="en": Browser(service.app, name, lang)
