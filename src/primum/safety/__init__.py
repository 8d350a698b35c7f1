"""Safety: what can go wrong, measured before a patient meets it."""

__all__: list[str] = []
