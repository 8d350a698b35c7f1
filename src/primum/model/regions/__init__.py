"""Places marked in pictures by a network: masks pixel by pixel, or boxes by their centres, on the shared encoder."""

from primum.model.regions.predictor import RegionPredictor
from primum.model.regions.spec import RegionSpec

__all__ = ["RegionPredictor", "RegionSpec"]
