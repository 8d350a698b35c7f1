"""The safety pillar: what can go wrong before a patient meets it, measured."""

from primum.safety import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.safety.abstention import ABSTENTION_FILE, Abstention, choose_abstention, sureness_of
from primum.safety.calibration import (
    CALIBRATION_FILE,
    FEWEST_TO_TELL,
    RELIABILITY_FILE,
    Calibrator,
    Reliability,
    calibration_findings,
    choose_calibrator,
    fit_reliability,
)
from primum.safety.conformal import CONFORMAL_FILE, Conformal, conformal_findings, fit_conformal
from primum.safety.ensemble import Disagreement, disagreement_findings, disagreement_of
from primum.safety.experts import expert_findings
from primum.safety.folds import out_of_fold
from primum.safety.net_benefit import DecisionCurve, decision_curve, net_benefit_findings
from primum.safety.novelty import Novelty, fit_novelty, novelty_findings, reasons_in_words
from primum.safety.places import place_findings
from primum.safety.probabilities import probability_findings
from primum.safety.risk_coverage import aurc, risk_coverage, risk_findings
from primum.safety.robustness import adversarial_findings, robustness_findings
from primum.safety.rules import rule_findings
from primum.safety.transport import transport_findings

__all__ = [
    "ABSTENTION_FILE",
    "CALIBRATION_FILE",
    "CONFORMAL_FILE",
    "FEWEST_TO_TELL",
    "RELIABILITY_FILE",
    "Abstention",
    "Calibrator",
    "Conformal",
    "DecisionCurve",
    "Disagreement",
    "Novelty",
    "Reliability",
    "adversarial_findings",
    "aurc",
    "calibration_findings",
    "choose_abstention",
    "choose_calibrator",
    "conformal_findings",
    "decision_curve",
    "disagreement_findings",
    "disagreement_of",
    "expert_findings",
    "fit_conformal",
    "fit_novelty",
    "fit_reliability",
    "net_benefit_findings",
    "novelty_findings",
    "out_of_fold",
    "place_findings",
    "probability_findings",
    "reasons_in_words",
    "risk_coverage",
    "risk_findings",
    "robustness_findings",
    "rule_findings",
    "sureness_of",
    "transport_findings",
]
