"""The command line: `booking ...`. Each command parses, calls one function and prints; an error is one line."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup
from flask_migrate import Migrate
from flask_migrate.cli import db as migrations
from sqlalchemy.exc import SQLAlchemyError

from booking import worker
from booking.api.tokens import make_token, revoke_token
from booking.app import MIGRATIONS, create_app
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.core.settings import Settings
from booking.core.vault import seal_next_batch, sealed_models
from booking.equity.report_command import equity
from booking.office.backup import restore_backup, write_backup
from booking.office.checks import all_problems
from booking.office.demo.commands import demo
from booking.office.pupil_commands import pupils
from booking.office.retention import apply_rules, confirm_rules, due, is_confirmed
from booking.payments.gateway import gateway_of
from booking.payments.reconciliation import reconcile
from booking.people.invitations import invite
from booking.people.models import ROLES
from booking.people.second_step import forget_factors
from booking.people.sign_in import find_user
from booking.registers.paper_kinds import KINDS
from booking.registers.printing import print_registers

A_DAY = click.DateTime(["%Y-%m-%d"])


def make_app() -> Flask:
    """The app with what only the command line needs: migrations."""
    app = create_app()
    Migrate(app, db, directory=str(MIGRATIONS))
    return app


def settings() -> Settings:
    """The settings that the app was built with."""
    found: Settings = current_app.extensions["booking_settings"]
    return found


cli = FlaskGroup(
    create_app=make_app,
    add_default_commands=False,
    add_version_option=False,
    load_dotenv=False,
    params=[],
    help="Eight till Six: places, payments, registers and fair access for a primary school.",
)
cli.add_command(migrations)
cli.add_command(equity)
cli.add_command(demo)
cli.add_command(pupils)


@cli.command()
@click.option("--date", "day", type=A_DAY, required=True, help="The school day, as YYYY-MM-DD.")
@click.option("--last", type=A_DAY, help="The last day, for a week of sheets.")
@click.option("--kind", default="door,leader", show_default=True, help=f"With commas: {', '.join(KINDS)}.")
@click.option("--session", "session_id", type=int, help="One session only.")
@click.option("--club", "activity_id", type=int, help="One activity only, by its number.")
@click.option("--room", "room_id", type=int, help="One room only, by its number.")
@click.option("--class", "class_name", help="One class only, for going_home.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def register(day: datetime, last: datetime | None, kind: str, out: Path, **narrowed: Any) -> None:
    """Write the sheets of a day, or of a week, as one PDF."""
    with unit_of_work():
        content = print_registers(
            day.date(), last=last and last.date(), kinds=kind.split(","), at=clock.now(), **narrowed
        )
    out.write_bytes(content)
    click.echo(f"{out}: registers of {day.date():%d/%m/%Y}")


@cli.command("reconcile")
def reconcile_command() -> None:
    """Hold payments against Stripe and the ledger; print each difference."""
    differences = reconcile(
        clock.now(), gateway=gateway_of(settings()), progress=lambda words: click.echo(words, err=True)
    )
    for difference in differences:
        click.echo(str(difference))
    click.echo(f"{len(differences)} differences")
    if differences:
        raise SystemExit(1)


@cli.command()
def check() -> None:
    """Hold every invariant against the database; print the rows that break one, and exit with 1."""
    problems = all_problems()
    for problem in problems:
        click.echo(problem)
    click.echo(f"{len(problems)} problems")
    if problems:
        raise SystemExit(1)


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write a whole, verified copy of the database to FILE, while it is in use."""
    facts = write_backup(
        file,
        revision=current_app.config["MIGRATION_HEAD"],
        field_keys=settings().sealing_keys,
        at=clock.now(),
    )
    click.echo(f"{file}: {facts.rows} rows, read back and right")
    for key_id in facts.key_ids:
        click.echo(f"To restore it you need the field key {key_id}, which is not in it.")


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Load a backup into an empty, migrated database: all of it, or nothing."""
    facts = restore_backup(
        file, revision=current_app.config["MIGRATION_HEAD"], field_keys=settings().sealing_keys
    )
    click.echo(f"{facts.rows} rows from {facts.made_at} are back")
    for key_id in facts.key_ids:
        click.echo(f"It uses the field key {key_id}.")


@cli.command("worker")
def worker_command() -> None:
    """Do what is due in the background until stopped; two may run."""
    worker.run(current_app._get_current_object(), settings())  # type: ignore[attr-defined]


@cli.group()
def token() -> None:
    """Keys of other programs to the JSON interface."""


@token.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="What it may do, such as sessions:read."
)
def create_token(name: str, scopes: tuple[str, ...]) -> None:
    """Print a new token, this once."""
    with unit_of_work():
        made = make_token(name, scopes, at=clock.now())
    click.echo(made)


@token.command("revoke")
@click.argument("name")
def end_token(name: str) -> None:
    """End every token of NAME at once."""
    with unit_of_work():
        count = revoke_token(name, at=clock.now())
    click.echo(f"{count} ended")


@cli.command()
@click.option("--dry-run", is_flag=True, help="Only print what would be taken away.")
@click.option("--confirm", is_flag=True, help="Say yes to the rules: from now on the worker does it daily.")
def retention(dry_run: bool, confirm: bool) -> None:
    """Take away what is kept no longer, by rule, with proof; a legal hold goes before every rule."""
    at = clock.now()
    with unit_of_work():
        if confirm:
            confirm_rules(at=at, user_id=None)
        if not dry_run and not is_confirmed():
            raise BookingError(
                "Nobody has said yes to the rules yet. Look with --dry-run, then use --confirm."
            )
        found = due(at) if dry_run else apply_rules(at=at, user_id=None)
        lines = [f"{len(one.ids):>6}  {one.words}" for one in found]
    click.echo("\n".join(lines) or "Nothing is due.")


@cli.group()
def keys() -> None:
    """The keys of encrypted fields."""


@keys.command("rotate")
def rotate_keys() -> None:
    """Seal everything afresh with the first of FIELD_KEYS, in batches, while the school is in use."""
    count = 0
    for model in sealed_models():
        after = 0
        while True:
            with unit_of_work():
                after, sealed = seal_next_batch(model, after=after)
            count += sealed
            if not after:
                break
    click.echo(f"{count} rows sealed afresh; every row is under the first key now")


@cli.group()
def user() -> None:
    """People who sign in."""


@user.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--name", default=None, help="How the person is called.")
def create_user(email: str, role: str, name: str | None) -> None:
    """Print a one-time link with which EMAIL joins in a role."""
    if "@" not in email:
        raise BookingError(f"“{email}” is not an e-mail address. Nothing was made.")
    with unit_of_work():
        token = invite(email, role, at=clock.now(), by_user_id=None, name=name)
    click.echo(f"{settings().base_url}/join/{token}")


@user.command("forget-keys")
@click.argument("email")
def forget_keys(email: str) -> None:
    """Take passkeys and codes of EMAIL away when nobody else can; the next sign-in sets up new ones."""
    found = find_user(email)
    if found is None:
        raise BookingError(f"Nobody signs in with “{email}”. Nothing was changed.")
    with unit_of_work():
        forget_factors(found, at=clock.now(), by=None)
    click.echo(f"{email} sets up new keys at the next sign-in; a letter says so")


def main() -> None:
    """Run a command; a wrong environment or a refusal is one line on standard error, exit code 1."""
    try:
        code = cli.main(prog_name="booking", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        _complain(error.format_message(), error.exit_code)
    except BookingError as error:
        _complain(str(error), 1)
    except SQLAlchemyError as error:
        _complain(f"the database refuses: {str(error.__cause__ or error).splitlines()[0]}", 1)
    except OSError as error:
        _complain(str(error), 1)
    else:
        if code:
            sys.exit(code)


def _complain(sentence: str, code: int) -> None:
    print(f"booking: {sentence}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
