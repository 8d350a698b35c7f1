"""Readers: one file a format. Each turns a source into a `Table` whose cells are strings."""

from primum.cohort.readers.table import READERS, Table, open_table

__all__ = ["READERS", "Table", "open_table"]
