"""Whether two units are the same one, by the code system UCUM and the ways clinicians write it.

Nothing is converted: a factor between units can depend on the substance, and a wrong one is a wrong dose.
Source: Schadow & McDonald, The Unified Code for Units of Measure (UCUM), table of example codes.
"""

from __future__ import annotations

from collections.abc import Mapping

_UCUM: Mapping[str, str] = {
    "mmhg": "mm[hg]", "mm hg": "mm[hg]",
    "bpm": "/min", "beats/min": "/min", "beats/minute": "/min", "breaths/min": "/min", "{beats}/min": "/min",
    "{breaths}/min": "/min", "1/min": "/min",
    "°c": "cel", "degc": "cel", "celsius": "cel", "°f": "[degf]", "degf": "[degf]", "fahrenheit": "[degf]",
    "year": "a", "years": "a", "yr": "a", "yrs": "a", "y": "a",
    "percent": "%", "pct": "%",
    "kg/m²": "kg/m2", "kg/m^2": "kg/m2",
    "µmol/l": "umol/l", "μmol/l": "umol/l", "µg/l": "ug/l", "μg/l": "ug/l", "mcg/l": "ug/l",
    "iu/l": "[iu]/l", "u/l": "u/l",
    "10*9/l": "10*9/l", "10^9/l": "10*9/l", "x10^9/l": "10*9/l", "×10⁹/l": "10*9/l", "10*3/ul": "10*9/l",
    "10^3/µl": "10*9/l", "k/ul": "10*9/l",
    "millimol/l": "mmol/l", "hours": "h", "hour": "h", "days": "d", "day": "d", "pounds": "[lb_av]", "lb": "[lb_av]",
}  # fmt: skip


def same_unit(one: str, other: str) -> bool:
    """Return whether two spellings name one unit; case counts for nothing but in a leading M or m, mega or milli."""
    return _code(one) == _code(other)


def _code(unit: str) -> str:
    bare = " ".join(unit.split())
    mega = bare.startswith("M") and bare[1:2].isalpha() and not bare.lower().startswith("mm")
    code = _UCUM.get(bare.lower(), bare.lower())
    return f"mega {code}" if mega else code
