"""The rooms as a person without JavaScript uses them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from primum.serve.page.rendering import percent

EVIL = '<script>alert("1")</script>"\'><img src=x onerror=alert(1)>'
GIVEN = {"in.age": "66", "in.sbp": "131", "in.ward": "A", "in.sex": "F", "in.hospital": "H1"}
RED_FLAG = {**GIVEN, "in.sbp": "240"}


def _ask(browser, **fields) -> str:
    browser.go("/")
    browser.send("/consult", **(fields or GIVEN))
    assert browser.response.status_code == 200, browser.text()
    return browser.response.url.path


def test_nobody_is_sent_to_the_door_and_from_there_where_they_were_going(browse):
    somebody = browse()
    somebody.go("/ledger")
    assert somebody.response.url.path == "/login" and somebody.response.url.params["next"] == "/ledger"
    somebody.send("/login", name="auditor", password="seven small boats at sea")
    assert somebody.response.url.path == "/ledger" and somebody.response.status_code == 200
    somebody.send("/logout")
    assert somebody.response.url.path == "/login"
    somebody.go("/ledger")
    assert somebody.response.url.path == "/login"


def test_a_part_of_a_page_says_why_it_is_not_there(browse):
    somebody = browse()
    asked = {"hx-request": "true"}
    gone = somebody.client.get("/ledger/verify", headers=asked)
    assert (gone.status_code, gone.headers["hx-redirect"], gone.text) == (401, "/login", "")
    refused = browse("clinician").client.get("/ledger/verify", headers=asked)
    assert refused.status_code == 403 and "<html" not in refused.text and "Your role may not do this." in refused.text


@pytest.mark.parametrize(
    "place",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\\b", "javascript:alert(1)", "evil", "/\n/x"],
)
def test_the_door_leads_to_no_other_site(browse, place):
    somebody = browse()
    somebody.client.follow_redirects = False
    form = {"name": "auditor", "password": "seven small boats at sea", "next": place}
    assert somebody.client.post("/login", data=form).headers["location"] == "/releases"
    assert somebody.client.get("/language", params={"lang": "zh", "next": place}).headers["location"] == "/"


def test_a_wrong_password_is_said_in_the_readers_language(browse):
    for lang, said in (("en", "The name or the password is wrong."), ("zh-CN,zh;q=0.9", "名称或密码错误。")):
        somebody = browse(lang=lang)
        somebody.go("/login")
        somebody.send("/login", name="auditor", password="nine large boats")
        assert somebody.response.status_code == 401
        assert said in somebody.text()
        assert somebody.page.xpath("//*[@role='alert']")
        assert "nine large boats" not in somebody.response.text


def test_each_sees_the_rooms_of_their_role(browse):
    seen = {}
    for role in ("clinician", "reviewer", "board", "auditor", "admin"):
        page = browse(role).go("/account")
        seen[role] = [one.get("href") for one in page.xpath("//nav//a")]
    assert seen["clinician"] == seen["reviewer"] == ["/", "/reviews", "/releases", "/assurance"]
    assert seen["board"] == seen["auditor"] == ["/releases", "/assurance", "/ledger"]
    assert seen["admin"] == ["/releases", "/assurance", "/ledger", "/people"]


def test_a_question_is_answered_and_decided(browse):
    ada = browse("clinician")
    place = _ask(ada)
    answer = ada.client.get(f"/api/v1{place}", headers={"accept": "application/json"}).json()["answer"]
    shown = [" ".join(row.text_content().split()) for row in ada.page.xpath("//table[@class='bars']/tbody/tr")]
    assert len(shown) == 2
    for one in answer["classes"]:
        (row,) = [row for row in shown if row.startswith(one["name"])]
        edge = "<1 %" if one["probability"] < 0.01 else ">99 %" if one["probability"] > 0.99 else None
        assert (edge or f"{one['probability']:.0%}".replace("%", " %")) in row
        assert ("likeliest" in row) == one["decided"]
    widths = [float(one.get("width")) for one in ada.page.xpath("//*[contains(@class, 'fill')]")][:2]
    assert sorted(widths) == pytest.approx(sorted(100 * one["probability"] for one in answer["classes"]), abs=0.01)
    shares = [one["probability"] for one in answer["classes"]]
    ends = [(one["low"], one["high"]) for one in answer["classes"]]
    for which, (low, high) in zip(np.argsort(shares)[::-1], _whiskers(ada.page, "bars"), strict=True):
        assert (low, high) == pytest.approx(ends[which], abs=1e-3)
        text = f"{percent(ends[which][0])} – {percent(ends[which][1])}"
        assert text in next(row for row in shown if row.startswith(answer["classes"][which]["name"]))
    assert answer["set"]["promise"] in ada.text() and answer["intervals"]["promise"] in ada.text()
    similar = answer["similar"]
    assert f"the {similar['patients']} training patients most like this one" in ada.text()
    rows = [
        " ".join(row.text_content().split())
        for row in ada.page.xpath("//section[@aria-labelledby='h-similar']//tbody/tr")
    ]
    for one, row in zip(similar["outcomes"], rows, strict=True):
        assert row == f"{one['name']} {percent(one['value'])} ({percent(one['low'])} – {percent(one['high'])})"
    radios = ada.page.xpath("//input[@type='radio'][@name='decision']")
    assert [one.get("value") for one in radios] == ["accept", "correct", "refuse"]
    assert not any(one.get("checked") for one in radios)
    ada.send(f"{place}/decision")
    assert ada.response.status_code == 422 and "None is chosen for you" in ada.text()
    ada.send(f"{place}/decision", decision="correct", answer="ill")
    assert ada.response.status_code == 422 and "say what is right and why" in ada.text()
    assert ada.page.xpath("//option[@value='ill']")[0].get("selected") is not None
    ada.send(f"{place}/decision", decision="correct", answer="ill", reason="The film shows it.")
    assert ada.response.url.path == place and ada.response.status_code == 200
    assert "corrected" in ada.text() and "The film shows it." in ada.text()


def _whiskers(page, table):
    found = page.xpath(f"//table[@class='{table}']//*[@class='whisker']")
    return [(float(one.get("x")) / 100, (float(one.get("x")) + float(one.get("width"))) / 100) for one in found]


def test_a_case_from_before_there_were_intervals_is_still_shown(browse, service, monkeypatch):
    ada = browse("clinician")
    place = _ask(ada)
    cases = service.app.state.cases
    whole = cases.get(place.rpartition("/")[2])
    old = {name: value for name, value in whole.answer.items() if name not in ("intervals", "similar")}
    old["classes"] = [{n: v for n, v in one.items() if n not in ("low", "high")} for one in old["classes"]]
    monkeypatch.setattr(cases, "get", lambda case: replace(whole, answer=old))
    ada.go(place)
    assert ada.response.status_code == 200 and "Similar training patients" not in ada.text()
    assert not _whiskers(ada.page, "bars")


def test_similar_patients_and_intervals_are_told_in_chinese(browse):
    ada = browse("clinician", "zh")
    _ask(ada)
    assert "相似的训练患者" in ada.text() and "置信度为 95%" in ada.text()


def test_what_is_no_number_is_marked_and_everything_typed_stays(browse):
    ada = browse("clinician")
    ada.go("/")
    ada.send("/consult", **{**GIVEN, "in.age": "old", "in.ward": "B"})
    assert ada.response.status_code == 422
    (wrong,) = ada.page.xpath("//input[@aria-invalid='true']")
    assert (wrong.get("name"), wrong.get("value")) == ("in.age", "old")
    assert ada.page.xpath("//select[@name='in.ward']/option[@selected]/@value") == ["B"]


def test_nothing_given_is_refused_and_an_example_fills_everything_in(browse):
    ada = browse("clinician")
    ada.go("/")
    ada.send("/consult")
    assert ada.response.status_code == 422
    ada.go("/?example=high")
    typed = {one.get("name"): one.get("value") for one in ada.page.xpath("//input[starts-with(@name, 'in.')]")}
    low = {
        one.get("name"): one.get("value") for one in ada.go("/?example=low").xpath("//input[starts-with(@name, 'in.')]")
    }
    assert float(typed["in.age"]) > float(low["in.age"])


@pytest.mark.parametrize("role", ["clinician"])
def test_what_people_type_is_never_markup(browse, role):
    ada = browse(role)
    ada.go("/")
    ada.send("/consult", **{**GIVEN, "in.ward": "A", "in.sex": EVIL}, patient=EVIL)
    assert "alert(" in ada.text()
    assert "<script>alert" not in ada.response.text and "<img" not in ada.response.text
    place = ada.response.url.path
    ada.send(f"{place}/decision", decision="refuse", reason=EVIL)
    assert "<script>alert" not in ada.response.text and "<img" not in ada.response.text
    assert not ada.page.xpath("//@onerror")


def test_anothers_case_does_not_exist(browse, service):
    if "second" not in service.accounts:
        service.add("second", "clinician")
    place = _ask(browse("clinician"))
    other = browse("second")
    for address in (place, f"{place}/reasons"):
        other.go(address)
        assert other.response.status_code == 404
    nothing = other.go("/cases/" + "0" * 32)
    assert nothing.xpath("//*[@role='alert']")[0].text_content() == "There is nothing here."
    for role in ("board", "auditor", "admin"):
        seen = browse(role)
        seen.go(place)
        assert seen.response.status_code == 403


def test_a_held_case_is_read_by_two_who_do_not_know_of_each_other(browse, service):
    for name in ("first reader", "other reader", "third reader"):
        if name not in service.accounts:
            service.add(name, "reviewer")
    ada = browse("clinician")
    place = _ask(ada, **RED_FLAG)
    assert "held until a reviewer has decided" in ada.text()
    assert ada.page.xpath("//*[@aria-labelledby='h-rules']//li") and "Source:" in ada.text()
    one, two, three = browse("first reader"), browse("other reader"), browse("third reader")
    queue = one.go("/reviews")
    rows = queue.xpath(f"//tr[.//a[@href='{place}']]")
    assert len(rows) == 1
    case = place.rpartition("/")[2]
    reader = service.accounts["first reader"].id
    one.send(f"/reviews/{case}/assign", to=reader)
    assert one.page.xpath(f"//form[@action='/reviews/{case}/assign']//option[@selected]/@value") == [reader]
    one.go(place)
    one.send(f"{place}/decision", decision="accept", reason="Seen by the first.")
    two.go(place)
    assert "Another reader has decided" in two.text() and "Seen by the first." not in two.text()
    two.send(f"{place}/decision", decision="refuse", reason="Wrong cuff.")
    assert "Seen by the first." in two.text() and "readers disagree" in two.text()
    three.go(place)
    assert "Seen by the first." in three.text() and "A third one decides." in three.text()
    three.send(f"{place}/decision", decision="refuse", reason="The cuff was too small.")
    assert "decided" in three.text()
    assert not three.go("/reviews").xpath(f"//tr[.//form[@action='/reviews/{case}/assign']]")
    entries = browse("auditor").go(f"/ledger?subject={case}")
    assert len(entries.xpath("//table/tbody/tr")) == 4


def test_reasons_are_shown_on_demand_without_a_script(browse):
    ada = browse("clinician")
    place = _ask(ada)
    assert not ada.page.xpath("//*[@id='reasons']//table")
    ada.go(f"{place}/reasons")
    assert ada.response.status_code == 200
    part = ada.client.get(f"{place}/reasons", headers={"hx-request": "true"}).text
    assert "<html" not in part
    said = ada.page.xpath("//*[@id='reasons']")[0].text_content()
    assert "not causes" in said and "not causes" in part


def test_reasons_that_a_model_without_learning_gets_as_well_are_not_shown(browse, service, monkeypatch):
    engine = service.app.state.desk.engine
    mute = replace(engine.release(None), reasons_ignore_model=True)
    monkeypatch.setattr(engine, "release", lambda name: mute)
    for lang, says in (
        ("en", "a model which has learnt nothing gets the same reasons"),
        ("zh", "未学习任何内容的模型"),
    ):
        ada = browse("clinician", lang=lang)
        ada.go(f"{_ask(ada)}/reasons")
        reasons = ada.page.xpath("//*[@id='reasons']")[0]
        assert says in reasons.text_content() and not reasons.xpath(".//table")
    told = service.ask(inputs={"age": 50, "sbp": 120, "ward": "A"}, explain=True)["reasons"]
    assert not told["holds"] and "randomised" in told["withheld_because"] and told["vitals"] == []


def test_a_release_shows_why_it_may_be_used_and_by_whom(browse, service):
    page = browse("board").go("/releases")
    (link,) = page.xpath("//main//h2/a/@href")
    board = browse("board")
    board.go(link)
    said = board.text()
    for expected in ("Ada", "clinical lead", "Bo", "ethics board", "Nobody is perfect.", "Adults on a ward.", "in use"):
        assert expected in said
    board.send(f"{link}/rollback")
    assert board.response.status_code == 409 and "No other Release was in use before" in board.text()
    assert not browse("auditor").go(link).xpath("//form[contains(@action, 'rollback')]")
    card = board.client.get(f"{link}/card")
    assert card.headers["content-type"].startswith("text/plain") and card.headers["x-content-type-options"] == "nosniff"


def test_the_report_is_framed_without_an_origin_or_a_network(browse):
    somebody = browse("auditor")
    page = somebody.go("/assurance")
    (frame,) = page.xpath("//iframe")
    assert frame.get("sandbox") == "allow-scripts" and frame.get("title")
    report = somebody.client.get(frame.get("src"))
    policy = report.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;") and "allow-same-origin" not in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy
    assert "frame-ancestors 'none'" in somebody.response.headers["content-security-policy"]


def test_the_ledger_is_found_in_and_verified(browse):
    auditor = browse("auditor")
    page = auditor.go("/ledger?kind=login")
    kinds = {row.xpath("td")[1].text_content() for row in page.xpath("//table/tbody/tr")}
    assert kinds <= {"Login"}
    auditor.go("/ledger/verify")
    assert re.search(r"The ledger is whole: \d+ entries\.", auditor.text())
    part = auditor.client.get("/ledger/verify", headers={"hx-request": "true"}).text
    assert "<html" not in part and "The ledger is whole" in part


def test_people_are_managed(browse):
    boss = browse("admin")
    boss.go("/people")
    boss.send("/people", name="Dr. Wu", role="clinician")
    (password,) = boss.page.xpath("//code[@class='secret']/text()")
    assert "Dr. Wu" in boss.text()
    boss.send("/people", name="dr. wu", role="clinician")
    assert boss.response.status_code == 409 and "account of that name already" in boss.text()
    wu = browse()
    wu.go("/login")
    wu.send("/login", name="Dr. Wu", password=password)
    assert wu.response.url.path == "/account" and "Choose your own" in wu.text()
    wu.send("/account/password", old=password, new="password1234")
    assert wu.response.status_code == 422 and "common one" in wu.text()
    wu.send("/account/password", old=password, new="a whole new way of life")
    assert "The password was changed." in wu.text()
    wu.go("/")
    assert wu.response.url.path == "/" and wu.response.status_code == 200
    boss.go("/people")
    (row,) = boss.page.xpath("//tr[th[text()='Dr. Wu']]")
    boss.send(row.xpath(".//form[input[@name='active']]/@action")[0] + "/password")
    assert boss.page.xpath("//code[@class='secret']")
    assert wu.go("/") is not None and wu.response.url.path == "/login"


def test_tokens_are_made_shown_once_and_revoked(browse):
    ada = browse("clinician")
    ada.go("/account")
    ada.send("/account/tokens", label="EHR", scopes="answer", days="30")
    (secret,) = ada.page.xpath("//code[@class='secret']/text()")
    assert secret.startswith("primum_")
    page = ada.go("/account")
    assert not page.xpath("//code[@class='secret']") and "EHR" in ada.text()
    (revoke,) = page.xpath("//tr[th[text()='EHR']]//form/@action")
    ada.send(revoke)
    assert "EHR" not in ada.text()


def test_the_language_is_the_browsers_until_it_is_chosen(browse):
    somebody = browse("clinician", "fr, zh-TW;q=0.8, en;q=0.5")
    page = somebody.go("/")
    assert page.xpath("/html/@lang") == ["zh-Hans"]
    (other,) = page.xpath("//a[contains(@href, '/language')]/@href")
    page = somebody.go(other)
    assert page.xpath("/html/@lang") == ["en"] and somebody.response.url.path == "/"


def test_pages_are_kept_by_nobody_and_files_by_the_browser(browse):
    somebody = browse("clinician")
    page = somebody.go("/")
    assert somebody.response.headers["cache-control"] == "no-store"
    for address in page.xpath("//link[@rel='stylesheet']/@href | //script/@src"):
        found = somebody.client.get(address)
        assert found.status_code == 200 and "immutable" in found.headers["cache-control"]
    assert somebody.client.get("/static/../rendering.py").status_code == 404
