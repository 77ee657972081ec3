"""`booking pupils`: the roll on the command line."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.errors import BookingError
from booking.people.ctf_writing import export_ctf
from booking.people.import_file import Choices, import_pupils
from booking.people.import_matching import NEW
from booking.people.import_report import printable
from booking.people.import_undo import last_run_id, undo_run


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
    plan = import_pupils(file, choices=choices, dry_run=dry_run, at=clock.now(), user_id=None)
    for line in printable(plan):
        click.echo(line)


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
