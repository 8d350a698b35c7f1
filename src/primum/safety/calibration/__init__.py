"""Calibration: making a probability mean what it says."""

from primum.safety.calibration.calibrator import CALIBRATION_FILE, Calibrator, Map
from primum.safety.calibration.choosing import choose_calibrator
from primum.safety.calibration.figures import calibration_findings
from primum.safety.calibration.methods import METHODS, Method
from primum.safety.calibration.temperature import inverse_temperature

__all__ = [
    "CALIBRATION_FILE",
    "METHODS",
    "Calibrator",
    "Map",
    "Method",
    "calibration_findings",
    "choose_calibrator",
    "inverse_temperature",
]
