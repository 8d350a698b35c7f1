"""Training: fit, objectives, batching, baselines, and the proof that a model trained."""
