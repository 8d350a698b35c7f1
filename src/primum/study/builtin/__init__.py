"""Studies that come with primum."""
