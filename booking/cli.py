"""The command line: `booking ...`. Each command parses, calls one function and prints; errors are one line."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import FlaskGroup
from flask_migrate import Migrate
from flask_migrate.cli import db as db_commands

from booking.app import MIGRATIONS, create_app
from booking.core.db import db
from booking.core.errors import BookingError


def make_app() -> Flask:
    """The app with what only the command line needs: migrations."""
    app = create_app()
    Migrate(app, db, directory=str(MIGRATIONS))
    return app


cli = FlaskGroup(
    create_app=make_app,
    add_default_commands=False,
    add_version_option=False,
    load_dotenv=False,
    help="Eight till Six: places, payments, registers and fair access for a primary school.",
)
cli.add_command(db_commands)


def main() -> None:
    """Run a command; a wrong environment or a refusal is one line on standard error and exit code 1."""
    try:
        cli.main(prog_name="booking", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        print(f"booking: {error.format_message()}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BookingError as error:
        print(f"booking: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
