"""Generated notes for the benchmarks: log-normal length, median 35 tokens, four classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CLASSES = 4
_WORDS = (
    "patient reports presents with history of chest pain fever cough fatigue since days weeks worse at night denies "
    "nausea vomiting shortness breath on exertion mild severe left right arm leg abdomen swelling rash tender exam "
    "shows clear lungs regular rhythm blood pressure elevated started treatment metformin lisinopril aspirin daily "
    "follow up clinic labs pending glucose normal sodium potassium creatinine stable imaging without acute change"
).split()
_SIGNS = (
    ("angina", "troponin", "infarct", "stent", "palpitations"),
    ("wheeze", "inhaler", "sputum", "asthma", "spirometry"),
    ("polyuria", "insulin", "thirst", "hyperglycemia", "neuropathy"),
    ("headache", "aura", "seizure", "photophobia", "numbness"),
)


def notes(n: int, seed: int) -> tuple[list[str], list[int]]:
    """Return n generated notes and their classes; 6 % of the classes are drawn at random."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(n):
        label = int(rng.integers(CLASSES))
        length = int(np.clip(rng.lognormal(np.log(30), 0.65), 8, 300))
        words = [str(rng.choice(_SIGNS[label] if rng.random() < 0.08 else _WORDS)) for _ in range(length)]
        words[int(rng.integers(length))] = str(rng.choice(_SIGNS[label]))
        texts.append(" ".join(words))
        labels.append(int(rng.integers(CLASSES)) if rng.random() < 0.06 else label)
    return texts, labels


def minilm() -> Path:
    """Return the folder of the built-in backbone."""
    from primum.model.backbones import locate_backbone

    return locate_backbone("minilm")


def hf_classifier():  # type: ignore[no-untyped-def]
    """Return the built-in backbone under Hugging Face's own classification head."""
    import torch
    from transformers import AutoModelForSequenceClassification, logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model = AutoModelForSequenceClassification.from_pretrained(str(minilm()), num_labels=CLASSES, dtype=torch.float32)
    model.accepts_loss_kwargs = False
    return model


def primum_net(method: str = "full"):  # type: ignore[no-untyped-def]
    """Return a text input and primum's network on the built-in backbone."""
    from transformers import logging

    from primum.model.adapters import Adaptation
    from primum.model.building import NetSpec, build_net
    from primum.model.inputs import TextInput
    from primum.model.net import HeadSpec

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    text = TextInput(minilm(), max_tokens=128)
    spec = NetSpec(head=HeadSpec(kind="classes", outputs=CLASSES), adaptation=Adaptation(method=method))
    return text, spec, build_net(spec, {"text": text}, backbone_folder=minilm(), pretrained=True)


def records_of(texts: list[str]):  # type: ignore[no-untyped-def]
    """Return records that hold nothing but these texts."""
    from primum.cohort.records import Records, TextList

    return Records(n=len(texts), text=TextList(texts))
