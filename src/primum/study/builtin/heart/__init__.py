"""The built-in study: coronary heart disease in four hospitals."""
