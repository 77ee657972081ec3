"""How long a whole roll takes to come in and go out, how much memory reading takes, and how fast sealed facts open."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from flask_migrate import Migrate, upgrade

from benchmarks.printing import figure, heading
from booking.app import MIGRATIONS, create_app
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.settings import read_settings
from booking.people.ctf_writing import export_ctf
from booking.people.group_facts import facts_at
from booking.people.import_file import import_content, preview
from booking.people.import_undo import undo_run
from tests.people.ctf_files import many_pupils

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PUPILS = 5_000
READ = """
import re, sys
from datetime import date
from pathlib import Path
from booking.people.ctf_reading import read_ctf
def high_water(): return int(re.search('VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])
before = high_water()
rows = read_ctf(Path(sys.argv[1]).read_bytes(), 'roll.xml', today=date(2026, 11, 23)).rows
print(len(rows), (high_water() - before) // 1024)
"""


def run(folder: Path) -> None:
    """Import 5,000 pupils into an empty school, export them, and look again; read 10,000 in a process apart."""
    heading("People: a transfer file of 5,000 pupils, into SQLite")
    instance = folder / "people"
    app = create_app(read_settings({"BOOKING_INSTANCE": str(instance)}))
    Migrate(app, db, directory=str(MIGRATIONS))
    content = many_pupils(PUPILS)
    with app.app_context():
        upgrade()
        Path("/proc/self/clear_refs").write_text("5")
        before = _high_water()
        took, done = _timed(lambda: import_content(content, "roll.xml", at=AT, user_id=None))
        figure("import", f"{took:.1f} s", f"aim under 30; {len(content) / 1e6:.1f} MB")
        figure("memory of the import, with the database's", f"{(_high_water() - before) // 1024} MB")
        took, _ = _timed(lambda: _undo(done.run_id))
        figure("undo", f"{took:.1f} s", "the same 5,000")
        import_content(content, "roll.xml", at=AT, user_id=None)
        took, out = _timed(_export)
        figure("export", f"{took:.1f} s", f"{len(out) / 1e6:.1f} MB")
        took, plan = _timed(lambda: preview(out, "out.xml", at=AT))
        figure("preview of the same roll", f"{took:.1f} s", f"same {plan.same}, changed {len(plan.changed)}")
        took, facts = _timed(lambda: facts_at(clock.today(AT)))
        count = sum(map(len, facts.values()))
        figure("sealed facts opened", f"{count / took:,.0f} a second", f"{count:,} in {took * 1000:.0f} ms")
        db.engine.dispose()
    path = folder / "largest.xml"
    path.write_bytes(many_pupils(10_000))
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    count, megabytes = done.stdout.split()
    figure("memory to read 10,000 pupils", f"{megabytes} MB", f"aim under 150; {int(count):,} rows")


def _export() -> bytes:
    with unit_of_work():
        return export_ctf(at=AT, user_id=None)


def _undo(run_id: int | None) -> None:
    with unit_of_work():
        undo_run(run_id or 0, at=AT, user_id=None)


def _high_water() -> int:
    """The most memory that this process has held since it was last asked to forget, in KB."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


def _timed(act):  # type: ignore[no-untyped-def]
    start = perf_counter()
    found = act()
    return perf_counter() - start, found
