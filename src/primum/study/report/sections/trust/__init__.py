"""The section of the report that says how far probabilities can be trusted."""
