"""Fine-tuning speed beside the textbook loop and Hugging Face's Trainer, same model, data, epochs and optimiser.

    python benchmarks/finetune.py [--records 640] [--epochs 2] [--threads 1] [--only primum,trainer_best]

Every variant fine-tunes the built-in 6-layer BERT with batches of 16 on generated notes of log-normal length (median
35 tokens) and is scored on the same 400 held-out notes. Every round has a seed of its own, for the notes as for the
training; bf16 is used where the processor has it. Each runs in a process of its own, one after another in turns; the
figure is records per second of the process's own CPU time with one thread, wall clock otherwise, training only. Ratios
within one run are what counts; see benchmarks/RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from notes import hf_classifier, minilm, notes, primum_net, records_of

TEST_RECORDS = 400


def textbook(train: tuple[list[str], list[int]], test: tuple[list[str], list[int]], epochs: int) -> tuple[float, float]:
    """Pad every note to 128 tokens, tokenise one by one in __getitem__, AdamW, fp32."""
    import torch
    from torch.utils.data import DataLoader, Dataset
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(minilm()))

    class Notes(Dataset):  # type: ignore[type-arg]
        def __init__(self, texts: list[str], labels: list[int]) -> None:
            self.texts, self.labels = texts, labels

        def __len__(self) -> int:
            return len(self.texts)

        def __getitem__(self, i: int) -> dict[str, torch.Tensor]:
            encoded = tokenizer(
                self.texts[i], padding="max_length", truncation=True, max_length=128, return_tensors="pt"
            )
            return {**{k: v[0] for k, v in encoded.items()}, "labels": torch.tensor(self.labels[i])}

    torch.manual_seed(_seed())
    model = hf_classifier().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
    loader = DataLoader(Notes(*train), batch_size=16, shuffle=True)
    started = _now()
    for _ in range(epochs):
        for batch in loader:
            optimizer.zero_grad()
            model(**batch).loss.backward()
            optimizer.step()
    return _now() - started, _accuracy(model, tokenizer, test)


def _trainer(train, test, epochs, **options):  # type: ignore[no-untyped-def]
    from transformers import AutoTokenizer, DataCollatorWithPadding, Trainer, TrainingArguments
    from transformers.trainer_callback import PrinterCallback

    tokenizer = AutoTokenizer.from_pretrained(str(minilm()))
    encoded = tokenizer(train[0], truncation=True, max_length=128)
    data = [{**{k: v[i] for k, v in encoded.items()}, "labels": label} for i, label in enumerate(train[1])]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=epochs,
            per_device_train_batch_size=16,
            learning_rate=2e-4,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            dataloader_pin_memory=False,
            disable_tqdm=True,
            logging_strategy="no",
            seed=_seed(),
            **options,
        )
        model = hf_classifier()
        trainer = Trainer(
            model=model, args=arguments, train_dataset=data, data_collator=DataCollatorWithPadding(tokenizer)
        )
        trainer.remove_callback(PrinterCallback)
        started = _now()
        trainer.train()
        seconds = _now() - started
        trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    return seconds, _accuracy(model, tokenizer, test)


def trainer_default(train, test, epochs):  # type: ignore[no-untyped-def]
    """Hugging Face's Trainer as it comes, with dynamic padding."""
    return _trainer(train, test, epochs)


def trainer_best(train, test, epochs):  # type: ignore[no-untyped-def]
    """Hugging Face's Trainer at its best: length grouping, and bf16 autocast where the processor has it."""
    from primum.training.plan import use_bf16

    return _trainer(train, test, epochs, train_sampling_strategy="group_by_length", bf16=use_bf16("auto"))


def primum_fit(train, test, epochs):  # type: ignore[no-untyped-def]
    """Primum's own fitting, checkpoints and history off the clock as for the others."""
    import numpy as np
    import torch

    from primum.model.compact import compact_embedding, restore_embedding
    from primum.training.plan import TrainingPlan
    from primum.training.trainer import Collate, StudyTrainer, losses_and_answers

    torch.manual_seed(_seed())
    text, _, net = primum_net()
    records = records_of(train[0] + test[0])
    labels = torch.tensor(train[1] + test[1])
    rows = np.arange(len(labels))
    with tempfile.TemporaryDirectory() as folder:
        started = _now()
        prepared = text.prepare(records)
        collate = Collate({"text": prepared}, labels)
        compact_embedding(net, prepared.ids)
        trainer = StudyTrainer(
            net,
            TrainingPlan(epochs=epochs, batch=16, lr=2e-4, seed=_seed()),
            collate=collate,
            train_rows=rows[: len(train[0])],
            validation_rows=rows[:0],
            folder=Path(folder),
        )
        trainer.args.save_strategy = "no"
        trainer.train()
        seconds = _now() - started
        trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    restore_embedding(net)
    held_out = rows[len(train[0]) :]
    answers = losses_and_answers(net, collate, held_out, torch.device("cpu"))[1]
    return seconds, float((answers.argmax(1) == np.array(test[1])).mean())


VARIANTS: dict[str, Callable[..., tuple[float, float]]] = {
    "textbook": textbook,
    "trainer_default": trainer_default,
    "trainer_best": trainer_best,
    "primum": primum_fit,
}


def _accuracy(model, tokenizer, test) -> float:  # type: ignore[no-untyped-def]
    import torch

    model.eval()
    hits = 0
    with torch.inference_mode():
        for i in range(0, len(test[0]), 32):
            batch = tokenizer(test[0][i : i + 32], padding=True, truncation=True, max_length=128, return_tensors="pt")
            hits += int((model(**batch).logits.argmax(1) == torch.tensor(test[1][i : i + 32])).sum())
    return hits / len(test[0])


def _seed() -> int:
    return int(os.environ.get("PRIMUM_BENCHMARK_SEED", "7"))


def _now() -> float:
    one_thread = os.environ.get("OMP_NUM_THREADS") == "1"
    return time.process_time() if one_thread else time.perf_counter()


def _child(name: str, records: int, epochs: int) -> None:
    train, test = notes(records, _seed()), notes(TEST_RECORDS, 1000 + _seed())
    seconds, accuracy = VARIANTS[name](train, test, epochs)
    print(json.dumps({"records_per_s": records * epochs / seconds, "accuracy": accuracy}))


def main() -> None:
    """Run the variants in turns and print their figures and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=640)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default=",".join(VARIANTS))
    parser.add_argument("--child", default="")
    options = parser.parse_args()
    if options.child:
        return _child(options.child, options.records, options.epochs)
    found: dict[str, list[dict[str, float]]] = {}
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads), "HF_HUB_OFFLINE": "1"}
    for round_ in range(options.rounds):
        environment["PRIMUM_BENCHMARK_SEED"] = str(7 + round_)
        for name in options.only.split(","):
            command = [sys.executable, __file__, "--child", name]
            command += ["--records", str(options.records), "--epochs", str(options.epochs)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            found.setdefault(name, []).append(json.loads(done.stdout.splitlines()[-1]))
    speeds = {name: statistics.median(r["records_per_s"] for r in rounds) for name, rounds in found.items()}
    for name, rounds in found.items():
        ratios = "  ".join(f"x{speeds[name] / other:.2f} {peer}" for peer, other in speeds.items() if peer != name)
        accuracies = [r["accuracy"] for r in rounds]
        each = ", ".join(f"{one:.3f}" for one in accuracies)
        accuracy = f"{statistics.mean(accuracies):.3f} ({each})"
        print(f"{name:16} {speeds[name]:7.1f} records/s  accuracy {accuracy}  {ratios}")


if __name__ == "__main__":
    main()
