"""Numbers that tell who somebody is, and their check digits: shared by the records' checks and by de-identification."""

from __future__ import annotations

import re

EMAIL = re.compile(r"(?<![\w.])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?!\w)")
RESIDENT_ID = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dXx])"
)
NHS_NUMBER = re.compile(r"(?<!\d)\d{3} \d{3} \d{4}(?!\d)")


def is_resident_id(number: str) -> bool:
    """Return whether the last character of an 18-character Chinese resident id is right.

    Source: GB 11643-1999 (ISO 7064, MOD 11-2).
    """
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def is_nhs_number(number: str) -> bool:
    """Return whether the check digit of a British NHS number is right (modulus 11); spaces and hyphens are allowed."""
    digits = _digits(number)
    if len(digits) != 10:
        return False
    check = 11 - sum(digit * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return check % 11 == digits[9] and check != 10


def is_luhn(number: str) -> bool:
    """Return whether a card number's check digit is right. Source: ISO/IEC 7812-1 (Luhn)."""
    digits = _digits(number)
    doubled = [digit if place % 2 == 0 else (digit * 2 - 9 * (digit > 4)) for place, digit in enumerate(digits[::-1])]
    return len(digits) > 1 and sum(doubled) % 10 == 0 and any(digits)


def is_iban(number: str) -> bool:
    """Return whether the two check digits of an IBAN are right. Source: ISO 13616 (ISO 7064, MOD 97-10)."""
    plain = re.sub(r"[\s-]", "", number).upper()
    if not 15 <= len(plain) <= 34 or not plain.isascii() or not plain.isalnum():
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(one, 36)) for one in moved)) % 97 == 1


def is_vin(number: str) -> bool:
    """Return whether the check character of a vehicle's number is right. Source: 49 CFR 565.15(c)."""
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum((int(c) if c.isdigit() else values.get(c, 0)) * w for c, w in zip(number.upper(), weights, strict=True))
    return "0123456789X"[total % 11] == number[8].upper()


def is_french_nir(number: str) -> bool:
    """Return whether the key of a French social security number is right (97 minus the rest of division by 97)."""
    plain = re.sub(r"\s", "", number).upper().replace("2A", "19").replace("2B", "18")
    return len(plain) == 15 and plain.isdigit() and 97 - int(plain[:13]) % 97 == int(plain[13:])


def is_spanish_dni(number: str) -> bool:
    """Return whether the letter of a Spanish identity number is right (modulus 23)."""
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number[:8]) % 23] == number[-1].upper()


def _digits(number: str) -> list[int]:
    return [int(one) for one in number if one.isascii() and one.isdigit()]
