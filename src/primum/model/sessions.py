"""ONNX Runtime sessions on the CPU; no torch, so that a serving process can open them too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from primum.extras import require


def open_session(model: bytes | Path, *, threads: int, approximate: bool = False, purpose: str = "A fast model") -> Any:
    """Return an ONNX Runtime session for a serialised model.

    Args:
        model: the model, or its file: opened from there it takes up to 90 MiB less of memory.
        threads: that one call may use.
        approximate: GELU by its tanh form, which differs by under 0.001, a fraction of the rounding to 8 bits.
        purpose: what needs it, for the error.
    Raises:
        ExtraMissingError: ONNX Runtime is not installed.
    """
    runtime = require("onnxruntime", extra="serve", purpose=purpose)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # a plan for every shape costs more than it saves when no two batches are alike
    if approximate:
        options.add_session_config_entry("optimization.enable_gelu_approximation", "1")
    # The fused skip-and-normalise kernel is several times slower than the two it replaces (benchmarks/predict.py).
    return runtime.InferenceSession(
        str(model) if isinstance(model, Path) else model,
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=["SkipLayerNormFusion"],
    )


def usable_threads() -> int:
    """Return how many threads a process may use: OMP_NUM_THREADS, else the processor cores it may run on."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
