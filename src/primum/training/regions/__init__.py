"""Fitting networks that mark places in pictures, and the threshold baseline beside them."""

from primum.training.regions.baseline import threshold_marks
from primum.training.regions.fit import RegionFitRequest, RegionFitted, fit_regions

__all__ = ["RegionFitRequest", "RegionFitted", "fit_regions", "threshold_marks"]
