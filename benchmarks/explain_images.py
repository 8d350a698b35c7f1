"""Reasons for images: what a whole explanation takes, each method beside Captum's, and which is the most faithful.

    python benchmarks/explain_images.py RUN [--records 4] [--parts cost,latency,faithful]

RUN is a finished run with an image input alone.

cost: CPU seconds a picture on one thread, ours and Captum's by turns, on the same pictures: Grad-CAM against
LayerGradCam at the last map, 49 cells left out one by one against Occlusion with windows of that size (Captum asks one
by one unless it is told to ask several at once: as many as we do), the path of 16 nodes against IntegratedGradients of
16 steps. The ratio is Captum's time over ours; the correlation is that of both attributions, told by cell.
latency: a whole explanation of one picture, with every check, by the clock on as many threads as OMP_NUM_THREADS says.
served: the same explanation by the run's model and by its served form without torch, by turns: seconds by the clock and
of the processor, comprehensiveness beyond chance, and which share is withheld.
faithful: comprehensiveness of a fifth of the cells against as many at random, by method, over records of test.

Needs captum 0.9.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch

from primum.cohort import take
from primum.cohort.records import Records
from primum.model.inputs.cells import blank_of, spread_by_cell, summed_by_cell
from primum.model.predictor import Predictor
from primum.model.served import Served
from primum.study import Study
from primum.transparency import explain
from primum.transparency.asking import Subject
from primum.transparency.explaining import subject_of
from primum.transparency.methods import METHODS, path_nodes
from primum.transparency.trust import faithfulness

METHODS_COMPARED = ("attention_gradient", "grad_cam", "gradient_input", "integrated_gradients")
NODES, ROUNDS, AT_ONCE = 16, 3, 10


def main() -> None:
    """Measure and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--records", type=int, default=4)
    parser.add_argument("--parts", default="cost,latency,faithful")
    options = parser.parse_args()
    predictor, records = Predictor.load(options.run / "model"), _test(options.run, options.records)
    parts = options.parts.split(",")
    if "latency" in parts:
        _latency(predictor, records)
    if "served" in parts:
        _served(predictor, Served.load(options.run / "model", threads=1), records)
    torch.set_num_threads(1)
    subject = subject_of(predictor, records)
    if "cost" in parts:
        _cost(predictor, subject)
    if "faithful" in parts:
        _faithful(subject)


def _test(run: Path, count: int) -> Records:
    study = Study.load(run / "study.yaml")
    cohort = study.read_cohort()
    table = pq.read_table(run / "splits.parquet").to_pydict()
    split = dict(zip(table["id"], table["split"], strict=True))
    rows = np.flatnonzero([split[name] == "test" for name in cohort.ids])
    return take(cohort, np.sort(np.random.default_rng(3).choice(rows, count, replace=False))).records


def _latency(predictor: Predictor, records: Records) -> None:
    spent = []
    for row in range(len(records)):
        one = Records(n=1, image=_chosen(records, row))
        explain(predictor, one) if row == 0 else None  # kernels are compiled once
        start = time.perf_counter()
        explain(predictor, one)
        spent.append(time.perf_counter() - start)
    print(f"latency: median {np.median(spent):.2f} s, worst {max(spent):.2f} s, {torch.get_num_threads()} threads")


def _served(predictor: Predictor, served: Served | None, records: Records) -> None:
    if served is None:
        raise SystemExit("the run has no served form")
    wall: dict[str, list[float]] = {"run": [], "served": []}
    cpu: dict[str, list[float]] = {"run": [], "served": []}
    excess: dict[str, list[float]] = {"run": [], "served": []}
    withheld = {"run": 0, "served": 0}
    for row in range(-1, len(records)):  # the first is not counted
        one = Records(n=1, image=_chosen(records, max(row, 0)))
        for name, model, method in (("run", predictor, "attention_gradient"), ("served", served, "occlusion")):
            began, spent = time.perf_counter(), time.process_time()
            found = explain(model, one, method=method)
            if row >= 0:
                wall[name].append(time.perf_counter() - began)
                cpu[name].append(time.process_time() - spent)
                faithful = found.faithful
                excess[name].append(float((faithful.comprehensiveness - faithful.random_comprehensiveness)[0]))
                withheld[name] += int(not found.holds()[0])
    for name in wall:
        print(
            f"{name}: wall median {np.median(wall[name]):.2f} s, p95 {np.quantile(wall[name], 0.95):.2f} s; processor "
            f"median {np.median(cpu[name]):.2f} s, p95 {np.quantile(cpu[name], 0.95):.2f} s; comprehensiveness beyond "
            f"chance {np.mean(excess[name]):.4f}; withheld {withheld[name]} of {len(records)}"
        )


