"""Passwords: length and common ones count, kinds of characters do not; nothing is kept in the clear."""

from __future__ import annotations

import argon2
import pytest

from primum.serve.people import passwords
from primum.serve.people.passwords import check_password, hash_password, matches, one_time_password, outdated
from primum.serve.security import Refused


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "too short"),
        ("x" * 300, "too long"),
        ("password1234", "common"),
        ("PassWord123456", "common"),
        ("qwertyuiop2026!", "common"),
        ("abcdefghijklmno", "common"),
        ("987654321098", "common"),
        ("horsehorsehorse", "common"),
        ("xyzxyzxyzxyz", "common"),
        ("aaaabbbbaaaabbbb!", "repeats a few"),
        ("drada.lovelace!", "contains the name"),
    ],
)
def test_what_is_easily_guessed_is_refused_and_not_repeated(password, why):
    with pytest.raises(Refused, match=why) as caught:
        check_password(password, name="Ada.Lovelace")
    assert password not in str(caught.value)


@pytest.mark.parametrize("password", ["seven small boats at sea", "一二三四五六七八九十百千", "mmmmm llll 12 xyz"])
def test_anything_else_is_taken(password):
    check_password(password, name="Ada")


def test_the_hash_is_argon2id_with_a_salt_of_its_own():
    kept = [hash_password("seven small boats at sea") for _ in range(2)]
    assert kept[0] != kept[1]
    assert all(one.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for one in kept)
    assert argon2.PasswordHasher().verify(kept[0], "seven small boats at sea")
    assert matches(kept[0], "seven small boats at sea") and not matches(kept[0], "seven small boats at Sea")
    assert not outdated(kept[0])
    assert outdated(argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("x"))


def test_a_name_that_nobody_has_takes_one_check_too(monkeypatch):
    seen = []

    class Counted:
        def verify(self, kept, password):
            seen.append(kept)
            raise argon2.exceptions.VerifyMismatchError

    nobodys = passwords._nobodys()
    monkeypatch.setattr(passwords, "_HASHER", Counted())
    assert not matches(None, "seven small boats at sea")
    assert seen == [nobodys]
    settings = argon2.extract_parameters(nobodys)
    assert settings == argon2.extract_parameters(hash_with_todays())


def hash_with_todays():
    """A hash with the settings that accounts get."""
    return argon2.PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash("x")


def test_compatible_characters_are_the_same():
    assert matches(hash_password("ｓｅｖｅｎ boats at sea"), "seven boats at sea")


def test_no_two_one_time_passwords_are_equal():
    made = {one_time_password() for _ in range(50)}
    for password in made:
        check_password(password, name="Ada.Lovelace")
    assert len(made) == 50 and all(len(one) == 23 for one in made)
