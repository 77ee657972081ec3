"""`make race`: the full count on both databases, with workers killed all the while; ends with 1 when anything is wrong.

COUNT calls in all (200,000), SEED (printed), DATABASE (`sqlite`, `postgresql`, or both when it is not set). With FOLDER
the histories of a race that was run before are judged again.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.races.checking import Verdict
from tests.races.running import Outcome, judge_folder, race
from tests.races.school import app_on, migrate
from tests.races.workers import Plan
from tests.services import postgresql_url

CALLS = 200_000
CALLS_A_KILL = 500
SHOWN = 40


@contextlib.contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    """The address of an empty database of its own, gone afterwards."""
    if name == "sqlite":
        yield f"sqlite:///{folder / 'race.db'}"
        return
    server = postgresql_url()
    own = f"booking_race_{os.getpid()}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{own}"'))
    try:
        yield server.rsplit("/", 1)[0] + "/" + own
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)'))
        engine.dispose()


def tell(outcome: Outcome) -> None:
    """How it went, by kind of call."""
    calls = sum(outcome.counts.values())
    rate = calls / outcome.seconds
    print(
        f"  {calls:,} calls in {outcome.seconds:.0f} s, {rate:.0f} a second; {outcome.kills} workers killed"
    )
    outcomes = ("ok", "refused", "unknown", "broken")
    print(f"  {'':12}" + "".join(f"{word:>10}" for word in outcomes))
    for kind in sorted({kind for kind, _ in outcome.counts}):
        print(f"  {kind:12}" + "".join(f"{outcome.counts[kind, word]:>10,}" for word in outcomes))
    total = [sum(n for (_, one), n in outcome.counts.items() if one == word) for word in outcomes]
    print(f"  {'all':12}" + "".join(f"{number:>10,}" for number in total))
    words = ", ".join(
        f"{reason.splitlines()[0][:60]} {n:,}" for reason, n in outcome.refusals.most_common(12)
    )
    print(f"  refused: {words}")


def tell_verdict(verdict: Verdict) -> None:
    """What the checker found, or what it looked at."""
    print(
        f"  {verdict.places:,} places looked at; of the refusals as full {verdict.full:,} held against the places taken, "
        f"{verdict.full_by_list:,} had a waiting list before them"
    )
    for problem in verdict.problems[:SHOWN]:
        print(f"  WRONG: {problem}")
    print(f"  {len(verdict.problems)} things are wrong." if verdict.problems else "  Nothing is wrong.")


def main() -> int:
    """Race on each database in turn; 1 when anything is wrong."""
    if "FOLDER" in os.environ:
        verdict = judge_folder(Path(os.environ["FOLDER"]))
        tell_verdict(verdict)
        return int(bool(verdict.problems))
    names = [os.environ["DATABASE"]] if os.environ.get("DATABASE") else ["sqlite", "postgresql"]
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**6))
    calls = int(os.environ.get("COUNT") or CALLS) // len(names)
    is_wrong = False
    for name in names:
        folder = Path(tempfile.mkdtemp(prefix=f"race-{name}-"))
        print(f"{name}: {calls:,} calls, SEED={seed}, histories in {folder}", flush=True)
        with database(name, folder) as url:
            app = app_on(url, folder)
            migrate(app)
            outcome = race(app, folder, Plan(calls, seed, kills=max(3, calls // CALLS_A_KILL)))
        tell(outcome)
        tell_verdict(outcome.verdict)
        sys.stdout.flush()
        is_wrong = is_wrong or bool(outcome.verdict.problems)
    return int(is_wrong)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except pytest.skip.Exception as lacking:
        sys.exit(str(lacking))
