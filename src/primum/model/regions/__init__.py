"""Places marked in pictures by a network: masks pixel by pixel, or boxes by their centres, on the shared encoder.

What is named here needs no torch; `primum.model.regions.predictor` is the network itself.
"""

from primum.model.regions.served import ServedRegions
from primum.model.regions.spec import RegionSpec

__all__ = ["RegionSpec", "ServedRegions"]
