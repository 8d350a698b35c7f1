"""The knowledge room: what is known of medicine without any patient, as data that answers are held against."""

__all__: list[str] = []
