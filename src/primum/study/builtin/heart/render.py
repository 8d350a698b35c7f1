"""A plain clinical note for each record of the heart study, so that text and vitals tell of the same patient.

The note says what a clinician would dictate before the angiogram. What was not measured is left out; hospital and
diagnosis are never mentioned.
"""

from __future__ import annotations

from collections.abc import Mapping

_PAIN = {
    "typical angina": "typical angina: chest pressure brought on by exertion and relieved by rest",
    "atypical angina": "atypical angina, with chest discomfort that only partly follows exertion",
    "non-anginal": "chest pain of a non-anginal kind, unrelated to exertion",
    "asymptomatic": "no chest pain; referred without symptoms",
}
_ECG = {
    "normal": "Resting ECG is normal.",
    "lv hypertrophy": "Resting ECG shows left ventricular hypertrophy by voltage criteria.",
    "st-t abnormality": "Resting ECG shows ST-T wave abnormality.",
}
_THAL = {
    "normal": "Thallium scan shows normal perfusion.",
    "fixed defect": "Thallium scan shows a fixed perfusion defect.",
    "reversable defect": "Thallium scan shows a reversible perfusion defect.",
}
_VESSELS = {"0": "no major vessel", "1": "one major vessel", "2": "two major vessels", "3": "three major vessels"}


def render_note(record: Mapping[str, str]) -> str:
    """Return the note of one record; a field that is empty, or 0 where 0 means not measured, is left out."""
    sentences = (_who(record), _pressure(record), _blood(record), _ECG.get(record["restecg"], ""))
    more = (_exercise(record), _st(record), _fluoroscopy(record), _THAL.get(record["thal"], ""))
    return " ".join(sentence for sentence in (*sentences, *more) if sentence)


def _who(record: Mapping[str, str]) -> str:
    noun = "woman" if record["sex"] == "Female" else "man"
    pain = _PAIN.get(record["cp"])
    start = f"{record['age']}-year-old {noun}"
    return f"{start} with {pain}." if pain else f"{start}."


def _pressure(record: Mapping[str, str]) -> str:
    value = record["trestbps"]
    return f"Resting blood pressure on admission was {value} mmHg systolic." if value not in ("", "0") else ""


def _blood(record: Mapping[str, str]) -> str:
    parts = []
    if record["chol"] not in ("", "0"):
        parts.append(f"serum cholesterol {record['chol']} mg/dL")
    if record["fbs"]:
        parts.append(f"fasting sugar {'above' if record['fbs'] == 'TRUE' else 'not above'} 120 mg/dL")
    return f"Laboratory: {', '.join(parts)}." if parts else ""


def _exercise(record: Mapping[str, str]) -> str:
    angina = {"TRUE": "with angina on exertion", "FALSE": "without angina"}.get(record["exang"], "")
    if record["thalch"]:
        reached = f"On exercise testing the heart rate rose to {record['thalch']} beats per minute"
        return f"{reached}, {angina}." if angina else f"{reached}."
    return f"Exercise was performed {angina}." if angina else ""


def _st(record: Mapping[str, str]) -> str:
    slope = f"the peak ST segment was {record['slope']}" if record["slope"] else ""
    depth = ""
    if record["oldpeak"]:
        value = float(record["oldpeak"])
        kind = "ST depression of" if value > 0 else "ST elevation of"
        depth = f"{kind} {abs(value):g} mm relative to rest" if value else "no ST depression relative to rest"
    joined = "; ".join(part for part in (depth, slope) if part)
    return f"Exercise ECG: {joined}." if joined else ""


def _fluoroscopy(record: Mapping[str, str]) -> str:
    vessels = _VESSELS.get(record["ca"])
    return f"Fluoroscopy coloured {vessels}." if vessels else ""
