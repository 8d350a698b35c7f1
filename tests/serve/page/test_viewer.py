"""An image on the page: chosen, answered, looked at, marked; with and without a script, in both languages."""

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
from PIL import Image

MARKED = "//*[@class='marks']//rect"
PASSWORD = "seven small boats at sea"


def film(i):
    pixels = np.random.default_rng(i).integers(60, 120, size=(240, 200)).astype(np.uint8)
    if i % 2:
        pixels[30:90, 30:90] = 230
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


@pytest.fixture(scope="module")
def parts():
    spec = importlib.util.spec_from_file_location("serve_running", Path(__file__).parents[1] / "running.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def films(image_release, tmp_path_factory, parts):
    with parts.running(parts.settings_of(image_release, tmp_path_factory.mktemp("films-page"))) as started:
        yield started


@pytest.fixture
def browser(films):
    """A client signed in as a clinician, as a browser without a script would be."""
    from fastapi.testclient import TestClient

    people = films.app.state.people
    session = people.sessions.begin(people.accounts.named("clinician"))
    client = TestClient(films.app, base_url="http://hospital.test", headers={"accept": "text/html"})
    client.cookies.set(people.rules.cookie, session.secret)
    client.csrf = session.csrf
    return client


def _asked(browser, *, lang="en", **files):
    browser.get(f"/language?lang={lang}&next=/")
    return browser.post("/consult", data={"csrf": browser.csrf, "in.age": "50"}, files=files)


def test_the_form_takes_files_and_the_case_shows_them(browser):
    form = lxml.html.fromstring(browser.get("/").text).xpath("//form[contains(@class, 'question')]")[0]
    assert form.get("enctype") == "multipart/form-data"
    assert [one.get("name") for one in form.xpath(".//input[@type='file']")] == ["image", "prior"]
    page = _asked(browser, image=("a.png", film(201)), prior=("b.png", film(200)))
    assert page.status_code == 200
    tree = lxml.html.fromstring(page.text)
    shown = tree.xpath("//figure//img")
    assert [(one.get("width"), one.get("height")) for one in shown] == [("200", "240")] * 2
    for one, content in zip(shown, (film(201), film(200)), strict=True):
        found = browser.get(one.get("src"))
        assert found.headers["content-type"] == "image/png"
        wanted = np.asarray(Image.open(io.BytesIO(content)))
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(found.content))), wanted)
    assert not tree.xpath("//*[@style]") and not tree.xpath("//script[not(@src)]")
    assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(("lang", "says"), [("en", "The image cannot be read"), ("zh", "无法读取该图像")])
@pytest.mark.parametrize("content", [b"no image", film(201)[:5000], b"PDF" * 100])
def test_a_bad_file_comes_back_to_the_form_in_the_readers_language(browser, lang, says, content):
    page = _asked(browser, lang=lang, image=("a.png", content))
    assert page.status_code in (415, 422)
    tree = lxml.html.fromstring(page.text)
    assert says in tree.xpath("//*[@role='alert']")[0].text_content()
    assert tree.xpath("//*[@id='file-image']")[0].get("aria-invalid") == "true"
    assert tree.xpath("//*[@name='in.age']")[0].get("value") == "50"


def test_a_place_typed_without_a_script_is_kept_and_shown(browser):
    place = str(_asked(browser, image=("a.png", film(201))).url)
    given = {"csrf": browser.csrf, "decision": "correct", "answer": "well", "reason": "artefact"}
    typed = {"place.label": "clip <b>", "place.left": "30", "place.top": "31", "place.right": "90.5"}
    wrong = browser.post(f"{place}/decision", data={**given, **typed, "place.bottom": "far"})
    assert wrong.status_code == 422
    tree = lxml.html.fromstring(wrong.text)
    assert "a label and four numbers" in tree.xpath("//*[@role='alert']")[0].text_content()
    assert tree.xpath("//*[@name='place.label']")[0].get("value") == "clip <b>"
    right = browser.post(f"{place}/decision", data={**given, **typed, "place.bottom": "92"})
    assert right.status_code == 200, right.text
    tree = lxml.html.fromstring(right.text)
    [box] = tree.xpath(MARKED)
    assert [box.get(name) for name in ("x", "y", "width", "height")] == ["30.0", "31.0", "60.5", "61.0"]
    assert tree.xpath("//section[contains(@class, 'viewer')]//tbody//th")[0].text_content() == "clip <b>"


def test_an_empty_place_is_no_place(browser):
    place = str(_asked(browser, image=("a.png", film(201))).url)
    ends = {f"place.{name}": "" for name in ("label", "left", "top", "right", "bottom")}
    page = browser.post(f"{place}/decision", data={"csrf": browser.csrf, "decision": "accept", **ends})
    assert page.status_code == 200 and not lxml.html.fromstring(page.text).xpath(MARKED)


