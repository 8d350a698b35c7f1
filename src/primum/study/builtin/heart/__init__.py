"""The built-in study: coronary heart disease in four hospitals."""

__all__: list[str] = []
