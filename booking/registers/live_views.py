"""Pages that show the day as it stands: figures that move by themselves, roll call, and where everybody should be."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, time
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.words import clock as hour
from booking.people.restrictions import closed_pupils
from booking.registers.custody import should_be
from booking.registers.custody_alarms import Alarm
from booking.registers.custody_day import CustodyDay, custody_of
from booking.registers.custody_words import plan_words, stand_words
from booking.registers.expected import sessions_for
from booking.registers.live import Live, live_of
from booking.registers.roll_call import roll_call_of
from booking.web.audience import for_roles


def live_now(at: datetime) -> Live:
    """Today as whoever is signed in may see it."""
    day = clock.today(at)
    return live_of(day, at, {session.id for session in sessions_for(current_user, day)})


@for_roles("staff", "manager")
def live() -> ResponseReturnValue:
    """Today in figures; a small module asks again every five seconds, and without it the page is loaded again."""
    at = clock.now()
    found = live_now(at)
    return render_template(
        "registers/live.html", live=found, at=at, figures=figures_of(found), address_of=alarm_address
    )


@for_roles("staff", "manager")
def live_figures() -> ResponseReturnValue:
    """The same figures for the module: nothing is sent again that has not changed (ETag, 304)."""
    found = live_now(clock.now())
    content = json.dumps(
        {
            "figures": figures_of(found),
            "staff": {one.session.id: one.staff for one in found.sessions},
            "sessions": [one.session.id for one in found.sessions],
            "alarms": [_alarm(one) for one in found.alarms],
        },
        ensure_ascii=False,
    )
    response = Response(content, mimetype="application/json")
    response.set_etag(hashlib.sha256(content.encode()).hexdigest()[:32], weak=True)
    return response.make_conditional(request)


def figures_of(found: Live) -> dict[str, int]:
    """Each figure under the name by which the page knows it."""
    figures = {
        "on-site": found.on_site,
        "on-the-way": found.on_the_way,
        "still-due": found.still_due,
        "gone-home": found.gone_home,
        "open-ends": found.open_ends,
        "disputed": found.disputed,
        "alarms": len(found.alarms),
    }
    for one in found.sessions:
        for name in ("expected", "inside", "gone", "absent", "not_here", "on_the_way"):
            figures[f"s{one.session.id}-{name}"] = getattr(one, name)
    return figures


def alarm_address(alarm: Alarm) -> str:
    """Where an alarm is looked into; outside firms have no such page."""
    if current_user.seller_id is not None:
        return ""
    return url_for("custody.child", on=clock.today(alarm.since), pupil_id=alarm.child.id)


def _alarm(alarm: Alarm) -> dict[str, Any]:
    step = alarm.next_step()
    return {
        "href": alarm_address(alarm),
        "title": alarm.title,
        "name": alarm.child.full_name,
        "words": alarm.words,
        "step": f"{hour(step.due_at)}: {step.step.words}" if step else "",
    }


@for_roles("staff", "manager")
def roll_call() -> ResponseReturnValue:
    """Everyone on site now, in one tap."""
    at = clock.now()
    return render_template(
        "registers/roll_call.html", roll=roll_call_of(current_user, clock.today(at), at), at=at
    )


@for_roles("manager")
def whereabouts() -> ResponseReturnValue:
    """Where every child should be at one minute of today, and where it is now."""
    now = clock.now()
    day = clock.today(now)
    wanted, problem = _wall(request.args.get("at", ""))
    at = clock.instant(day, wanted) if wanted else now
    custody = custody_of(day, now)
    return render_template(
        "registers/whereabouts.html",
        rows=_rows(custody, at, closed_pupils(current_user.id, day)),
        at=at,
        now=now,
        day=day,
        wanted=request.args.get("at", ""),
        problem=problem,
    )


def _wall(text: str) -> tuple[time | None, str]:
    """An hour of the wall clock as it is typed, or what is wrong with it."""
    match = re.fullmatch(r"\s*(\d{1,2})[:.](\d{2})\s*", text, re.ASCII)
    if not text.strip():
        return None, ""
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None, "Write the time like 16:05."
    return time(int(match[1]), int(match[2])), ""


def _rows(custody: CustodyDay, at: datetime, closed: frozenset[int]) -> list[dict[str, Any]]:
    """A row for each child with a plan, by surname; `differs` when it is somewhere else than its plan says."""
    found = []
    for pupil_id, facts in custody.facts.items():
        if not facts.legs or pupil_id in closed:
            continue
        stand, plan = custody.stands[pupil_id], should_be(facts.legs, custody.sessions, at)
        found.append(
            {
                "child": custody.children[pupil_id],
                "should": plan_words(custody, plan),
                "is_now": stand_words(custody, pupil_id, stand),
                "rings": stand.rings,
            }
        )
    return sorted(
        found, key=lambda row: (row["child"].surname.casefold(), row["child"].first_name.casefold())
    )
