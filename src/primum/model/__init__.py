"""Models: inputs become tensors, encoders turn them into features, fusion and head answer.

Only what needs no torch is named here, so that the list of backbones can be shown by a core install.
"""

from primum.model.backbones import BACKBONES, Backbone, locate_backbone

__all__ = ["BACKBONES", "Backbone", "locate_backbone"]
