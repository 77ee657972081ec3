"""`booking demo`: a synthetic school, the same from the same seed and day."""

from __future__ import annotations

from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.errors import BookingError
from booking.core.jobs import claim_job
from booking.core.settings import Settings
from booking.office.demo.history import fill, this_week, write_history
from booking.office.demo.population import make_population
from booking.office.demo.school import NotEmpty, build_school, is_empty


class NotInProduction(BookingError):
    """A demo school has passwords that anybody may know; production never gets one."""


@click.command("demo")
@click.option("--pupils", type=click.IntRange(10, 10_000), default=210, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--today", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day it stands on; today without it."
)
@click.option(
    "--bookings", is_flag=True, help="With bookings: this week at once, earlier months by the worker."
)
@click.option("--now", "at_once", is_flag=True, help="Do not leave the earlier months to the worker.")
@click.option("--if-empty", is_flag=True, help="Do nothing, and say so, when the database is in use.")
@with_appcontext
def demo(pupils: int, seed: int, day: datetime | None, bookings: bool, at_once: bool, if_empty: bool) -> None:
    """Load a demo school into an empty database, and list its accounts in instance/demo-accounts.json."""
    settings: Settings = current_app.extensions["booking_settings"]
    if settings.is_production:
        raise NotInProduction("BOOKING_ENV=production takes no demo school. Nothing was changed.")
    if if_empty and not is_empty():
        click.echo("The database is in use: it stays as it is.")
        return
    if not is_empty():
        raise NotEmpty
    at = clock.now()
    today = day.date() if day else clock.today(at)
    stands_on = build_school(
        pupils, seed, today, at=at, instance=settings.instance, with_history=bookings, say=click.echo
    )
    if bookings:
        population = make_population(pupils, seed, stands_on)
        click.echo("This week’s bookings")
        fill(population, [this_week(stands_on)], stands_on, _show)
    if bookings and at_once:
        click.echo("The months before")
        with unit_of_work():
            job = claim_job(clock.now())
            job_id = job.id if job else None
        if job_id is not None:
            write_history(job_id)
    click.echo(f"Accounts are in {settings.instance / 'demo-accounts.json'}")


def _show(done: int, total: int) -> None:
    if done == total or done % 100 == 0:
        click.echo(f"  {done} of {total}")
