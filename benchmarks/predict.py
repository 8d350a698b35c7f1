"""Prediction speed beside plain PyTorch, Hugging Face's pipeline and a hand-sorted ONNX Runtime loop.

    python benchmarks/predict.py [--records 400] [--rounds 3]

The same generated notes (log-normal length, median 35 tokens), the same 6-layer BERT, tokenising included, one thread.
Variants take turns in one process; the figure is records per second of the process's own CPU time, after one warm-up
round. primum's model is tuned first, so that the agreement of its 8-bit answers with float32 means something.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from notes import hf_classifier, minilm, notes, primum_net, records_of

from primum.model.batching import prediction_batches
from primum.model.engine import agreement, build_engine
from primum.model.int8 import export_encoder
from primum.model.predictor import Predictor
from primum.training.plan import TrainingPlan
from primum.training.trainer import Collate, StudyTrainer

Variant = Callable[[list[str]], object]


def tuned_predictors() -> tuple[Predictor, Predictor]:
    """Return a model after one epoch on 640 notes: in float32, and with its encoder in 8-bit integers."""
    from dataclasses import replace

    torch.manual_seed(7)
    text, spec, net = primum_net()
    texts, labels = notes(640, 1)
    prepared = text.prepare(records_of(texts))
    rows = np.arange(len(texts))
    with tempfile.TemporaryDirectory() as folder:
        trainer = StudyTrainer(
            net,
            TrainingPlan(epochs=1, batch=16, lr=2e-4),
            collate=Collate({"text": prepared}, torch.tensor(labels)),
            train_rows=rows,
            validation_rows=rows[:0],
            folder=Path(folder),
        )
        trainer.args.save_strategy = "no"
        trainer.train()
        trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    exact = Predictor(net=net.eval(), spec=spec, inputs={"text": text}, classes=tuple("abcd"), backbone_folder=minilm())
    return exact, replace(exact, engine=build_engine(net.encoders["text"], prepared, rows))


def eager_padded(texts: list[str]) -> None:
    """Plain PyTorch: every text padded to 128 tokens, batches of 32 in the given order."""
    for i in range(0, len(texts), 32):
        batch = _tokenizer(
            texts[i : i + 32], padding="max_length", truncation=True, max_length=128, return_tensors="pt"
        )
        with torch.inference_mode():
            _classifier(**batch)


def pipeline_of(size: int) -> Variant:
    """Hugging Face's text-classification pipeline with this batch size."""
    from transformers import pipeline

    asked = pipeline("text-classification", model=_classifier, tokenizer=_tokenizer, device="cpu")
    return lambda texts: asked(texts, batch_size=size, truncation=True, max_length=128)


def sorted_onnx_int8(encoder: torch.nn.Module, folder: Path) -> Variant:
    """ONNX Runtime as its documentation has it: dynamic quantisation, with our sorting and token budget."""
    import onnx
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic

    onnx.save(export_encoder(encoder), folder / "float.onnx")
    quantize_dynamic(folder / "float.onnx", folder / "int8.onnx", weight_type=QuantType.QInt8, per_channel=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(folder / "int8.onnx"), options, providers=["CPUExecutionProvider"])
    text = primum_net()[0]

    def predict(texts: list[str]) -> None:
        prepared = text.prepare(records_of(texts))
        for rows in prediction_batches(prepared.lengths, 1024):
            batch = prepared.collate(rows)
            session.run(None, {"ids": batch["ids"].numpy(), "mask": batch["mask"].numpy()})

    return predict


def main() -> None:
    """Time the variants in turns and print figures, ratios and the agreement of the answers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    texts = notes(options.records, 2)[0]
    exact, fast = tuned_predictors()
    with tempfile.TemporaryDirectory() as name:
        variants: dict[str, Variant] = {
            "eager_padded_128": eager_padded,
            "pipeline_batch_1": pipeline_of(1),
            "pipeline_batch_32": pipeline_of(32),
            "onnx_int8_sorted": sorted_onnx_int8(exact.net.encoders["text"], Path(name)),
            "primum_float32": lambda texts: exact.predict(records_of(texts)),
            "primum": lambda texts: fast.predict(records_of(texts)),
        }
        seconds: dict[str, list[float]] = {variant: [] for variant in variants}
        for turn in range(options.rounds + 1):
            for variant, predict in variants.items():
                started = time.process_time()
                predict(texts)
                if turn:
                    seconds[variant].append(time.process_time() - started)
    speeds = {variant: len(texts) / statistics.median(taken) for variant, taken in seconds.items()}
    for variant, speed in speeds.items():
        spread = f"[{len(texts) / max(seconds[variant]):.0f}, {len(texts) / min(seconds[variant]):.0f}]"
        print(f"{variant:18} {speed:7.1f} records/s {spread:12} primum x{speeds['primum'] / speed:.2f}")
    print("agreement with float32:", agreement(exact.predict(records_of(texts)), fast.predict(records_of(texts))))


if __name__ == "__main__":
    torch.set_num_threads(1)
    from transformers import AutoTokenizer

    _classifier = hf_classifier().eval()
    _tokenizer = AutoTokenizer.from_pretrained(str(minilm()))
    main()
