"""Reading images: primum's cache beside a plain PyTorch DataLoader with Pillow and beside MONAI's CacheDataset.

    python benchmarks/imaging.py IMAGES [--epochs 3] [--rounds 3] [--size 224]
    python benchmarks/imaging.py IMAGES --memory 10000

IMAGES is a folder of PNG or JPEG files. Every way decodes, fits each image into the same square, normalises it and
hands out batches of 16; a round is so many epochs of all of them, reading included, and the rounds of the ways take
turns. The figure is processor time an image, workers included, which a busy neighbour disturbs little. The DataLoader
and MONAI get as many workers as there are processors. `--memory` reads so many different images
(the files again, each with one byte more) and tells the resident memory of the process while it reads and batches.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import psutil
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from primum.cohort.faults import Faults
from primum.cohort.images import read_images
from primum.cohort.records import Records
from primum.cohort.roles import ImageRole
from primum.model.inputs import ImageInput, PixelForm

BATCH = 16
FORM = PixelForm(architecture="efficientnet-lite0")
MEAN, SCALE = (np.array(v, np.float32).reshape(3, 1, 1) for v in (FORM.mean, FORM.scale))


def _square(path: Path, size: int) -> np.ndarray:
    """Return an image in a black square as normalised pixels (3, size, size), in the usual lines of a Dataset."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((size, size), Image.Resampling.BILINEAR)
    square = Image.new("RGB", (size, size))
    square.paste(picture, ((size - picture.width) // 2, (size - picture.height) // 2))
    return (np.asarray(square, np.float32).transpose(2, 0, 1) / 255 - MEAN) / SCALE


class Plain(Dataset[torch.Tensor]):
    """Decodes each image anew in every epoch."""

    def __init__(self, paths: list[Path], size: int) -> None:
        self.paths, self.size = paths, size

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.from_numpy(_square(self.paths[index], self.size))


def _loader(data: Dataset[torch.Tensor]) -> DataLoader[torch.Tensor]:
    return DataLoader(data, batch_size=BATCH, num_workers=len(os.sched_getaffinity(0)))


def with_loader(paths: list[Path], size: int, epochs: int) -> int:
    """Read with PyTorch's DataLoader and Pillow; return the images handed out."""
    loader = _loader(Plain(paths, size))
    return sum(len(batch) for _ in range(epochs) for batch in loader)


def with_monai(paths: list[Path], size: int, epochs: int) -> int:
    """Read with MONAI's CacheDataset, decoded images kept in memory; return the images handed out."""
    from monai.data import CacheDataset

    data = CacheDataset(
        paths,
        lambda path: torch.from_numpy(_square(path, size)),
        num_workers=len(os.sched_getaffinity(0)),
        progress=False,
    )
    loader = DataLoader(data, batch_size=BATCH)
    return sum(len(batch) for _ in range(epochs) for batch in loader)


def with_primum(paths: list[Path], size: int, epochs: int) -> int:
    """Read with primum; return the images handed out."""
    prepared = _prepared(paths, size)
    rows = np.arange(len(paths))
    return sum(
        len(prepared.collate(rows[start : start + BATCH])["pixels"])
        for _ in range(epochs)
        for start in range(0, len(rows), BATCH)
    )


def _prepared(paths: list[Path], size: int):  # noqa: ANN202
    names = np.array([str(path.resolve()) for path in paths], dtype=object)
    role = ImageRole(column="image", size=size)
    images = read_images(names, np.arange(1, len(names) + 1), role, folder=Path(), faults=Faults())
    return ImageInput(FORM, colour=images.channels == 3).prepare(Records(n=len(names), image=images))


WAYS: dict[str, Callable[[list[Path], int, int], int]] = {
    "DataLoader with Pillow": with_loader,
    "MONAI CacheDataset": with_monai,
    "primum": with_primum,
}


def compare(paths: list[Path], size: int, epochs: int, rounds: int) -> None:
    """Print processor time an image and images a second of each way, medians over rounds."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for way in WAYS.values():
        way(paths[:BATCH], size, 1)  # imports and first calls
    for _ in range(rounds):
        for name, way in WAYS.items():
            before, started = _processor_seconds(), time.perf_counter()
            count = way(paths, size, epochs)
            taken = time.perf_counter() - started
            found[name].append(((_processor_seconds() - before) / count * 1000, count / taken))
    own = np.median([cost for cost, _ in found["primum"]])
    for name, rows in found.items():
        cost, rate = np.median([c for c, _ in rows]), np.median([r for _, r in rows])
        spread = f"{min(c for c, _ in rows):.2f} to {max(c for c, _ in rows):.2f}"
        print(f"{name:24} {cost:6.2f} ms an image ({spread}; x {cost / own:.2f} of primum), {rate:.0f} images/s")


def first_epoch(paths: list[Path], size: int) -> None:
    """Print how fast images are decoded into the cache, and how many processors that keeps busy."""
    before, started = _processor_seconds(), time.perf_counter()
    _prepared(paths, size)
    taken = time.perf_counter() - started
    busy = (_processor_seconds() - before) / taken
    allowed = len(os.sched_getaffinity(0))
    print(f"decoding into the cache: {len(paths) / taken:.0f} images/s, {busy:.2f} of {allowed} processors busy")


def _processor_seconds() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def memory(paths: list[Path], size: int, count: int) -> None:
    """Print resident memory in MiB before, and at its peak while, a tenth and then all of `count` images are read."""
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as name:
        many = []
        for i in range(count):
            own = Path(name) / f"{i}.bin"
            own.write_bytes(paths[i % len(paths)].read_bytes() + i.to_bytes(4, "little"))
            many.append(own)
        _prepared(many[:64], size)
        print(f"before: {process.memory_info().rss / 2**20:.0f} MiB")
        for n in (count // 10, count):
            peak = 0
            prepared = _prepared(many[:n], size)
            for start in range(0, n, BATCH):
                prepared.collate(np.arange(start, min(start + BATCH, n)))
                peak = max(peak, process.memory_info().rss)
            print(f"{n} images: {peak / 2**20:.0f} MiB, process peak {_peak():.0f} MiB")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--memory", type=int, default=0)
    given = parser.parse_args()
    paths = sorted(p for p in given.images.rglob("*") if p.suffix.lower() in (".png", ".jpg", ".jpeg"))
    print(f"{len(paths)} images")
    if given.memory:
        memory(paths, given.size, given.memory)
        return
    first_epoch(paths, given.size)
    for epochs in sorted({1, given.epochs}):
        print(f"{epochs} epochs, reading included:")
        compare(paths, given.size, epochs, given.rounds)


if __name__ == "__main__":
    main()
