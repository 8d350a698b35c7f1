"""The outline of a mask as the path of an SVG: along the edges of its pixels, so that it covers them exactly."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

Point = tuple[int, int]


def outline(mask: npt.NDArray[np.bool_]) -> str:
    """Return the closed outlines of a mask and of its holes; filled by the even-odd rule they are the mask.

    Args:
        mask: shape (height, width); pixel (y, x) covers the square from (x, y) to (x + 1, y + 1) of the path.
    """
    after = _edges(mask)
    parts = []
    while after:
        start = at = next(iter(after))
        corners, before = list[Point](), None
        while True:
            ahead = after[at]
            following = ahead.pop() if len(ahead) == 1 else ahead.pop(_turning(before, at, ahead))
            if not ahead:
                del after[at]
            if before is None or not _straight(before, at, following):
                corners.append(at)
            before, at = at, following
            if at == start:
                break
        parts.append(_path(corners))
    return "".join(parts)


def _edges(mask: npt.NDArray[np.bool_]) -> dict[Point, list[Point]]:
    """Return where each edge of the outline ends, by where it begins; the inside is on the right of all of them."""
    edged = np.pad(mask, 1)
    inside, after = edged[1:-1, 1:-1], defaultdict[Point, list[Point]](list)
    sides = (
        (inside & ~edged[:-2, 1:-1], (0, 0), (1, 0)),  # above: to the right
        (inside & ~edged[1:-1, 2:], (1, 0), (1, 1)),  # right: down
        (inside & ~edged[2:, 1:-1], (1, 1), (0, 1)),  # below: to the left
        (inside & ~edged[1:-1, :-2], (0, 1), (0, 0)),  # left: up
    )
    for there, begins, ends in sides:
        for y, x in np.argwhere(there).tolist():
            after[x + begins[0], y + begins[1]].append((x + ends[0], y + ends[1]))
    return dict(after)


def _turning(before: Point | None, at: Point, ahead: list[Point]) -> int:
    """Return which of two edges goes on where two pixels touch at a corner: the one to the right, round its pixel."""
    if before is None:
        return 0
    for place, (x, y) in enumerate(ahead):
        if (at[0] - before[0]) * (y - at[1]) - (at[1] - before[1]) * (x - at[0]) > 0:
            return place
    return 0


def _straight(before: Point, at: Point, following: Point) -> bool:
    return (at[0] - before[0], at[1] - before[1]) == (following[0] - at[0], following[1] - at[1])


def _path(corners: list[Point]) -> str:
    steps = [f"M{corners[0][0]} {corners[0][1]}"]
    for (_, y), (to_x, to_y) in zip(corners, corners[1:], strict=False):
        steps.append(f"H{to_x}" if y == to_y else f"V{to_y}")
    return "".join(steps) + "Z"
