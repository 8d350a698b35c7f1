"""The model's marks on the page: drawn and listed, and corrected with and without a script, in both languages."""

from __future__ import annotations

import importlib.util
import io
import re
import threading
import time
from pathlib import Path

import lxml.html
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

PASSWORD = "seven small boats at sea"


def disc(*, faint=False):
    """A film of 96 by 80 as the Release was tuned on; a faint one has no disc."""
    rng = np.random.default_rng(304)
    pixels = rng.integers(60, 90, size=(96, 80)).astype(np.uint8)
    y, x = (int(one) for one in rng.integers(18, 62, 2))
    down, across = np.mgrid[:96, :80]
    if not faint:
        pixels[(down - y) ** 2 + (across - x) ** 2 <= 196] = 200
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


@pytest.fixture(scope="module")
def served(marks_release, tmp_path_factory):
    """The service over the Release of discs and its address."""
    import uvicorn

    spec = importlib.util.spec_from_file_location("serve_running", Path(__file__).parents[1] / "running.py")
    parts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parts)
    app = parts.create_app(parts.settings_of(marks_release, tmp_path_factory.mktemp("marks-page")))
    for name, role in (("Dr. Ada", "clinician"), ("Dr. Bo", "reviewer")):
        app.state.people.add(name, role, password=PASSWORD)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, server_header=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield app, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def browser(served):
    """A clinician before a browser without a script."""
    people = served[0].state.people
    session = people.sessions.begin(people.accounts.named("Dr. Ada"))
    client = TestClient(served[0], base_url="http://hospital.test", headers={"accept": "text/html"})
    client.cookies.set(people.rules.cookie, session.secret)
    client.csrf = session.csrf
    return client


def _asked(browser, content, *, lang="en"):
    browser.get(f"/language?lang={lang}&next=/")
    page = browser.post("/consult", data={"csrf": browser.csrf}, files={"image": ("a.png", content)})
    assert page.status_code == 200, page.text
    return str(page.url), lxml.html.fromstring(page.text)


def test_marks_are_drawn_and_listed_alike(browser):
    place, tree = _asked(browser, disc())
    [box] = tree.xpath("//*[contains(@class, 'model')]/rect[@class='over']")
    [row] = tree.xpath("//div[contains(@class, 'found')]//tbody/tr")
    ends = [float(box.get(name)) for name in ("x", "y", "width", "height")]
    typed = [float(one) for one in row.xpath(".//input[@name='mark.box']/@value")[0].split(",")]
    assert typed == pytest.approx([ends[0], ends[1], ends[0] + ends[2], ends[1] + ends[3]], abs=0.51)
    drawn = tree.xpath("//*[contains(@class, 'model')]/text")[0].text_content()
    assert re.fullmatch(r"1 dark 0\.\d\d", drawn) and drawn[-4:] == row.xpath("./td")[1].text_content()
    assert tree.xpath("//p[@class='said']")[0].text_content() == "One place was found: dark 1."
    assert not tree.xpath("//*[@id='h-reasons']") and not tree.xpath("//*[@name='answer']")


@pytest.mark.parametrize(("lang", "says"), [("en", "That does not mean healthy"), ("zh", "这并不表示健康")])
def test_nothing_found_stands_out(browser, lang, says):
    _, tree = _asked(browser, disc(faint=True), lang=lang)
    assert says in tree.xpath("//p[contains(@class, 'verdict-line')]")[0].text_content()
    assert not tree.xpath("//*[contains(@class, 'model')]/rect")


def _whole(tree, **changed):
    """The form as it stands, and what a person does to it."""
    row = tree.xpath("//div[contains(@class, 'found')]//tbody/tr")[0]
    own = {
        "mark.box": row.xpath(".//input[@name='mark.box']/@value")[0],
        "mark.label": row.xpath(".//select//option[@selected]")[0].text_content(),
    }
    return {"decision": "correct", "reason": "looked", **own, **changed}


