"""Noise, draws and epsilon: against closed forms, another way of composing, and counting."""

import numpy as np
import pytest
from scipy import optimize, stats

from primum.errors import StudyError
from primum.training.private import PoissonPatients, PrivacyPlan, budget_of
from primum.training.private.budget import Budget


def _gaussian_delta(epsilon, noise):
    """Balle and Wang 2018, theorem 8: the exact delta of one Gaussian mechanism of sensitivity 1."""
    return stats.norm.cdf(0.5 / noise - epsilon * noise) - np.exp(epsilon) * stats.norm.cdf(
        -0.5 / noise - epsilon * noise
    )


def _budget(noise, rate, steps, accountant="prv", delta=1e-4):
    return Budget(accountant=accountant, delta=delta, rate=rate, steps=steps, noise=noise, clip=1.0, patients=1000)


@pytest.mark.parametrize("steps", [1, 30])
def test_without_sampling_epsilon_is_that_of_the_gaussian_mechanism(steps):
    noise = 4.0
    wanted = optimize.brentq(lambda e: _gaussian_delta(e, noise / np.sqrt(steps)) - 1e-4, 0.0, 50.0)
    found = _budget(noise, 1.0, steps).epsilon(steps)
    assert wanted <= found <= wanted * 1.01 + 0.02  # the accountant gives an upper bound, epsilon_error 0.01


def test_with_sampling_epsilon_lies_between_quadrature_and_renyi():
    """An independent composition: the privacy loss's distribution by quadrature, composed by Fourier transform."""
    noise, rate, steps, delta = 1.1, 0.05, 200, 1e-4

    def loss(x):
        return np.log1p(rate * np.expm1((2 * x - 1) / (2 * noise**2)))

    width, cells = 0.0005, 2**18
    x = np.linspace(-12 * noise, 1 + 12 * noise, 2_000_001)
    mix = (1 - rate) * stats.norm.pdf(x, 0, noise) + rate * stats.norm.pdf(x, 1, noise)
    places = np.round(loss(x) / width).astype(int) + cells // 2
    mass = np.bincount(places, weights=mix * (x[1] - x[0]), minlength=cells)
    composed = np.fft.irfft(np.fft.rfft(np.roll(mass, -cells // 2)) ** steps, cells)
    losses = np.fft.fftfreq(cells, 1 / cells) * width

    def exceeds(epsilon):
        return float(np.sum(composed * np.clip(1 - np.exp(epsilon - losses), 0, None)))

    wanted = optimize.brentq(lambda e: exceeds(e) - delta, 0.01, 30.0)
    found = _budget(noise, rate, steps, delta=delta).epsilon(steps)
    assert abs(found - wanted) <= 0.01 * wanted + 0.011
    assert found <= _budget(noise, rate, steps, "rdp", delta).epsilon(steps)


@pytest.mark.parametrize("accountant", ["prv", "rdp"])
def test_the_noise_keeps_what_is_asked_and_is_no_larger_than_it_must_be(accountant):
    plan = PrivacyPlan(epsilon=3.0, accountant=accountant)
    budget = budget_of(plan, patients=500, rate=0.2, steps=50)
    assert budget.delta == pytest.approx(0.1 / 500)
    assert 2.9 <= budget.epsilon(50) <= 3.0
    assert budget.epsilon(25) < budget.epsilon(50)
    assert budget.epsilon(0) == 0.0


def test_a_delta_above_one_over_the_patients_promises_nothing():
    with pytest.raises(StudyError, match="is above one over the 100 patients"):
        budget_of(PrivacyPlan(epsilon=1.0, delta=0.011), patients=100, rate=0.1, steps=10)


def test_every_patient_is_drawn_alike_however_many_records_they_have():
    patients = np.array(["a"] * 50 + ["b", "c", "d"] + ["e"] * 5, dtype=object)
    sampler = PoissonPatients(patients, expected=2, seed=1)
    assert sampler.patients == 5 and len(sampler) == 2
    batches = [batch for _ in range(4000) for batch in sampler]
    counts = dict.fromkeys("abcde", 0)
    for batch in batches:
        drawn = [patients[row] for row in batch]
        assert len(set(drawn)) == len(drawn)
        for patient in drawn:
            counts[patient] += 1
    low, high = stats.binom.interval(1 - 1e-5, len(batches), 0.4)
    assert all(low <= count <= high for count in counts.values())
    sizes = np.bincount([len(batch) for batch in batches], minlength=6)
    assert stats.chisquare(sizes, stats.binom.pmf(np.arange(6), 5, 0.4) * len(batches)).pvalue > 1e-4
    assert len({row for batch in batches for row in batch}) == len(patients)


def test_draws_are_secret_unless_a_test_seeds_them():
    patients = np.arange(200).astype(str).astype(object)
    first, second = ([list(b) for b in PoissonPatients(patients, expected=50)] for _ in range(2))
    assert first != second
