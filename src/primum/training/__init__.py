"""Training: fit, objectives, batching, baselines, and the proof that a model trained."""

__all__: list[str] = []
