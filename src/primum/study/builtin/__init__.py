"""Studies that come with primum."""

__all__: list[str] = []
