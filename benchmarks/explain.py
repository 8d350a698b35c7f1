"""Reasons beside those of Captum and shap, on one thread, in CPU seconds of this process.

    python benchmarks/explain.py RUN CSV [--texts 6] [--parts gradients,shapley,latency]

RUN is a finished run with a text input alone, CSV has its text column `text`.

Integrated gradients: Captum's LayerIntegratedGradients at the embeddings, 50 steps, text by text, against ours, by
turns, from the same blank text. The gap is the share of the difference that the attributions miss, the error the
largest distance from the attributions by 100 nodes as a share of the largest of these, faithfulness the
comprehensiveness of a fifth of the words.
Shapley values: shap's text explainer against ours on the same ten groups of words; the error is the mean distance from
the values of all 1,024 coalitions.
Latency: whole explanations of 60 words, by the clock, on as many threads as OMP_NUM_THREADS says.

Needs captum 0.9 and shap 0.51. numba 0.68, which shap imports, fails where it finds only a part of coverage, and is
therefore told that there is none.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np
import torch

from primum.cohort.records import Records, TextList
from primum.model.predictor import Predictor
from primum.transparency import explain
from primum.transparency.explaining import subject_of
from primum.transparency.methods import METHODS, Attributed, path_nodes, shapley_of_groups
from primum.transparency.parts import players_of
from primum.transparency.trust import faithfulness

OURS = ("integrated_gradients", "integrated_gradients_bf16", "attention_gradient")
ROUNDS = 2
LATENCIES = 40


def main() -> None:
    """Measure and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--texts", type=int, default=6)
    parser.add_argument("--parts", default="gradients,shapley,latency")
    options = parser.parse_args()
    predictor = Predictor.load(options.run / "model")
    with options.data.open(encoding="utf-8") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)]
    drawn = np.random.default_rng(7).permutation(len(texts))
    chosen = [" ".join(texts[i].split()[:60]) for i in drawn[: options.texts]]
    parts = options.parts.split(",")
    if "latency" in parts:
        latency(predictor, texts)
    torch.set_num_threads(1)
    if "gradients" in parts:
        paths(predictor, subject_of(predictor, Records(n=len(chosen), text=TextList(chosen))))
    if "shapley" in parts:
        shapley(predictor, chosen[:3])


def paths(predictor, subject) -> None:
    """Print integrated gradients, ours and Captum's, by turns."""
    print(f"words: {[len(parts.words) for parts in subject.parts]}", flush=True)
    nodes, weights = path_nodes(100)
    found = predictor.gradients(subject.prepared, subject.question, kind="path", nodes=nodes, weights=weights)
    truth = [parts.summed(tokens, np.zeros(0)) for parts, tokens in zip(subject.parts, found.tokens, strict=True)]
    asked = {name: lambda name=name: METHODS.get(name)(subject, 7) for name in OURS}
    asked["captum, 50 steps, text by text"] = lambda: captum_gradients(predictor, subject)
    seconds: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, ask in asked.items():
            took, answer = timed(ask)
            seconds[name].append(took)
            if len(seconds[name]) == ROUNDS:
                report(name, subject, answer, truth, float(np.median(seconds[name])))


def timed(ask):
    """Return CPU seconds and the answer."""
    started = time.process_time()
    answer = ask()
    return time.process_time() - started, answer


def report(name, subject, found, truth, seconds) -> None:
    """Print one method's cost, gap, error and faithfulness."""
    faithful = faithfulness(subject, found.parts)
    error = np.mean([np.abs(a - b).max() / np.abs(b).max() for a, b in zip(found.parts, truth, strict=True)])
    print(
        f"{name}: {seconds / len(truth):.3f} CPU s a text, gap {found.gap.mean():.1e}, error {error:.1e}, "
        f"comprehensiveness {faithful.comprehensiveness.mean():.3f} "
        f"(random {faithful.random_comprehensiveness.mean():.3f}), "
        f"sufficiency {faithful.sufficiency.mean():.3f} (random {faithful.random_sufficiency.mean():.3f})",
        flush=True,
    )


