"""The section of the report that says how far probabilities can be trusted."""

__all__: list[str] = []
