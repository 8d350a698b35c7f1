"""From the door to the Ledger in a real browser, in both languages, with no serious fault that shuts anybody out."""

from __future__ import annotations

import importlib.util
import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
PASSWORD = "seven small boats at sea"
OFFLINE = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def address(served_release, tmp_path_factory):
    """The address of a service of its own, listening."""
    with _listening(served_release, tmp_path_factory.mktemp("browsed")) as found:
        yield found


@pytest.fixture(scope="module")
def noted(noted_release, tmp_path_factory):
    """The address of a service that reads notes beside vitals."""
    with _listening(noted_release, tmp_path_factory.mktemp("noted")) as found:
        yield found


@contextmanager
def _listening(release, folder):
    import uvicorn

    spec = importlib.util.spec_from_file_location("serve_running", Path(__file__).parents[1] / "running.py")
    parts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parts)
    app = parts.create_app(parts.settings_of(release, folder))
    for name, role in (
        ("Dr. Ada", "clinician"),
        ("Dr. Bo", "reviewer"),
        ("Cy", "auditor"),
        ("Di", "board"),
        ("Ed", "admin"),
    ):
        app.state.people.add(name, role, password=PASSWORD)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, server_header=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def chrome(chromium):
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(OFFLINE))
        yield browser
        browser.close()


@pytest.fixture
def person(chrome, request):
    """Return a page of somebody who came through the door; what the console complains of fails the test."""
    contexts, complaints = [], []

    def address():
        return request.getfixturevalue("address")

    def enter(name: str | None, *, at: str | None = None, lang: str = "en", script: bool = True, **options):
        place = at or address()
        context = chrome.new_context(
            base_url=place,
            locale=lang,
            java_script_enabled=script,
            viewport={"width": 1280, "height": 900},
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda asked: None if asked.url.startswith((place, "data:")) else complaints.append(asked.url)
        )
        page.goto("/login")
        if name is not None:
            page.fill("#name", name)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


SAID = {
    "en": {
        "lang": "en",
        "held": "held until a reviewer has decided",
        "accepted": "accepted",
        "whole": "The ledger is whole",
    },
    "zh-CN": {"lang": "zh-Hans", "held": "该病例被搁置", "accepted": "已接受", "whole": "台账完整"},
}


@pytest.mark.parametrize("lang", SAID)
def test_asked_decided_reviewed_and_found_in_the_ledger(person, lang):
    said = SAID[lang]
    ada = person("Dr. Ada", lang=lang)
    assert ada.get_attribute("html", "lang") == said["lang"]
    case = _ask_red_flag(ada)
    assert said["held"] in ada.inner_text("main")
    assert not ada.query_selector("input[name='decision']:checked")
    ada.click("#reasons a.button")
    ada.wait_for_selector("#reasons p.meta >> nth=-1")
    ada.wait_for_selector("#reasons a.button", state="detached")
    assert ada.url.endswith(case)
    ada.check("input[value='accept']")
    ada.click("form.decide button.main")
    ada.wait_for_selector("ol.decisions li")
    assert said["accepted"] in ada.inner_text("ol.decisions")
    bo = person("Dr. Bo", lang=lang)
    bo.goto("/reviews")
    bo.click(f"a.button[href='/cases/{case}']")
    bo.check("input[value='refuse']")
    bo.fill("#why", "The cuff was too small.")
    bo.click("form.decide button.main")
    bo.wait_for_selector("ol.decisions li >> nth=1")
    bo.goto("/reviews")
    assert bo.query_selector(f"a.button[href='/cases/{case}']") is None
    cy = person("Cy", lang=lang)
    cy.goto("/ledger")
    cy.fill("#subject", case)
    cy.press("#subject", "Enter")
    cy.wait_for_selector("#found tbody tr >> nth=3", state="detached")
    assert len(cy.query_selector_all("#found tbody tr")) == 3
    cy.click("form[action='/ledger/verify'] button")
    cy.wait_for_selector("#checked .notice")
    assert said["whole"] in cy.inner_text("#checked")


NOTE = "chest pain on effort since this morning"
OF_NOTES = {
    "en": {"similar": "training patients most like this one", "interval": "95 % confidence", "refused": "refused"},
    "zh-CN": {"similar": "名训练患者的结局", "interval": "置信度为 95%", "refused": "已拒绝"},
}


