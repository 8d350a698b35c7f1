"""Models: inputs become tensors, encoders turn them into features, fusion and head answer."""
