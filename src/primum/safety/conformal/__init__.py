"""Conformal prediction: sets of classes and intervals of numbers that hold the truth as often as promised."""

from primum.safety.conformal.figures import conformal_findings
from primum.safety.conformal.quantiles import GroupQuantile, fit_quantile, order_statistic
from primum.safety.conformal.scores import SCORES, Score
from primum.safety.conformal.sets import CONFORMAL_FILE, Conformal, fit_conformal, slices_with_site

__all__ = [
    "CONFORMAL_FILE",
    "SCORES",
    "Conformal",
    "GroupQuantile",
    "Score",
    "conformal_findings",
    "fit_conformal",
    "fit_quantile",
    "order_statistic",
    "slices_with_site",
]
