"""Draw the words under pictures of reasons: `python docs/draw_legends.py FONT.ttc`, a font with Chinese letters.

They are kept as pictures because a machine that explains images may have no font for either language.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from primum.study.overlay import AGAINST, FOR, SIDE, pattern
from primum.study.report.wording import Wording

HEIGHT, BOX = 58, 14
FOLDER = Path(__file__).parent.parent / "src" / "primum" / "study" / "report"


def legend(lang: str, font: Path) -> Image.Image:
    """Return the words of one language, black on white."""
    words = Wording(lang)
    picture = Image.new("RGB", (SIDE, HEIGHT), (255, 255, 255))
    pen, letters = ImageDraw.Draw(picture), ImageFont.truetype(str(font), 13)
    left = 8
    for key, colour in (("for", FOR), ("not", AGAINST), ("box", None)):
        picture.paste(Image.fromarray(_swatch(colour)), (left, 8))
        said = words(f"explained.legend_{key}")
        pen.text((left + BOX + 6, 7), said, fill=(0, 0, 0), font=letters)
        left += BOX + 20 + round(pen.textlength(said, font=letters))
    bold = ImageFont.truetype(str(font), 16)
    pen.text((8, 31), words("explained.legend_warning"), fill=(0, 0, 0), font=bold)
    return picture


def _swatch(colour: tuple[int, int, int] | None) -> np.ndarray:
    rows, columns = np.indices((BOX, BOX))
    if colour is None:
        inside = (rows > 2) & (rows < BOX - 3) & (columns > 2) & (columns < BOX - 3)
        return np.where(inside[..., None], 255, 0).repeat(3, 2).astype(np.uint8)
    share = np.where(pattern(rows, columns, stripes=colour == FOR), 1.0, 0.45)[..., None]
    return np.rint(255 * (1 - share) + np.array(colour) * share).astype(np.uint8)


if __name__ == "__main__":
    for name in ("en", "zh"):
        legend(name, Path(sys.argv[1])).save(FOLDER / f"legend_{name}.png", optimize=True)
