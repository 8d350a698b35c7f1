"""The pictures of reasons: each record's image under its heat map, and its strongest place as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from primum.cohort import Records
from primum.study.overlay import cells_of, overlay, strongest
from primum.transparency import Reasons


def region_of(reasons: Reasons, row: int) -> Mapping[str, Any] | None:
    """Return the box round the strongest place for the answer, in shares of the square that the model reads.

    None where no cell of the record's picture speaks for the answer.
    """
    parts, about = reasons.parts[row], int(reasons.question.about[row])
    cells = np.zeros(parts.grid**2)
    cells[parts.cells] = reasons.found[row][parts.of_cells]
    label = reasons.classes[about] if reasons.classes else ""
    found = strongest(cells.reshape(parts.grid, parts.grid), label=label, side=1)
    return None if found is None else {"label": found.label, "box": [round(edge, 4) for edge in found.box]}


def drawn(told: Sequence[Mapping[str, Any]], records: Records, *, lang: str) -> list[bytes | None]:
    """Return each record's image under what is told of it, as PNG; None without an image or where that is withheld.

    Args:
        told: one record each, as `primum.study.explaining.told_of` returns it.
        records: the inputs.
        lang: of the words underneath, en or zh.
    """
    found: list[bytes | None] = []
    for row, one in enumerate(told):
        cells = cells_of(one)
        if cells is None or records.image is None:
            found.append(None)
        else:
            found.append(overlay(records.image.take([row])[0], cells, lang=lang))
    return found
