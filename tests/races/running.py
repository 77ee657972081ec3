"""One race from an empty database to the verdict; what was written stays, so that it can be judged again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from flask import Flask

from booking.core.db import db
from tests.races.checking import Verdict, judge
from tests.races.evidence import Evidence
from tests.races.history import FastClock, read_calls
from tests.races.school import Rows, School, read_rows
from tests.races.workers import Plan, Race


@dataclass
class Outcome:
    """What one race came to."""

    seconds: float
    kills: int
    counts: Counter[tuple[str, str]]
    refusals: Counter[str]
    verdict: Verdict


def race(app: Flask, folder: Path, plan: Plan) -> Outcome:
    """Race on an app whose database is migrated and empty, and judge; nothing of it is asserted here."""
    with app.app_context():
        school = plan.build()
        db.session.remove()
        db.engine.dispose()
    one = Race(app, folder, school, plan)
    seconds = one.run()
    with app.app_context():
        rows = read_rows()
        db.session.remove()
        db.engine.dispose()
    (folder / "school.json").write_text(school.dump(), encoding="utf-8")
    (folder / "rows.json").write_text(json.dumps(asdict(rows)), encoding="utf-8")
    (folder / "clock.json").write_text(json.dumps(asdict(one.fast)), encoding="utf-8")
    calls = read_calls(folder)
    counts = Counter((call.kind, call.outcome) for call in calls)
    refusals = Counter(call.reason for call in calls if call.outcome == "refused")
    return Outcome(seconds, one.killed, counts, refusals, judge_folder(folder))


def judge_folder(folder: Path) -> Verdict:
    """The verdict on what a race has left in a folder."""
    school = School.load((folder / "school.json").read_text(encoding="utf-8"))
    found = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    for name in ("owed", "capacity"):
        found[name] = {int(key): value for key, value in found[name].items()}
    fast = FastClock(**json.loads((folder / "clock.json").read_text(encoding="utf-8")))
    return judge(Evidence(read_calls(folder), Rows(**found), school, fast))