def captum_gradients(predictor, subject):
    """Return Captum's attributions by word, and the share of the difference that they miss."""
    from captum.attr import LayerIntegratedGradients

    net, (blank, kept) = predictor.net, predictor.inputs["text"].blank()
    prepared = subject.prepared
    embeddings = net.encoders["text"].backbone.get_input_embeddings()
    parts, gaps = [], []
    for row, own in enumerate(subject.parts):
        batch = prepared["text"].collate([row])
        about = int(subject.question.about[row])

        def score(ids, mask=batch["mask"], about=about):
            inputs = {"ids": ids, "mask": mask.expand(len(ids), -1), "present": torch.ones(len(ids), dtype=torch.bool)}
            logits = net({"text": inputs})["logits"]
            others = logits.clone()
            others[:, about] = -torch.inf
            return logits[:, about] - others.logsumexp(1)

        ids = batch["ids"]
        baseline = torch.where(torch.isin(ids, torch.tensor(kept)), ids, torch.full_like(ids, blank))
        found, delta = LayerIntegratedGradients(score, embeddings).attribute(
            ids, baselines=baseline, n_steps=50, return_convergence_delta=True
        )
        parts.append(own.summed(found.sum(-1)[0].detach().double().numpy(), np.zeros(0)))
        with torch.no_grad():
            gaps.append(abs(float(delta[0]) / float(score(ids) - score(baseline))))
    return Attributed(parts=parts, gap=np.array(gaps))


def shapley(predictor, texts) -> None:
    """Print the error and cost of Shapley values of ten groups of words, ours and shap's."""
    sys.modules.setdefault("coverage", None)  # then numba takes it for not installed
    import shap

    rows = np.arange(len(texts))
    some = subject_of(predictor, Records(n=len(texts), text=TextList(texts)))
    players = [players_of(parts, most=10) for parts in some.parts]

    def grouped(values):
        return [np.bincount(players[row].of_part, weights=values[row], minlength=10) for row in rows]

    seconds, exact = timed(lambda: shapley_of_groups(some, 7, most=10, pairs=1))
    truth = grouped(exact.parts)
    print(f"all coalitions: {seconds / len(rows):.2f} CPU s a text", flush=True)
    for pairs in (1, 2, 4, 8):
        seconds, found = timed(lambda pairs=pairs: sampled(some, players, pairs))
        error = np.mean([np.abs(a - b).mean() for a, b in zip(found, truth, strict=True)])
        print(f"ours, {2 * pairs} orders: {seconds / len(rows):.2f} CPU s a text, error {error:.4f}", flush=True)
    tokenizer = predictor.inputs["text"].tokenizer

    def score(asked):
        given = Records(n=len(asked), text=TextList([str(text) for text in asked]))
        answers = predictor.predict(given)
        return np.log(answers) - np.log1p(-answers)

    # Its mask is nothing at all, as ours is: the words are left out.
    explainer = shap.Explainer(score, shap.maskers.Text(tokenizer, mask_token=""))
    for evaluations in (50, 150, 500):
        seconds, found = timed(lambda n=evaluations: explainer(texts, max_evals=n, silent=True))
        values = []
        for row in rows.tolist():
            about = int(some.question.about[row])
            tokens = np.asarray(found.values[row])[:, about]
            values.append(some.parts[row].summed(tokens[: len(some.parts[row].token_word)], np.zeros(0)))
        error = np.mean([np.abs(a - b).mean() for a, b in zip(grouped(values), truth, strict=True)])
        print(f"shap, {evaluations} evaluations: {seconds / len(rows):.2f} CPU s a text, error {error:.4f}", flush=True)


def sampled(subject, players, pairs):
    """Return Shapley values of the players by drawn orders, whatever their number."""
    from primum.transparency import shapley as module

    most, module.EXACT = module.EXACT, 0
    try:
        found = shapley_of_groups(subject, 7, most=10, pairs=pairs)
    finally:
        module.EXACT = most
    return [
        np.bincount(p.of_part, weights=values, minlength=p.count)
        for p, values in zip(players, found.parts, strict=True)
    ]


def latency(predictor, texts) -> None:
    """Print how long one whole explanation of 60 words, with its checks, takes by the clock."""
    words = " ".join(texts[::7]).split()
    took = []
    for i in range(LATENCIES + 2):
        text = " ".join(words[60 * i : 60 * (i + 1)])
        started = time.perf_counter()
        explain(predictor, Records(n=1, text=TextList([text])))
        took.append(time.perf_counter() - started)
    took = took[2:]  # the first ones warm up
    print(
        f"one explanation of 60 words with its checks, {torch.get_num_threads()} threads: p50 {np.median(took):.2f} s, "
        f"p95 of {len(took)} {np.percentile(took, 95):.2f} s (wall)",
        flush=True,
    )


if __name__ == "__main__":
    main()
