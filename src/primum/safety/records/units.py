"""Units that are taken for one another, as factors between them: what a value in the wrong unit is multiplied by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

FACTORS: Mapping[str, tuple[float, str]] = {
    "18.02 (glucose, mg/dL and mmol/L)": (18.016, r"glu|sugar|血糖"),
    "38.67 (cholesterol, mg/dL and mmol/L)": (38.67, r"chol|ldl|hdl|胆固醇"),
    "88.57 (triglycerides, mg/dL and mmol/L)": (88.57, r"trig|甘油三酯"),
    "88.4 (creatinine, mg/dL and µmol/L)": (88.42, r"crea|肌酐"),
    "17.1 (bilirubin, mg/dL and µmol/L)": (17.104, r"bili|胆红素"),
    "59.48 (uric acid, mg/dL and µmol/L)": (59.48, r"uric|urate|尿酸"),
    "2.8 (urea nitrogen, mg/dL and mmol/L)": (2.801, r"bun|urea|尿素"),
    "4 (calcium, mg/dL and mmol/L)": (4.008, r"calcium|^ca$|钙"),
    "2.205 (lb and kg)": (2.2046, r"weight|mass|^wt|体重"),
    "2.54 (inches and cm)": (2.54, r"height|length|waist|^ht|身高|腰围"),
    "30.48 (feet and cm)": (30.48, r"height|length|^ht|身高"),
    "7.50 (kPa and mmHg)": (7.5006, r"press|bp|pco2|po2|压|mmhg|kpa"),
    "12 (years and months)": (12.0, r"age|年龄|year|month"),
    "365.25 (years and days)": (365.25, r"age|年龄|year|day"),
    "10 (such as g/dL and g/L)": (10.0, ""),
    "100 (such as m and cm)": (100.0, ""),
    "1000 (such as mg and g)": (1000.0, ""),
}
"""Name of a mistake -> factor, and what a column's name or unit says where it can happen (any where nothing is said).
Conversion factors: SI units for clinical data (Young & Huth 1998)."""
_DEGREES = r"temp|体温|°|celsius|fahrenheit"


def conversions(column: str, unit: str | None) -> Mapping[str, Callable[[FloatArray], FloatArray]]:
    """Return what brings values of a column in a wrong unit back, by the name of the mistake; each factor both ways.

    A column whose name or unit tells what it measures has the conversions of that; any other has all of them.
    """
    said = f"{column} {unit or ''}".lower()
    known = {name for name, (_, hint) in FACTORS.items() if hint and _says(hint, column, unit)}
    degrees = bool(re.search(_DEGREES, said))
    ways: dict[str, Callable[[FloatArray], FloatArray]] = {}
    for name, (factor, hint) in FACTORS.items():
        if hint and (known or degrees) and name not in known:
            continue
        ways[f"divided by {name}"] = partial(np.multiply, 1 / factor)
        ways[f"multiplied by {name}"] = partial(np.multiply, factor)
    if degrees or not known:
        ways["from °F to °C"] = lambda values: (values - 32) / 1.8
        ways["from °C to °F"] = lambda values: np.asarray(values * 1.8 + 32)
    return ways


def _says(hint: str, column: str, unit: str | None) -> bool:
    return any(re.search(hint, part.lower()) is not None for part in (column, unit or ""))
