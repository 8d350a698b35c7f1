"""Calibration: making a probability mean what it says."""

from primum.safety.calibration.calibrator import CALIBRATION_FILE, Calibrator, Map
from primum.safety.calibration.choosing import choose_calibrator
from primum.safety.calibration.figures import calibration_findings
from primum.safety.calibration.methods import METHODS, Method
from primum.safety.calibration.reliability import FEWEST_TO_TELL, RELIABILITY_FILE, Reliability, fit_reliability
from primum.safety.calibration.temperature import inverse_temperature

__all__ = [
    "CALIBRATION_FILE",
    "FEWEST_TO_TELL",
    "METHODS",
    "RELIABILITY_FILE",
    "Calibrator",
    "Map",
    "Method",
    "Reliability",
    "calibration_findings",
    "choose_calibrator",
    "fit_reliability",
    "inverse_temperature",
]
