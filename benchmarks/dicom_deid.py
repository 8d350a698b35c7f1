"""Text burned into chest X-rays: how much of it is masked, how much anatomy is masked for nothing, and how fast.

    python benchmarks/dicom_deid.py SHARED_DATA/nih-chestxray [--images 40]

Names, numbers and dates are drawn at random places, sizes and contrasts into real X-rays, whose own marks are not
known. The oracle is the place of the drawing: a text counts as masked when 95 % of its pixels are. The same X-rays
without a drawing give the share in which something was masked all the same: an own mark of the hospital, or anatomy.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from primum.evidence.intervals import wilson
from primum.privacy.dicom import find_text

NAMES = ("DOE^JANE", "Smith, John", "GARCIA MARIA", "Nguyen Thi Lan", "O'Brien Pat")


def drawn(image: Image.Image, draw_from: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture with one text in it, and where its pixels are."""
    day = f"{draw_from.randint(1930, 2010)}-0{draw_from.randint(1, 9)}-1{draw_from.randint(0, 9)}"
    text = draw_from.choice(
        (
            draw_from.choice(NAMES),
            f"{draw_from.choice(NAMES)} {day}",
            f"MRN {draw_from.randint(10**6, 10**7)}",
            f"ACC {draw_from.randint(10**7, 10**8)}",
        )
    )
    font = ImageFont.load_default(draw_from.randint(12, 28))
    width = int(font.getlength(text))
    place = draw_from.randint(2, max(3, image.width - width - 4)), draw_from.randint(2, image.height - 40)
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).text(place, text, fill=255, font=font)
    glyphs = np.asarray(mask) > 128
    pixels = np.array(image)
    around = pixels[place[1] : place[1] + 30, place[0] : place[0] + width].mean()
    contrast = draw_from.randint(70, 150)
    pixels[glyphs] = around + contrast if around < 128 else around - contrast
    return pixels, glyphs


def covered(boxes: list, glyphs: np.ndarray) -> float:
    """Return the share of a text's pixels that lie in boxes that are masked."""
    inside = np.zeros(glyphs.shape, dtype=bool)
    for box in boxes:
        if not box.marker:
            inside[box.top : box.bottom, box.left : box.right] = True
    return float((inside & glyphs).sum() / glyphs.sum())


def main() -> None:
    """Print the three figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=40)
    options = parser.parse_args()
    chosen = random.Random(11)
    paths = sorted(one for one in options.folder.rglob("*") if one.suffix in (".png", ".jpg"))
    paths = chosen.sample(paths, options.images)
    masked, innocent, area = 0, 0, []
    started = time.perf_counter()
    for path in paths:
        image = Image.open(path).convert("L")
        plain = [box for box in find_text(np.array(image)) if not box.marker]
        innocent += bool(plain)
        area.append(sum((b.bottom - b.top) * (b.right - b.left) for b in plain) / (image.width * image.height))
        pixels, glyphs = drawn(image, chosen)
        masked += covered(find_text(pixels), glyphs) >= 0.95
    seconds = (time.perf_counter() - started) / (2 * len(paths))
    for what, count in (("texts masked", masked), ("X-rays without a drawing in which something was masked", innocent)):
        low, high = wilson(count, len(paths))
        print(f"{what}: {count} of {len(paths)} ({low:.3f} to {high:.3f})")
    print(f"area masked in X-rays without a drawing: mean {np.mean(area):.4f}, largest {max(area):.4f}")
    print(f"seconds a picture: {seconds:.2f}")


if __name__ == "__main__":
    main()
