"""Take the pictures of the service's page: `python docs/take_page_pictures.py ADDRESS docs/pictures`.

The service at ADDRESS serves a Release of the built-in study `heart` and has the accounts "Dr. Ada Lovelace"
(clinician), "Dr. Grace Hopper" (reviewer), "Mary Jackson" (board) and "Katherine Johnson" (auditor), each with the
password in the environment variable PRIMUM_PICTURES_PASSWORD. What is typed is made up.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

NOTE = (
    "63-year-old man with typical angina: chest pressure brought on by exertion and relieved by rest. Resting "
    "blood pressure on admission was 145 mmHg systolic. Laboratory: serum cholesterol 233 mg/dL, fasting sugar "
    "above 120 mg/dL. Resting ECG shows left ventricular hypertrophy by voltage criteria. On exercise testing the "
    "heart rate rose to 150 beats per minute, without angina. Exercise ECG: ST depression of 2.3 mm relative to "
    "rest; the peak ST segment was downsloping. Fluoroscopy coloured no major vessel. Thallium scan shows a fixed "
    "perfusion defect."
)
NUMBERS = {"age": "63", "trestbps": "145", "chol": "233", "thalch": "150", "oldpeak": "2.3", "ca": "0"}
CHOICES = {
    "sex": "Male",
    "cp": "typical angina",
    "fbs": "true",
    "restecg": "lv hypertrophy",
    "exang": "false",
    "slope": "downsloping",
    "thal": "fixed defect",
}


def main(address: str, folder: Path) -> None:
    """Walk through the rooms and save a picture of each."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"), args=["--no-sandbox"]
        )
        ada = _enter(browser, address, "Dr. Ada Lovelace")
        ada.goto(f"{address}/")
        _fill(ada)
        _save(ada, folder / "page-consult.png", height=900)
        ada.click("button.big")
        ada.wait_for_url("**/cases/*")
        place = ada.url
        ada.click("#reasons a.button")
        ada.wait_for_selector("#reasons .marked, #reasons .notice", timeout=120_000)
        _save(ada, folder / "page-case.png", height=1250)
        narrow = _enter(browser, address, "Dr. Ada Lovelace", locale="zh-CN", color_scheme="dark", width=390)
        narrow.goto(place)
        _save(narrow, folder / "page-case-narrow.png", height=1100)
        ada.goto(f"{address}/?example=high")
        ada.click("button.big")
        ada.wait_for_url("**/cases/*")
        for name, room, file in (
            ("Dr. Grace Hopper", "/reviews", "page-reviews.png"),
            ("Katherine Johnson", "/ledger", "page-ledger.png"),
            ("Mary Jackson", "/releases", "page-release.png"),
        ):
            page = _enter(browser, address, name)
            page.goto(f"{address}{room}")
            if room == "/releases":
                page.click("main h2 a >> nth=0")
                page.wait_for_url("**/releases/*")
            _save(page, folder / file, height=760)
        browser.close()


def _enter(
    browser: Browser, address: str, name: str, *, locale: str = "en", color_scheme: str = "light", width: int = 1280
) -> Page:
    page = browser.new_page(locale=locale, color_scheme=color_scheme, viewport={"width": width, "height": 900})
    page.goto(f"{address}/login")
    page.fill("#name", name)
    page.fill("#password", os.environ["PRIMUM_PICTURES_PASSWORD"])
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def _fill(page: Page) -> None:
    page.fill("textarea", NOTE)
    for column, value in NUMBERS.items():
        page.fill(f"[name='in.{column}']", value)
    for column, value in CHOICES.items():
        page.select_option(f"[name='in.{column}']", value)


def _save(page: Page, path: Path, *, height: int) -> None:
    width = page.viewport_size["width"]
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
