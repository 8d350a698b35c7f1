"""Every way to be refused on the page and over the API, walked in Chinese: not one English sentence."""

from __future__ import annotations

import re

import pytest

LATIN = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){2,}")
GIVEN = {"in.age": "66", "in.sbp": "131", "in.ward": "A", "in.sex": "F", "in.hospital": "H1"}
PAGES = {
    "clinician": [
        "/nothing", f"/cases/{'0' * 32}", "/cases/x", f"/cases/{'0' * 32}/reasons", "/releases/nowhere", "/people",
        "/ledger", "/?release=nowhere", "/?example=" + "x" * 50, "/sso", "/sso/back?state=a&code=b",
    ],
    "auditor": ["/", "/reviews", "/ledger?kind=nothing", "/ledger?last=x", "/releases/nowhere/report"],
    "admin": ["/cases/x", "/people/x"],
}  # fmt: skip


@pytest.mark.parametrize("who", PAGES)
def test_places_that_are_not_there_or_not_for_one(browse, who):
    browser, refused = browse(who, "zh"), 0
    for place in PAGES[who]:
        browser.go(place)
        if browser.response.status_code < 400:
            continue
        refused += 1
        _is_chinese(browser, place)
    assert refused >= 2


def _is_chinese(browser, what):
    told = [
        " ".join(one.text_content().split())
        for one in browser.page.xpath("//*[@role='alert'] | //*[@role='alert']/following-sibling::ul/li")
    ]
    assert told, what
    for one in told:
        assert re.search(r"[\u4e00-\u9fff]", one) and not LATIN.search(one), (what, one)


def test_forms_that_are_filled_in_wrongly(browse, password):
    ada = browse("clinician", "zh")
    for fields in ({}, {**GIVEN, "in.age": "old"}, {**GIVEN, "in.colour": "red"}, {**GIVEN, "patient": "\u0007"}):
        ada.go("/")
        ada.send("/consult", **fields)
        if ada.response.status_code >= 400:
            assert ada.response.status_code == 422
            _is_chinese(ada, fields)
    ada.go("/")
    ada.send("/consult", **GIVEN)
    place = ada.response.url.path
    for fields in ({}, {"decision": "correct"}, {"decision": "refuse"}, {"decision": "accept", "answer": "ill"}):
        ada.send(f"{place}/decision", **fields)
        assert ada.response.status_code == 422
        _is_chinese(ada, fields)
    ada.go("/account")
    for new in ("short", "password1234", "aaaaaaaaaaaaaa", "clinician is my name", password, "x" * 1000):
        ada.send("/account/password", old=password, new=new)
        assert ada.response.status_code >= 400
        _is_chinese(ada, new)
        ada.go("/account")
    for fields in ({"label": "", "days": "3"}, {"label": "x", "days": "0"}, {"label": "x", "days": "many"}):
        ada.send("/account/tokens", scopes="answer", **fields)
        assert ada.response.status_code == 422
        _is_chinese(ada, fields)
        ada.go("/account")


@pytest.mark.parametrize("how", ["header", "address", "body"])
def test_a_program_names_its_language_in_three_places(service, how):
    client = service.client("clinician")
    body, options = {"inputs": {"age": "old", "agee": 3}}, {}
    if how == "header":
        options = {"headers": {"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}}
    elif how == "address":
        options = {"params": {"lang": "zh"}}
    else:
        body["lang"] = "zh"
    said = client.post("/api/v1/answer", json=body, **options).json()
    assert said["message"].startswith("输入与研究的列不符")
    assert {one["message"] for one in said["errors"]} == {"须为数字 (years)。", "不是研究中的列（您是否指“age”？）。"}
    assert client.post("/api/v1/answer", json={"inputs": {"age": "old"}}).json()["message"].startswith("The inputs")
