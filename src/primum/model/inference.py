"""The one place that says how a model is asked without being trained."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_PLAIN_KERNELS = platform.machine() in ("x86_64", "AMD64")
"""On x86 the plain float32 matrix product is as fast as oneDNN's, elsewhere it is not."""


@contextmanager
def inference() -> Iterator[None]:
    """Ask a model: no gradients, and memory that does not grow with the number of different batch shapes."""
    with plain_kernels(), torch.inference_mode():
        yield


@contextmanager
def fused_kernels() -> Iterator[None]:
    """Compute with oneDNN whatever is set around: convolutions are ten times slower without it, and shapes are few."""
    backend: Any = torch.backends.mkldnn
    enabled: bool = backend.enabled
    backend.enabled = True
    try:
        yield
    finally:
        backend.enabled = enabled


@contextmanager
def plain_kernels() -> Iterator[None]:
    """Keep memory from growing with the number of different batch shapes.

    oneDNN keeps a compiled kernel and its scratch memory for every shape it has met, up to 1,024 of them: some 700 MiB
    once 10,000 notes of all lengths have been read. Training keeps it: its bf16 products are several times faster.
    """
    backend: Any = torch.backends.mkldnn  # its property is typed as the descriptor that makes it
    enabled: bool = backend.enabled
    backend.enabled = enabled and not _PLAIN_KERNELS
    try:
        yield
    finally:
        backend.enabled = enabled
