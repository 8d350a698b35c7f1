"""Names of what a training leaves in a run's folder; readable without what training needs."""

from __future__ import annotations

SHARDS = "shards"
"""Folder with each shard's head. It is no part of the model: a head tells more of its few patients than their mean."""