def _chosen(records: Records, row: int) -> Any:
    from primum.cohort.images import ChosenImages

    assert records.image is not None
    return ChosenImages(records.image, np.array([row]))


def _cost(predictor: Predictor, subject: Subject) -> None:
    import captum.attr as captum

    net, about = predictor.net, torch.from_numpy(subject.question.about)
    pixels = subject.prepared["image"].collate(np.arange(len(subject.parts)))["pixels"]
    backbone = net.encoders["image"].backbone

    def forward(given: torch.Tensor) -> torch.Tensor:
        logits = net({"image": {"pixels": given, "present": torch.ones(len(given), dtype=torch.bool)}})["logits"]
        rest = logits.masked_fill(torch.arange(logits.shape[1]) == about[:1, None], -torch.inf).logsumexp(1)
        return logits[:, about[0]] - rest

    def cam(at: int) -> torch.Tensor:
        found = captum.LayerGradCam(forward, backbone.map).attribute(pixels[at : at + 1], relu_attributions=False)
        return spread_by_cell(found[:, 0].detach())

    def occlusion(at: int) -> torch.Tensor:
        one, side = pixels[at : at + 1], pixels.shape[-1] // 7
        found = captum.Occlusion(forward).attribute(
            one, (3, side, side), strides=(3, side, side), baselines=blank_of(one).expand_as(one),
            perturbations_per_eval=AT_ONCE,
        )  # fmt: skip
        return summed_by_cell(found[:, 0])

    def path(at: int) -> torch.Tensor:
        one = pixels[at : at + 1]
        found = captum.IntegratedGradients(forward).attribute(
            one, baselines=blank_of(one).expand_as(one), n_steps=NODES, internal_batch_size=7
        )
        return summed_by_cell(found.sum(1).detach())

    def ours_path(at: int) -> np.ndarray:
        nodes, weights = path_nodes(NODES)
        one = subject.chosen(np.array([at]))
        return predictor.gradients(one.prepared, one.question, kind="path", nodes=nodes, weights=weights).cells[0]

    def ours(method: str) -> Callable[[int], np.ndarray]:
        return lambda at: METHODS.get(method)(subject.chosen(np.array([at])), 7).parts[0]

    pairs: tuple[tuple[str, Callable[[int], Any], Callable[[int], torch.Tensor]], ...] = (
        ("grad_cam", ours("grad_cam"), cam), ("occlusion", ours("occlusion"), occlusion), ("path", ours_path, path)
    )  # fmt: skip
    for name, own, other in pairs:
        spent: dict[str, list[float]] = {"ours": [], "captum": []}
        alike = []
        for turn in range(ROUNDS):
            for at in range(len(pixels)):
                about = torch.from_numpy(subject.question.about[at : at + 1])
                start = time.process_time()
                mine = own(at)
                middle = time.process_time()
                theirs = other(at)
                spent["ours"].append(middle - start)
                spent["captum"].append(time.process_time() - middle)
                if turn == 0:
                    alike.append(float(np.corrcoef(mine, theirs.numpy()[0])[0, 1]))
        mean = {who: float(np.median(times)) for who, times in spent.items()}
        print(
            f"{name}: ours {mean['ours']:.3f} s, Captum {mean['captum']:.3f} s, ratio "
            f"{mean['captum'] / mean['ours']:.2f}, correlation {np.mean(alike):.3f}"
        )


def _faithful(subject: Subject) -> None:
    for name in METHODS_COMPARED:
        start = time.process_time()
        found = METHODS.get(name)(subject, 7).parts
        cost = (time.process_time() - start) / len(subject.parts)
        figures = faithfulness(subject, found)
        excess = figures.comprehensiveness - figures.random_comprehensiveness
        half = 2.0 * float(excess.std(ddof=1)) / len(excess) ** 0.5
        print(
            f"{name}: comprehensiveness {figures.comprehensiveness.mean():.3f}, excess {excess.mean():.3f} "
            f"(± {half:.3f}), beats {figures.beaten.mean():.2f} of random choices, {cost:.2f} CPU s a picture"
        )


if __name__ == "__main__":
    main()
