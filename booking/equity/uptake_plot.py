"""The dot plot of an uptake report: one row for each group that is compared, and the word for those withheld."""

from __future__ import annotations

from booking.equity.dot_plot import PlotRow, PlotWords, dot_plot
from booking.equity.protected_uptake import UptakeReport
from booking.equity.uptake import characteristics


def plot_rows(report: UptakeReport) -> list[PlotRow]:
    """The rows of the plot, in the order of the tables; groups that others are only held against have none."""
    reference = {
        (characteristic.key, group)
        for characteristic in characteristics([table.key for table in report.tables])
        for group in characteristic.reference
    }
    return [
        PlotRow(row.group, row.percent, row.low, row.high, row.rest_percent)
        for table in report.tables
        for row in table.rows
        if (table.key, row.group) not in reference
    ]


def uptake_plot(report: UptakeReport, when: str, identity: str = "uptake", *, wide: bool = False) -> str:
    """The plot as SVG; `when` is said like "in the autumn term"."""
    return dot_plot(plot_rows(report), PlotWords(f"Who took part {when}"), identity, wide=wide)
