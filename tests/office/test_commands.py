"""Every command of the outside face, run as an operator runs it: exit codes, one line of error, what it leaves."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.school import run_booking, school_environment

PUPILS = "40"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A small demo school on SQLite with its week, no history."""
    environment = school_environment(tmp_path_factory.mktemp("commands"))
    environment.pop("STRIPE_API_BASE")
    for arguments in (("db", "upgrade"), ("demo", "--pupils", PUPILS, "--seed", "3")):
        done = run_booking(environment, *arguments)
        assert done.returncode == 0, done.stderr
    return environment


def _one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        ("demo",),
        ("pupils", "import"),
        ("register",),
        ("equity", "report"),
        ("equity", "mixing"),
        ("equity", "gap"),
        ("equity", "fdr"),
        ("equity", "protect"),
        ("equity", "attack"),
        ("reconcile",),
        ("check",),
        ("backup",),
        ("restore",),
        ("worker",),
        ("user", "create"),
        ("db", "upgrade"),
    ],
)
def test_every_command_helps(env: dict[str, str], command: tuple[str, ...]) -> None:
    done = run_booking(env, *command, *(() if command == ("--help",) else ("--help",)))
    assert done.returncode == 0, done.stderr
    assert "Usage: booking" in done.stdout


def test_the_demo_writes_accounts_of_every_role_that_only_this_user_can_read(env: dict[str, str]) -> None:
    path = Path(env["BOOKING_INSTANCE"]) / "demo-accounts.json"
    accounts = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {account["role"] for account in accounts} >= {"parent", "staff", "manager", "governor", "admin"}
    assert all(set(account) == {"email", "password", "role"} for account in accounts)


def test_the_demo_refuses_a_second_time(env: dict[str, str]) -> None:
    assert "Nothing was changed" in _one_line(run_booking(env, "demo", "--pupils", PUPILS, "--seed", "3"))


def test_the_demo_is_the_same_from_the_same_seed_and_day(tmp_path: Path) -> None:
    found = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        env = school_environment(folder)
        run_booking(env, "db", "upgrade")
        done = run_booking(env, "demo", "--pupils", "20", "--seed", "9", "--today", "2026-11-23")
        assert done.returncode == 0, done.stderr
        found.append(json.loads((folder / "demo-accounts.json").read_text()))
    assert [a["email"] for a in found[0]] == [a["email"] for a in found[1]]


def test_check_finds_nothing_after_the_demo(env: dict[str, str]) -> None:
    done = run_booking(env, "check")
    assert (done.returncode, done.stdout.strip()) == (0, "0 problems"), done.stdout


def test_a_backup_restores_on_another_path_and_passes_the_check(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "school.zip"
    done = run_booking(env, "backup", str(file))
    assert done.returncode == 0, done.stderr
    other = school_environment(tmp_path / "other")
    other.pop("STRIPE_API_BASE")
    assert run_booking(other, "db", "upgrade").returncode == 0
    assert run_booking(other, "restore", str(file)).returncode == 0
    assert run_booking(other, "check").returncode == 0
    assert "holds data" in _one_line(run_booking(other, "restore", str(file)))


def test_a_register_is_written_as_pdf(env: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "registers.pdf"
    day = _next_session_day(env)
    done = run_booking(env, "register", "--date", day, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert out.read_bytes().startswith(b"%PDF")
    refused = run_booking(env, "register", "--date", "2020-12-25", "--out", str(tmp_path / "none.pdf"))
    assert "nothing to print on 25/12/2020" in _one_line(refused)
    assert not (tmp_path / "none.pdf").exists()


def _next_session_day(env: dict[str, str]) -> str:
    code = (
        "from booking.app import create_app\n"
        "from booking.core.db import db\n"
        "from booking.provision.models import Session\n"
        "from sqlalchemy import select\n"
        "with create_app().app_context():\n"
        "    print(db.session.scalar(select(Session.date).order_by(Session.date).limit(1)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def test_an_invitation_link_is_printed_once(env: dict[str, str]) -> None:
    done = run_booking(env, "user", "create", "new.head@school.example", "--role", "manager")
    assert done.returncode == 0
    assert done.stdout.startswith(env["BASE_URL"] + "/join/")
    assert "not an e-mail address" in _one_line(
        run_booking(env, "user", "create", "nobody", "--role", "staff")
    )


def test_a_report_on_free_dates_is_refused_with_the_list(env: dict[str, str]) -> None:
    refused = run_booking(env, "equity", "report", "--from", "2026-01-03", "--to", "2026-01-09")
    assert "half-term, term or year" in _one_line(refused)


def test_an_import_that_is_wrong_names_where_and_changes_nothing(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "roll.csv"
    file.write_text("UPN,Surname,Forename,DOB,Year\nB801200005001,Okafor,Ada,31/02/2019,3\n")
    done = run_booking(env, "pupils", "import", str(file))
    assert done.returncode == 1
    for words in ("roll.csv", "2", "DOB", "31/02/2019"):
        assert words in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://nowhere"),
        ("BOOKING_CLOCK_OFFSET", "soon"),
        ("BOOKING_ENV", "x"),
    ],
)
def test_a_wrong_environment_is_one_clear_line(env: dict[str, str], name: str, value: str) -> None:
    assert name in _one_line(run_booking({**env, name: value}, "check"))


def test_a_database_that_is_not_there_is_one_clear_line(env: dict[str, str]) -> None:
    wrong = {**env, "DATABASE_URL": "postgresql://postgres@127.0.0.1:1/none"}
    assert "the database" in _one_line(run_booking(wrong, "check"))
