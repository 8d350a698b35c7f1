"""How far probabilities can be trusted: sentences, pictures, forest plots."""

__all__: list[str] = []
