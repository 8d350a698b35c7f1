"""Everything that a table of probabilities tells of how far they can be trusted, whoever's model it is."""

from __future__ import annotations

from primum.evidence import Finding, Predictions
from primum.safety.abstention import Abstention
from primum.safety.calibration import calibration_findings
from primum.safety.net_benefit import net_benefit_findings
from primum.safety.risk_coverage import risk_findings


def probability_findings(
    predictions: Predictions,
    before: Predictions | None = None,
    *,
    abstention: Abstention | None = None,
    n_resamples: int = 1000,
    seed: int = 7,
) -> list[Finding]:
    """Return calibration, risk by share answered and net benefit on test and external; nothing for a number.

    Args:
        predictions: in use.
        before: before calibration, where it changed them.
        abstention: the threshold in use.
        n_resamples: of the bootstrap over patients.
        seed: of the bootstrap.
    """
    findings = calibration_findings(predictions, before, n_resamples=n_resamples, seed=seed)
    findings += risk_findings(predictions, abstention, n_resamples=n_resamples, seed=seed)
    return findings + net_benefit_findings(predictions)
