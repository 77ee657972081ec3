"""Importing on the command line: questions refused with the list, answers by line, the way back by number."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from booking.core.db import db
from booking.core.errors import BookingError
from booking.office.pupil_commands import pupils
from booking.people.import_report import Unanswered
from booking.people.models import Pupil
from tests.builders import a_pupil
from tests.people.import_files import a_file, a_line, a_upn

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "roll.csv"
    path.write_bytes(a_file(a_line(upn=a_upn(1), cls="Elm")))
    return str(path)


def run(*arguments: str) -> Result:
    db.session.rollback()
    return CliRunner().invoke(pupils, arguments)


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Pupil)) or 0


def test_without_an_answer_it_is_refused_with_the_list(file: str) -> None:
    pupil = a_pupil(surname="Okafor", forename="Ada", upn=None)
    done = run("import", file)
    assert isinstance(done.exception, Unanswered)
    assert f"--same 2={pupil.id} or --new 2" in str(done.exception)
    looked = run("import", file, "--dry-run")
    assert (looked.exit_code, "to be asked 1" in looked.output) == (0, True)


def test_same_and_new(file: str) -> None:
    pupil = a_pupil(surname="Okafor", forename="Ada", upn=None)
    assert "changed 1" in run("import", file, "--same", f"2={pupil.id}").output
    assert "is undone" in run("undo").output
    assert "added 1" in run("import", file, "--new", "2").output
    assert count() == 2
    assert isinstance(run("import", file, "--same", "two").exception, BookingError)


def test_an_admissions_list(file: str) -> None:
    run("import", file, "--expected")
    assert db.session.scalars(select(Pupil.status)).one() == "expected"


def test_undo_by_number_and_the_list_of_numbers(file: str) -> None:
    printed = run("import", file).output
    number = printed.rsplit("booking pupils undo ", 1)[1].strip()
    assert f"{number}: " in run("imports").output
    assert "is undone" in run("undo", number).output
    assert count() == 0
    assert isinstance(run("undo", number).exception, BookingError)
