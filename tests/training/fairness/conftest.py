import numpy as np
import pytest

from primum.cohort import Cohort
from tests.training.fairness.planted import planted


@pytest.fixture(scope="session")
def biased() -> tuple[Cohort, np.ndarray]:
    """The planted cohort and its split."""
    return planted()
