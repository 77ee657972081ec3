"""`booking equity report`: the protected report of a finished period, never raw counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from booking.core import clock
from booking.core.db import unit_of_work
from booking.equity.commands import equity
from booking.equity.papers import as_csv, as_json, as_pdf
from booking.equity.releases import Issued, check_breakdown, draft_release, find_release, keep_release
from booking.equity.withholding import PUBLIC_THRESHOLD

A_DAY = click.DateTime(["%Y-%m-%d"])
WRITERS: dict[str, Callable[[Issued], bytes]] = {"json": as_json, "csv": as_csv, "pdf": as_pdf}


@equity.command("report")
@click.option(
    "--from", "starts_on", type=A_DAY, required=True, help="First day of a half-term, term or year."
)
@click.option("--to", "ends_on", type=A_DAY, required=True, help="Its last day.")
@click.option(
    "--by", multiple=True, help="A breakdown, such as pupil_premium; all of them when none is named."
)
@click.option(
    "--k", type=int, default=PUBLIC_THRESHOLD, show_default=True, help="Counts below it are protected."
)
@click.option("--format", "kind", type=click.Choice(sorted(WRITERS)), default="json", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output without it."
)
@with_appcontext
def report_command(
    starts_on: datetime, ends_on: datetime, by: tuple[str, ...], k: int, kind: str, out: Path | None
) -> None:
    """Print the released report: made once, then the same bytes for the same request."""
    first, last, breakdown = starts_on.date(), ends_on.date(), check_breakdown(by)
    at = clock.now()
    issued = find_release(first, last, breakdown, k)
    if issued is None:
        draft = draft_release(first, last, breakdown, today=clock.today(at), k=k)
        with unit_of_work():
            issued = keep_release(draft, at=at, user_id=None)
    content: bytes = WRITERS[kind](issued)
    if out is None:
        click.echo(content, nl=False)
    else:
        out.write_bytes(content)
        click.echo(f"{out}: {issued.period_name}, threshold {k}", err=True)
