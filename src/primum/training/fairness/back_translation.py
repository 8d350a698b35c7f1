"""Back-translation through two models in a folder that the study names; nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from primum.errors import StudyError

LEGS = ("there", "back")
"""Sub-folders of the translator: a sequence-to-sequence model with its tokenizer in each."""
_BATCH = 16


def back_translated(texts: Sequence[str | None], folder: Path) -> list[str | None]:
    """Return the texts translated to another language and back, greedily, so always alike; None stays None.

    Args:
        texts: the notes.
        folder: holds the folders `there` and `back`.
    Raises:
        StudyError: it does not.
    """
    present = [place for place, text in enumerate(texts) if text]
    said = [str(texts[place]) for place in present]
    for leg in LEGS:
        said = _translated(said, *_opened(folder / leg))
    result = list(texts)
    for place, text in zip(present, said, strict=True):
        result[place] = text or texts[place]
    return result


def _opened(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        model = AutoModelForSeq2SeqLM.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
    except (OSError, ValueError) as exc:
        raise StudyError(
            f"training.objective.fairness.translator: {folder} holds no translation model; the folder must hold two, "
            f"in {' and '.join(LEGS)}, each with its tokenizer and safetensors."
        ) from exc
    return tokenizer, model.eval()


def _translated(texts: Sequence[str], tokenizer: Any, model: Any) -> list[str]:
    result: list[str] = []
    for start in range(0, len(texts), _BATCH):
        batch = tokenizer(list(texts[start : start + _BATCH]), return_tensors="pt", padding=True, truncation=True)
        asked = {name: batch[name] for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            made = model.generate(**asked, num_beams=1, do_sample=False, max_new_tokens=256)
        result += tokenizer.batch_decode(made, skip_special_tokens=True)
    return result
