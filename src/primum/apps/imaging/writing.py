"""Marks of a picture as files in a folder: all that are asked for, or none."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from primum.apps.imaging.capture import capture
from primum.apps.imaging.marks import Maker, Marks
from primum.apps.imaging.overlay import overlay, png_of
from primum.apps.imaging.presentation import presentation_state
from primum.apps.imaging.segmentation import heat_segmentation, segmentation
from primum.apps.imaging.source import Source
from primum.apps.imaging.structured import structured_report
from primum.errors import InputError, nearest
from primum.files import atomic_path, writing_failed

_Maker = Callable[[Source, Marks, Maker], Any]
OUTPUTS: dict[str, tuple[tuple[str, _Maker], ...]] = {
    "png": (("overlay.png", lambda source, marks, maker: overlay(source.picture, marks)),),
    "seg": (("seg.dcm", segmentation), ("heat-seg.dcm", heat_segmentation)),
    "sr": (("sr.dcm", structured_report),),
    "pr": (("pr.dcm", presentation_state),),
    "sc": (("sc.dcm", capture),),
}
"""What can be asked for, and the files that answer it."""


def write_marks(source: Source, marks: Marks, maker: Maker, out: Path, *, outputs: Sequence[str]) -> list[Path]:
    """Write the files that are asked for and return them; nothing is written where one of them cannot be made.

    Args:
        source: the picture.
        marks: what is said of it.
        maker: who says it.
        out: folder, made where it is missing.
        outputs: of OUTPUTS.
    Raises:
        InputError: an output of another name, or one that source and marks do not allow.
        OutputError: the folder cannot be written to.
    """
    made: dict[str, bytes] = {}
    for name in dict.fromkeys(outputs):
        if name not in OUTPUTS:
            raise InputError(
                f"--as: {name[:40]!r} is no output{nearest(name, OUTPUTS)}; choose of {', '.join(OUTPUTS)}."
            )
        for file, make in OUTPUTS[name]:
            if name != "seg" or _wanted(file, marks):
                made[file] = _bytes(make(source, marks, maker))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file, content in made.items():
            with atomic_path(out / file) as temporary:
                temporary.write_bytes(content)
    except OSError as exc:
        raise writing_failed(out, exc) from exc
    return [out / file for file in made]


def _wanted(file: str, marks: Marks) -> bool:
    """Return whether this of the two segmentations can be made; masks are asked for where neither can."""
    masked = any(one.mask is not None for one in marks.regions)
    return marks.heat is not None if file == "heat-seg.dcm" else masked or marks.heat is None


def _bytes(made: Any) -> bytes:
    if not hasattr(made, "save_as"):
        return png_of(made)
    written = io.BytesIO()
    made.save_as(written, enforce_file_format=True)
    return written.getvalue()
