"""Large libraries are imported at their first use, once, and are themselves afterwards."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.stats

from primum import later


def test_what_is_asked_for_is_the_librarys_own():
    assert later.stats.norm is scipy.stats.norm
    assert later.sparse.csgraph.connected_components is scipy.sparse.csgraph.connected_components
    assert isinstance(scipy.sparse.csr_matrix(np.eye(2)), later.sparse.csr_matrix)


def test_nothing_is_imported_before_it_is_asked_for():
    program = (
        "import sys, threading\n"
        "from primum import later\n"
        "print('scipy' in sys.modules)\n"
        "found = []\n"
        "threads = [threading.Thread(target=lambda: found.append(later.special.expit(0.0))) for _ in range(8)]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
        "print(found == [0.5] * 8, 'scipy.stats' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False", "True False"]


def test_what_a_library_has_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        later.stats.nothing  # noqa: B018 - asked for on purpose
    assert not hasattr(later.stats, "__nothing__")