def test_a_reason_colours_the_image_where_the_model_saw_it(browser, films, monkeypatch):
    """A reason over the whole square, laid over a picture of 200 x 240: the model saw black on either side."""
    from primum.serve.answering import Explanation

    grid = 6
    adds = np.arange(36.0).reshape(6, 6) - 12.0
    told = Explanation(
        method="occlusion", about="ill", holds=True, withheld_because=(), comprehensiveness=0.2,
        comprehensiveness_of_chance=0.1, sufficiency=0.1, stability=1.0, text="", words=(), vitals=(), grid=grid,
        cells=tuple({"row": r, "column": c, "adds": float(adds[r, c])} for r in range(grid) for c in range(grid)),
    )  # fmt: skip

    async def explain(case):
        return told

    place = str(_asked(browser, image=("a.png", film(201))).url)
    monkeypatch.setattr(films.app.state.desk, "explain", explain)
    tree = lxml.html.fromstring(browser.get(f"{place}/reasons").text)
    seen = np.full((240, 200), np.nan)
    for one in tree.xpath("//*[@class='marks']/rect"):
        x, y, across, down = (float(one.get(name)) for name in ("x", "y", "width", "height"))
        sign = {"for": 1, "against": -1}[one.get("class")]
        seen[round(y) : round(y + down), round(x) : round(x + across)] = sign * float(one.get("fill-opacity")) / 0.6
    square = np.kron(adds / np.abs(adds).max(), np.ones((40, 40)))
    np.testing.assert_allclose(seen, square[:, 20:220], atol=2e-3)


@pytest.fixture(scope="module")
def address(image_release, tmp_path_factory, parts):
    import uvicorn

    app = parts.create_app(parts.settings_of(image_release, tmp_path_factory.mktemp("films-browsed")))
    for name, role in (("Dr. Ada", "clinician"), ("Dr. Bo", "reviewer")):
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
    from playwright.sync_api import sync_playwright

    offline = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(offline))
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_looked_at_and_marked_in_a_browser(chrome, address, tmp_path, lang):
    from axe_core_python.sync_playwright import Axe

    for name, content in (("now.png", film(201)), ("before.png", film(200))):
        (tmp_path / name).write_bytes(content)
    complaints = []
    context = chrome.new_context(base_url=address, locale=lang, viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/login")
    page.fill("#name", "Dr. Ada")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    page.set_input_files("#file-image", tmp_path / "now.png")
    page.set_input_files("#file-prior", tmp_path / "before.png")
    page.fill("[name='in.age']", "50")
    page.click("button.big")
    page.wait_for_url(re.compile("/cases/[0-9a-f]{32}$"))
    page.wait_for_selector(".viewer.live")
    page.focus(".stage >> nth=0")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert _placed(page, 0) == pytest.approx(_placed(page, 1), abs=0.1) and _placed(page, 0)[0] == pytest.approx(1.3)
    page.keyboard.press("0")
    assert _placed(page, 0) == [1, 0, 0, 1, 0, 0]
    before = _pixels(page)
    page.fill("#view-width", "51")  # five times the contrast about the centre
    slope = page.get_attribute("#window feFuncR", "slope")
    assert float(slope) == pytest.approx(5.0)
    wanted = np.clip((before - 127.5) * 5.0 + 127.5, 0, 255)
    assert np.abs(_pixels(page) - wanted).mean() < 4 < np.abs(before - wanted).mean()
    page.click("#view-reset")
    page.fill("#view-opacity", "0.5")
    assert page.evaluate("document.querySelector('.marks').style.opacity") == "0.5"
    page.click("#view-draw")
    _drag(page, (30, 30), (90, 90))
    page.fill("[name='place.label'] >> nth=0", "clip")
    _drag(page, (120, 150), (160, 200))
    page.fill("[name='place.label'] >> nth=1", "line")
    assert len(page.query_selector_all(".place-row")) == 2 and len(page.query_selector_all(".drawn")) == 2
    for number, wanted in enumerate(((30, 30, 90, 90), (120, 150, 160, 200))):
        row = page.query_selector_all(".place-row")[number]
        ends = [
            float(row.query_selector(f"[data-field={end}]").input_value()) for end in ("left", "top", "right", "bottom")
        ]
        assert ends == pytest.approx(wanted, abs=1)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        found = Axe().run(page)["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    page.set_viewport_size({"width": 1280, "height": 1000})
    assert page.is_checked("input[value='correct']")
    page.select_option("#right", "well")
    page.fill("#why", "artefacts")
    page.click("form.decide button.main")
    page.wait_for_selector("ol.decisions li")
    assert len(page.query_selector_all(".marks .person rect")) == 2
    context.close()
    assert complaints == []


def _placed(page, film):
    """The six numbers that say how a film is enlarged and moved."""
    said = page.evaluate(f"getComputedStyle(document.querySelectorAll('.layer')[{film}]).transform")
    return [float(number) for number in re.findall(r"-?[\d.]+", said.removeprefix("matrix"))]


def _pixels(page):
    """What is seen of the first film, away from its rounded corners."""
    seen = np.asarray(Image.open(io.BytesIO(page.locator(".stage").first.screenshot())).convert("L"), dtype=float)
    return seen[12:-12, 12:-12]


def _drag(page, start, end):
    """Drag from one pixel of the image to another."""
    place = page.query_selector(".film img").bounding_box()
    at = [(place["x"] + x / 200 * place["width"], place["y"] + y / 240 * place["height"]) for x, y in (start, end)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=4)
    page.mouse.up()
