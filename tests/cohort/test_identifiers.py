"""Check digits, against numbers whose publishers give them as examples and against brute force."""

from __future__ import annotations

import pytest

from primum.cohort.identifiers import (
    is_french_nir,
    is_iban,
    is_luhn,
    is_nhs_number,
    is_resident_id,
    is_spanish_dni,
    is_vin,
)

GOOD = [
    (is_resident_id, "11010519491231002X"),
    (is_nhs_number, "943 476 5919"),
    (is_luhn, "4111 1111 1111 1111"),
    (is_iban, "GB82 WEST 1234 5698 7654 32"),
    (is_iban, "DE89370400440532013000"),
    (is_vin, "1M8GDM9AXKP042788"),
    (is_french_nir, "2 55 08 14 168 025 38"),
    (is_spanish_dni, "12345678Z"),
]


@pytest.mark.parametrize(("check", "number"), GOOD)
def test_published_examples_hold_and_one_wrong_digit_does_not(check, number):
    assert check(number)
    for place, one in enumerate(number):
        if one.isdigit():
            wrong = number[:place] + str((int(one) + 1) % 10) + number[place + 1 :]
            assert not check(wrong), wrong


def test_an_nhs_number_has_exactly_one_check_digit():
    right = sum(is_nhs_number(f"943476591{last}") for last in range(10))
    assert right == 1
    assert not is_nhs_number("12345")


def test_an_iban_is_of_letters_and_digits():
    assert not is_iban("GB82")
    assert not is_iban("GB82-WEST-é234-5698-7654-32")
