"""How often the interval for a new place holds it, beside the usual one (REML, Hartung and Knapp, t with k - 2)."""

from __future__ import annotations

import numpy as np
from scipy import stats

from primum.evidence.pooling import between_variance, next_place

REPEATS = 250


def usual(values: np.ndarray, variances: np.ndarray) -> tuple[float, float]:
    """Return the prediction interval of Higgins, Thompson & Spiegelhalter 2009 with Hartung and Knapp's error."""
    k, tau2 = len(values), between_variance(values, variances)
    weights = 1 / (variances + tau2)
    mean = weights @ values / weights.sum()
    error2 = max(1.0, weights @ (values - mean) ** 2 / (k - 1)) / weights.sum()
    half = stats.t.ppf(0.975, k - 2) * np.sqrt(tau2 + error2)
    return mean - half, mean + half


def main() -> None:
    """Print the share of new places held, for places of unequal size."""
    rng = np.random.default_rng(1)
    print("places  tau  ours  usual")
    for k in (3, 6, 10):
        for tau in (0.0, 0.4):
            held = np.zeros(2)
            for _ in range(REPEATS):
                errors = rng.uniform(0.1, 0.6, k)
                values, new = rng.normal(rng.normal(1.5, tau, k), errors), rng.normal(1.5, tau)
                ends = (next_place(values, errors**2), usual(values, errors**2))
                held += [low <= new <= high for low, high in ends]
            print(f"{k:6d}  {tau:.1f}  {held[0] / REPEATS:.3f}  {held[1] / REPEATS:.3f}", flush=True)


if __name__ == "__main__":
    main()
