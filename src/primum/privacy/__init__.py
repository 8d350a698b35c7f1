"""Privacy: what leaves, what leaks, and the proof."""

__all__: list[str] = []
