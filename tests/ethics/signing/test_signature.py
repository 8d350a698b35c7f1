"""Signatures: what they are bound to, what a policy asks for, and whom a list trusts."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from primum.errors import PolicyError, SignatureError
from primum.ethics.policy import SignaturesAsked
from primum.ethics.policy_reading import load_policy, parse_policy
from primum.ethics.signing import (
    TrustList,
    hash_files,
    make_signature,
    new_key,
    read_signature,
    read_trust,
    standing_of,
    write_signature,
)
from primum.ethics.signing.trust import Person

HASH = "ab" * 32
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {name: new_key(folder / name, name=name) for name in ("Ada", "Bo", "Cy")}


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    (folder / "model").mkdir(parents=True)
    (folder / "verdict.json").write_text("{}", encoding="utf-8")
    (folder / "model" / "weights").write_bytes(b"\x00\x01")
    return folder


def test_the_hash_of_a_run_is_that_of_its_files(run):
    """Computed here with the standard library alone."""
    files = {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in ("verdict.json", "model/weights")}
    text = "primum files 1\n" + json.dumps(files, sort_keys=True, separators=(",", ":"))
    assert hash_files(run).sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_signing_does_not_change_what_was_signed(run, keys):
    before = hash_files(run).sha256
    made = make_signature(keys["Ada"], subject="run", sha256=before, role="clinical_lead")
    path = write_signature(run, made)
    assert path.parent == run / "signatures"
    assert hash_files(run).sha256 == before
    assert read_signature(path) == made and made.valid


@pytest.mark.parametrize("change", ["byte", "new", "gone", "name"])
def test_every_change_of_a_run_changes_its_hash(run, change):
    before = hash_files(run).sha256
    if change == "byte":
        (run / "model" / "weights").write_bytes(b"\x00\x02")
    elif change == "new":
        (run / "extra").write_text("", encoding="utf-8")
    elif change == "gone":
        (run / "model" / "weights").unlink()
    else:
        (run / "model" / "weights").rename(run / "model" / "other")
    assert hash_files(run).sha256 != before


def test_a_link_is_not_signed(run, tmp_path):
    (tmp_path / "elsewhere").write_text("", encoding="utf-8")
    (run / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SignatureError, match="link is a link"):
        hash_files(run)


def test_a_signature_is_bound_to_every_field(keys):
    made = make_signature(keys["Ada"], subject="run", sha256=HASH, role="clinical_lead", reason="Read.")
    other = {
        "subject": "release", "sha256": "cd" * 32, "role": "ethics_board", "name": "Bo", "key": keys["Bo"].public,
        "decision": "refuse", "reason": "Read!", "at": "2026-01-01T00:00:00Z", "signature": "ab" * 64,
    }  # fmt: skip
    assert made.valid
    for field, value in other.items():
        assert not replace(made, **{field: value}).valid, field


def test_no_byte_of_a_signature_file_can_be_changed(run, keys):
    made = make_signature(keys["Ada"], subject="run", sha256=HASH, role="clinical_lead", reason="因为 x")
    path = write_signature(run, made)
    whole = path.read_bytes()
    for place, other in itertools.product(range(len(whole)), (0x20, 0x30, 0x41, 0x0A, 0xFF)):
        changed = bytearray(whole)
        if changed[place] == other:
            continue
        changed[place] = other
        path.write_bytes(changed)
        found = read_signature(path)
        assert found is None or not found.valid, (place, other)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"role": "Clinical Lead"}, "expected a role"),
        ({"decision": "refuse"}, "a refusal needs a reason"),
        ({"decision": "refuse", "reason": "  "}, "a refusal needs a reason"),
        ({"reason": "x" * 2001}, "at most 2000"),
    ],
)
def test_what_cannot_be_signed_is_refused(keys, options, said):
    with pytest.raises(SignatureError, match=said):
        make_signature(keys["Ada"], **{"subject": "run", "sha256": HASH, "role": "clinical_lead"} | options)


def _signed(keys, name, role, *, minutes=0, decision="approve", reason="Read."):
    return make_signature(
        keys[name],
        subject="run",
        sha256=HASH,
        role=role,
        decision=decision,
        reason=reason,
        at=START + timedelta(minutes=minutes),
    )


def _lacks(signatures, *, roles=("a", "b"), verdict="pass", trust=None, different=True):
    asked = SignaturesAsked(roles=roles, different_people=different)
    return [(one.lack, one.role) for one in standing_of(signatures, asked, verdict=verdict, trust=trust).lacking]


def test_each_role_asked_for_has_to_approve(keys):
    assert _lacks([]) == [("role", "a"), ("role", "b")]
    assert _lacks([_signed(keys, "Ada", "a")]) == [("role", "b")]
    assert _lacks([_signed(keys, "Ada", "a"), _signed(keys, "Bo", "b")]) == []
    assert _lacks([], roles=()) == []


def test_one_person_is_not_two(keys, tmp_path):
    twice = [_signed(keys, "Ada", "a"), _signed(keys, "Ada", "b")]
    assert _lacks(twice) == [("same_person", "b")]
    assert _lacks(twice, different=False) == []
    keys = keys | {"ada": new_key(tmp_path / "second.key", name=" ADA ")}
    assert _lacks([_signed(keys, "Ada", "a"), _signed(keys, "ada", "b")]) == [("same_person", "b")]


def test_whoever_can_stand_for_several_roles_is_seated_where_nobody_else_is(keys):
    """Ada may stand for both and Bo for a only: Bo takes a, Ada takes b, in whatever order they signed."""
    signatures = [_signed(keys, "Ada", "a"), _signed(keys, "Ada", "b"), _signed(keys, "Bo", "a")]
    for order in itertools.permutations(signatures):
        assert _lacks(order) == []


def test_seating_agrees_with_trying_everything(keys, rng):
    roles = ("a", "b", "c")
    for _ in range(60):
        pairs = [(name, role) for name in keys for role in roles if rng.random() < 0.4]
        by_role = {role: [name for name, of in pairs if of == role] for role in roles}
        possible = any(len(set(seats)) == 3 for seats in itertools.product(*by_role.values()))
        lacks = _lacks([_signed(keys, name, role) for name, role in pairs], roles=roles)
        assert (lacks == []) == possible


def test_review_needs_reasons(keys):
    silent = [_signed(keys, "Ada", "a", reason=""), _signed(keys, "Bo", "b")]
    assert _lacks(silent) == []
    assert _lacks(silent, verdict="review") == [("reason", "a")]


def test_a_refusal_stands_until_the_same_person_approves(keys):
    approved = [_signed(keys, "Ada", "a"), _signed(keys, "Bo", "b")]
    refused = [*approved, _signed(keys, "Cy", "patient_board", decision="refuse")]
    assert _lacks(refused) == [("refused", "patient_board")]
    assert _lacks([*refused, _signed(keys, "Cy", "patient_board", minutes=5)]) == []
    assert _lacks([*approved, _signed(keys, "Ada", "a", minutes=5, decision="refuse")])[0] == ("refused", "a")


def test_only_trusted_keys_count_where_there_is_a_list(keys):
    ada = Person(name="Ada", key=keys["Ada"].public, roles=frozenset({"a"}))
    bo = Person(name="Someone Else", key=keys["Bo"].public, roles=frozenset({"b"}))
    trust = TrustList(people={ada.key: ada, bo.key: bo}, source="trust.yaml")
    signatures = [_signed(keys, "Ada", "a"), _signed(keys, "Ada", "b", minutes=1), _signed(keys, "Bo", "b")]
    asked = SignaturesAsked(roles=("a", "b"))
    standing = standing_of(signatures, asked, verdict="pass", trust=trust)
    assert [one.role for one in standing.lacking] == ["b"]
    assert {(one.name, one.role) for one in standing.untrusted} == {("Ada", "b"), ("Bo", "b")}
    eve = [*signatures[:1], _signed(keys, "Cy", "x", decision="refuse")]
    assert _lacks(eve, roles=("a",), trust=trust) == []
    assert len(standing_of(signatures, asked, verdict="pass", trust=None).untrusted) == 3


def test_a_trust_list_is_read(tmp_path, keys):
    (tmp_path / "trust.yaml").write_text(
        f'people:\n  - {{name: Ada, key: "{keys["Ada"].public}", roles: [clinical_lead, release]}}\n', encoding="utf-8"
    )
    trust = read_trust(tmp_path / "trust.yaml")
    assert trust.trusts(key=keys["Ada"].public, name="Ada", role="release")
    assert not trust.trusts(key=keys["Ada"].public, name="Ada", role="ethics_board")
    assert not trust.trusts(key=keys["Ada"].public, name="Eve", role="release")
    assert not trust.trusts(key=keys["Bo"].public, name="Ada", role="release")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("people: [", "not a readable YAML"),
        ("[]", "expected `people:`"),
        ("people: [{name: Ada}]", "person 1: expected exactly name, key and roles"),
        ('people: [{name: Ada, key: "12", roles: [a]}]', "person 1: key must be"),
        (f'people: [{{name: Ada, key: "{HASH}", roles: []}}]', "person 1: roles must be"),
        (
            f'people: [{{name: A, key: "{HASH}", roles: [a]}}, {{name: B, key: "{HASH}", roles: [b]}}]',
            "stands there twice",
        ),
    ],
)
def test_a_faulty_trust_list_is_refused(tmp_path, text, said):
    (tmp_path / "trust.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SignatureError, match=said):
        read_trust(tmp_path / "trust.yaml")


def test_the_default_policy_asks_two_different_people():
    policy = load_policy("default")
    assert policy.signatures.roles == ("clinical_lead", "ethics_board")
    assert policy.signatures.different_people and policy.signatures.valid_days == 365
    assert policy.deployment.people == 2


def test_a_misspelt_key_of_the_signatures_names_the_nearest():
    rule = "{rule: x, where: {metric: auroc}, must_be: {above: 0}, because: {en: x, zh: x}}"
    text = f"policy: p\ntitle: {{en: x, zh: x}}\nsignatures: {{role: [a]}}\nrules: [{rule}]\n"
    with pytest.raises(PolicyError, match=r"signatures.role: unknown key \(did you mean 'roles'\?\)"):
        parse_policy(text.encode(), source="p")


def test_a_release_expires_after_its_first_approval():
    asked = SignaturesAsked(roles=("a",), valid_days=10)
    assert asked.expiry_after(["2026-03-05T00:00:00Z", "2026-03-01T12:00:00Z"]) == "2026-03-11T12:00:00Z"
    assert SignaturesAsked(roles=("a",)).expiry_after(["2026-03-05T00:00:00Z"]) == ""