@pytest.mark.parametrize("lang", OF_NOTES)
def test_a_note_is_asked_about_explained_decided_and_reviewed(person, noted, lang):
    said = OF_NOTES[lang]
    ada = person("Dr. Ada", at=noted, lang=lang)
    ada.goto("/")
    ada.fill("textarea[name='in.note']", NOTE)
    ada.fill("[name='in.age']", "70")
    ada.fill("[name='in.sbp']", "240")
    ada.click("button.big")
    ada.wait_for_url(re.compile("/cases/[0-9a-f]{32}$"))
    case = ada.url.rpartition("/")[2]
    shown = ada.inner_text("main")
    assert said["similar"] in shown and NOTE in shown
    assert said["interval"] in shown and len(ada.query_selector_all("table.bars .whisker")) == 2
    ada.click("#reasons a.button")
    ada.wait_for_selector("#reasons a.button", state="detached")
    assert len(ada.inner_text("#reasons")) > 40
    ada.check("input[value='correct']")
    ada.select_option("#right", "well")
    ada.fill("#why", "The film shows nothing.")
    ada.click("form.decide button.main")
    ada.wait_for_selector("ol.decisions li")
    bo = person("Dr. Bo", at=noted, lang=lang)
    bo.goto("/reviews")
    bo.click(f"a.button[href='/cases/{case}']")
    assert NOTE in bo.inner_text("main")
    bo.check("input[value='refuse']")
    bo.fill("#why", "Ask again with the film.")
    bo.click("form.decide button.main")
    bo.wait_for_selector("ol.decisions li >> nth=1")
    assert said["refused"] in bo.inner_text("ol.decisions")


def _ask_red_flag(page) -> str:
    """Ask about a blood pressure of 240 and return the id of the Case, which is held."""
    page.goto("/")
    for name, value in {"age": "66", "sbp": "240"}.items():
        page.fill(f"[name='in.{name}']", value)
    for name, value in {"ward": "A", "sex": "F"}.items():
        page.select_option(f"[name='in.{name}']", value)
    page.click("button.big")
    page.wait_for_url(re.compile("/cases/[0-9a-f]{32}$"))
    return page.url.rpartition("/")[2]


RUNS_OUT = """() => {
  const root = document.documentElement, out = root.scrollWidth > root.clientWidth
  if (!out) return []
  const beyond = [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > root.clientWidth)
    .map((one) => one.tagName + "." + one.className)
  return [`by ${root.scrollWidth - root.clientWidth} pixels`, ...beyond]
}"""
"""By how much a page runs out of its window, and what stands beyond its right edge."""
PLACES = {
    None: ["/login"],
    "Dr. Ada": ["/", "/?example=high", "/reviews", "/account", "CASE"],
    "Dr. Bo": ["/reviews", "CASE"],
    "Cy": ["/ledger", "/ledger/verify"],
    "Di": ["/releases", "RELEASE", "/assurance"],
    "Ed": ["/people"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PLACES)
def test_nobody_is_shut_out(person, name, scheme):
    """axe-core finds nothing serious or critical, and at no width does a page run out of its window."""
    from axe_core_python.sync_playwright import Axe

    if name == "Dr. Bo":
        _ask_red_flag(person("Dr. Ada"))
    page = person(name, lang="en" if scheme == "light" else "zh-CN", color_scheme=scheme)
    for place in PLACES[name]:
        _open(page, place)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(RUNS_OUT) == [], (place, width)
            found = Axe().run(page)["violations"]
            grave = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
            assert grave == [], (place, width)


def _open(page, place: str) -> None:
    if place == "CASE":
        page.goto("/reviews")
        page.click("tbody a >> nth=0")
        page.wait_for_url(re.compile("/cases/"))
    elif place == "RELEASE":
        page.goto("/releases")
        page.click("main h2 a")
        page.wait_for_url(re.compile("/releases/"))
    else:
        page.goto(place)


def test_everything_is_reached_with_the_keyboard(person):
    ada = person("Dr. Ada")
    ada.goto("/?example=middle")
    ada.keyboard.press("Tab")
    assert ada.evaluate("document.activeElement.className") == "skip"
    reached = []
    for _ in range(60):
        ada.keyboard.press("Tab")
        reached.append(ada.evaluate("document.activeElement.name || document.activeElement.getAttribute('href') || ''"))
        if ada.evaluate("document.activeElement.matches('button.big')"):
            break
    assert {"in.age", "in.sbp", "in.ward", "patient"} <= set(reached)
    ada.keyboard.press("Enter")
    ada.wait_for_url(re.compile("/cases/"))


def test_without_a_script_all_of_it_works(person):
    ada = person("Dr. Ada", script=False)
    ada.goto("/?example=high")
    ada.click("button.big")
    ada.wait_for_url(re.compile("/cases/"))
    ada.click("#reasons a.button")
    ada.wait_for_url(re.compile("/reasons"))
    ada.check("input[value='refuse']")
    ada.fill("#why", "Not for this patient.")
    ada.click("form.decide button.main")
    ada.wait_for_selector("ol.decisions li")


def test_a_page_on_paper_has_no_buttons(person):
    ada = person("Dr. Ada")
    ada.goto("/releases")
    ada.emulate_media(media="print")
    assert not ada.is_visible(".rail") and ada.is_visible("main h1")