@pytest.mark.parametrize(
    ("changed", "stances", "says"),
    [
        ({"mark.reject": "0"}, ["reject"], "0"),
        ({"mark.box": "5, 6, 30, 31"}, ["change"], "dark 1"),
        ({"mark.label": "light"}, ["change"], "light 1"),
        ({"place.label": "l", "place.left": "1", "place.top": "2", "place.right": "9", "place.bottom": "9"},
         ["keep", "add"], "dark 1; l 1"),
    ],
)  # fmt: skip
def test_a_mark_is_corrected_without_a_script(browser, served, changed, stances, says):
    place, tree = _asked(browser, disc())
    page = browser.post(f"{place}/decision", data={"csrf": browser.csrf, **_whole(tree, **changed)})
    assert page.status_code == 200, page.text
    [decision] = served[0].state.cases.get(place.rsplit("/", 1)[1]).decisions
    assert [one["stance"] for one in decision.regions] == stances and decision.answer == says
    tree = lxml.html.fromstring(page.text)
    kinds = {"reject": "rejected", "change": "changed", "keep": "kept"}
    assert tree.xpath("//div[contains(@class, 'found')]//tbody/tr/td")[-1].text_content() == kinds[stances[0]]
    drawn = tree.xpath("//*[@class='marks']//*[@class='person']/rect")
    assert len(drawn) == sum(one in ("change", "add") for one in stances)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, "The decision is not whole"),
        ({"mark.box": "5, 6, far"}, "a label and four numbers"),
        ({"mark.box": "5, 6, 300, 31"}, "The decision is not whole"),
        ({"mark.reject": "7"}, "not as expected"),
        ({"decision": "accept", "mark.reject": "0"}, "The decision is not whole"),
        ({"mark.label": ["dark", "dark"]}, "not as expected"),
    ],
)
def test_a_wrong_correction_comes_back_as_it_was_typed(browser, changed, says):
    place, tree = _asked(browser, disc())
    page = browser.post(f"{place}/decision", data={"csrf": browser.csrf, **_whole(tree, **changed)})
    assert page.status_code == 422
    tree = lxml.html.fromstring(page.text)
    assert says in tree.xpath("//*[@role='alert']")[0].text_content()
    if "mark.box" in changed:
        assert tree.xpath("//input[@name='mark.box']/@value") == [changed["mark.box"]]


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_marks_are_sifted_moved_and_rejected_in_a_browser(chromium, served, tmp_path, lang):
    from axe_core_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    (tmp_path / "now.png").write_bytes(disc())
    with sync_playwright() as driver:
        chrome = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page, complaints = chrome.new_page(base_url=served[1], locale=lang), []
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/login")
        page.fill("#name", "Dr. Ada")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        page.set_input_files("#file-image", tmp_path / "now.png")
        page.click("button.big")
        page.wait_for_selector(".viewer.live")
        mark, row = page.locator(".marks .model"), page.locator(".found tbody tr")
        assert mark.is_visible() and "1" in page.text_content("#found-status")
        page.uncheck("#view-found")
        assert not mark.is_visible() and row.is_visible()
        page.check("#view-found")
        page.fill("#view-score", "0.99")
        assert not mark.is_visible() and not row.is_visible() and "0" in page.text_content("#found-status")
        page.fill("#view-score", page.get_attribute("#view-score", "min"))
        assert mark.is_visible()
        was = [float(one) for one in page.input_value("[name='mark.box']").split(",")]
        page.click("#view-move")
        page.evaluate("document.querySelector('.stage').scrollIntoView()")
        place = page.query_selector(".film img").bounding_box()
        box = page.query_selector(".model .over").bounding_box()
        centre = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(*centre)
        page.mouse.down()
        page.mouse.move(centre[0] + 10 * place["width"] / 80, centre[1] - 5 * place["height"] / 96, steps=3)
        page.mouse.up()
        now = [float(one) for one in page.input_value("[name='mark.box']").split(",")]
        assert np.subtract(now, was) == pytest.approx([10, -5, 10, -5], abs=1.1)
        assert page.is_checked("input[value='correct']") and page.locator(".marks .moved").count() == 1
        page.focus("[name='mark.reject']")
        page.keyboard.press("Space")
        assert page.locator(".marks .moved").count() == 0 and "rejected" in row.get_attribute("class")
        page.keyboard.press("Space")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 1000})
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
            found = Axe().run(page)["violations"]
            assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        page.fill("#why", "further right")
        page.click("form.decide button.main")
        page.wait_for_selector("ol.decisions li")
        [decision] = served[0].state.cases.get(page.url.rsplit("/", 1)[1]).decisions
        assert [one["stance"] for one in decision.regions] == ["change"] and decision.regions[0]["box"] == now
        chrome.close()
    assert complaints == []
