"""The report of a run: one self-contained HTML file that a committee can read."""

from primum.study.report.render import render_report

__all__ = ["render_report"]
