"""`booking pupils`: the roll on the command line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.office.import_jobs import AT_ONCE
from booking.office.rolling_over import ask_roll_over
from booking.people.ctf_writing import export_ctf
from booking.people.import_file import Choices, import_pupils
from booking.people.import_matching import NEW
from booking.people.import_report import printable
from booking.people.import_runs import ImportRun
from booking.people.import_undo import last_run_id, undo_run
from booking.people.roll_over import RollOver, RollOverChoices, plan_roll_over


class NotAnAnswer(BookingError):
    """What stands behind `--same` or `--new` cannot be read; nothing was done."""


@click.group()
def pupils() -> None:
    """The roll."""


@pupils.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format", "kind", type=click.Choice(["csv", "ctf"]), help="What FILE is; without it the content says."
)
@click.option("--dry-run", is_flag=True, help="Only print what would happen.")
@click.option(
    "--expected", "is_expected", is_flag=True, help="An admissions list: these children are to come."
)
@click.option("--same", multiple=True, metavar="LINE=PUPIL_ID", help="This line is that child on the roll.")
@click.option("--new", type=int, multiple=True, metavar="LINE", help="This line is a new child.")
@with_appcontext
def import_file(
    file: Path,
    kind: str | None,
    dry_run: bool,
    is_expected: bool,
    same: tuple[str, ...],
    new: tuple[int, ...],
) -> None:
    """Add and change pupils from FILE: all of it, or nothing when a row is wrong.

    A child who is known by name and date of birth alone is asked about: answer with --same or --new.
    """
    choices = Choices(
        kind=kind, is_expected=is_expected, answers={**_answers(same), **dict.fromkeys(new, NEW)}
    )
    plan = import_pupils(file, choices=choices, dry_run=dry_run, at=clock.now(), user_id=None, phase=_show)
    for line in printable(plan):
        click.echo(line)


def _show(_phase: str, rows: int) -> None:
    """Say what takes long; a small file is done before anybody wonders."""
    if rows > AT_ONCE:
        click.echo(f"{rows} pupils are read. Now they are written, all in one step.", err=True)


def _answers(same: tuple[str, ...]) -> dict[int, int]:
    """`12=340` as line and pupil."""
    found = {}
    for one in same:
        line, _, pupil_id = one.partition("=")
        if not (line.isdecimal() and pupil_id.isdecimal()):
            raise NotAnAnswer(f"“{one}” cannot be read. Write --same LINE=PUPIL_ID, such as --same 12=340.")
        found[int(line)] = int(pupil_id)
    return found


@pupils.command("export")
@click.option("--format", "kind", type=click.Choice(["ctf"]), default="ctf", show_default=True)
@click.option("--authority", default="000", help="The three figures of the local authority.")
@click.option("--school", default="0000", help="The four figures of the school.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@with_appcontext
def export_file(kind: str, authority: str, school: str, out: Path) -> None:
    """Write the pupils on the roll to a common transfer file; it is noted in the log of who saw what."""
    with unit_of_work():
        content = export_ctf(at=clock.now(), user_id=None, authority=authority, school=school)
    out.touch(mode=0o600)
    out.write_bytes(content)
    click.echo(f"{out}: the pupils on the roll, as a common transfer file")


@pupils.command("undo")
@click.argument("run_id", type=int, required=False)
@with_appcontext
def undo(run_id: int | None) -> None:
    """Take back the import or roll-over RUN_ID, or the last one: exactly what was before, or nothing."""
    with unit_of_work():
        run = undo_run(run_id or last_run_id(), at=clock.now(), user_id=None)
        click.echo(f"{run.id}: {run.file_name} is undone")


@pupils.command("imports")
@with_appcontext
def list_imports() -> None:
    """Print the last imports and roll-overs, newest first, with the numbers that undo takes."""
    for run in db.session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(20)):
        day = f"{clock.to_school(run.made_at):%d/%m/%Y %H:%M}"
        click.echo(f"{run.id}: {day} {run.file_name}, {run.state}, {run.added} added, {run.changed} changed")


@pupils.command("roll-over")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The 1 September, as YYYY-MM-DD."
)
@click.option("--dry-run", is_flag=True, help="Only print what would happen.")
@click.option("--class", "classes", multiple=True, metavar="OLD=NEW", help="What a class is called then.")
@click.option(
    "--leavers-left-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="All of Year 6 leave; this is their last day.",
)
@click.option("--nursery-goes-up", is_flag=True, help="All of the older nursery year start Reception.")
@with_appcontext
def roll_over(
    on: datetime,
    dry_run: bool,
    classes: tuple[str, ...],
    leavers_left_on: datetime | None,
    nursery_goes_up: bool,
) -> None:
    """Move every year group up by one; before its day it waits for the worker."""
    bare, named = plan_roll_over(on.date()), dict(_new_name(one) for one in classes)
    strange = sorted(set(named) - {name for name, _ in bare.groups})
    if strange:
        raise NotAnAnswer(f"There is no class {', '.join(strange)} that goes up. Nothing was done.")
    choices = RollOverChoices(
        classes={group: named[group[0]] for group in bare.groups if group[0] in named},
        leavers=frozenset(one.pupil_id for one in bare.year_six if leavers_left_on),
        left_on=leavers_left_on.date() if leavers_left_on else None,
        goes_up=frozenset(one.pupil_id for one in bare.nursery if nursery_goes_up),
    )
    for line in _roll_over_lines(plan_roll_over(on.date(), choices)):
        click.echo(line)
    if dry_run:
        click.echo("Nothing was changed.")
        return
    with unit_of_work():
        run = ask_roll_over(on.date(), choices, at=clock.now(), user_id=None)
        words = "done" if run.state == "applied" else f"waits for {on:%d/%m/%Y}"
        click.echo(f"{run.id}: {words}. To take it back: booking pupils undo {run.id}")


def _new_name(text: str) -> tuple[str, str]:
    """`Oak=Elm` as the old and the new name of a class."""
    old, sign, new = text.partition("=")
    if not (old and sign):
        raise NotAnAnswer(f"“{text}” cannot be read. Write --class OLD=NEW.")
    return old, new


def _roll_over_lines(plan: RollOver) -> list[str]:
    """Who goes up, who leaves, and what only the school can say."""
    leaving = [one for one in plan.moves if one.leaves]
    lines = [f"{plan.on:%d/%m/%Y}: {len(plan.moves) - len(leaving)} go up, {len(leaving)} leave"]
    for one in plan.moves:
        what = "leaves" if one.leaves else f"{one.new_year}, {one.new_class or 'no class'}"
        lines.append(f"  ~ {one.name}: {one.old_year}, {one.old_class or 'no class'} -> {what}")
    lines += [
        f"  ? {one.words}: in Year 6; has not been said to leave" for one in plan.year_six if not one.leaves
    ]
    lines += [f"  ? {one.words}: stays in nursery" for one in plan.nursery if not one.is_move]
    return lines
