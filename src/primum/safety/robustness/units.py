"""The same measurement in another unit, its number converted: what a reader takes for the same, a model should too.

Factors: cholesterol 38.67 and glucose 18.016 mg/dL for 1 mmol/L (molar masses 386.7 and 180.16 g/mol), creatinine 88.42
µmol/L for 1 mg/dL; 7.50062 mmHg for 1 kPa; 0.45359237 kg for 1 lb; 2.54 cm for 1 inch.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

_NUMBER = r"(?P<n>(?<![\d./-])\d+(?:\.\d+)?)"
_NEAR = r"[^.;\n]{0,24}?"
_Convert = Callable[[float], float]
_RULES: tuple[tuple[re.Pattern[str], _Convert, str, int], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), convert, unit, digits)
    for pattern, convert, unit, digits in (
        (rf"(?P<b>(?:cholesterol|LDL|HDL|胆固醇){_NEAR}){_NUMBER}\s*mg/dL", lambda x: x / 38.67, "mmol/L", 2),
        (rf"(?P<b>(?:glucose|sugar|血糖){_NEAR}){_NUMBER}\s*mg/dL", lambda x: x / 18.016, "mmol/L", 1),
        (rf"(?P<b>(?:glucose|sugar|血糖){_NEAR}){_NUMBER}\s*mmol/L", lambda x: x * 18.016, "mg/dL", 0),
        (rf"(?P<b>(?:creatinine|肌酐){_NEAR}){_NUMBER}\s*mg/dL", lambda x: x * 88.42, "µmol/L", 0),
        (rf"(?P<b>){_NUMBER}\s*mm\s?Hg", lambda x: x / 7.50062, "kPa", 1),
        (rf"(?P<b>){_NUMBER}\s*(?:°\s?F\b|degrees? F(?:ahrenheit)?\b)", lambda x: (x - 32) / 1.8, "°C", 1),
        (rf"(?P<b>){_NUMBER}\s*(?:°\s?C\b|℃)", lambda x: x * 1.8 + 32, "°F", 1),
        (rf"(?P<b>){_NUMBER}\s*(?:lbs?\b|pounds?\b)", lambda x: x * 0.45359237, "kg", 1),
        (rf"(?P<b>){_NUMBER}\s*(?:inch(?:es)?\b)", lambda x: x * 2.54, "cm", 1),
    )
)


def other_units(text: str, generator: np.random.Generator) -> str:
    """Return the text with every measurement that is understood in another unit; each is converted once."""
    taken: list[str] = []
    for pattern, convert, unit, digits in _RULES:

        def converted(match: re.Match[str], convert: _Convert = convert, unit: str = unit, digits: int = digits) -> str:
            taken.append(f"{match['b']}{convert(float(match['n'])):.{digits}f} {unit}")
            return f"\x00{len(taken) - 1}\x00"

        text = pattern.sub(converted, text)
    while "\x00" in text:
        text = re.sub("\x00(\\d+)\x00", lambda match: taken[int(match[1])], text)
    return text
