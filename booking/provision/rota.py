"""Who is on the rota of a session, whether that is enough, and what is wrong with it, before it starts.

A session's rota is its run's standing lines of that weekday and day, less who stays away, and who comes for the day. All
is answered for whole days at once, because a first-aider in the next room and one person in two rooms matter too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import joinedload, selectinload

from booking.core.db import db
from booking.provision.documents import Papers, papers_of
from booking.provision.duties import (
    Children,
    Duty,
    OnRota,
    Staffing,
    is_first_aider,
    why_not_counted,
)
from booking.provision.models import Activity, Run, Session
from booking.provision.staff_models import RotaChange, RotaLine, StaffRecord
from booking.provision.staffing_problems import judge
from booking.provision.staffing_rules import Rule, Rules, all_rules

__all__ = ["Children", "OnRota", "Staffing", "duties_of", "on_rota_of", "staffing_of", "stands_on"]


def staffing_of(
    session_ids: Collection[int], children: Mapping[int, Children] | None = None
) -> dict[int, Staffing]:
    """The staffing of each session, in a fixed number of queries.

    `children` are the expected ones by session and year group. Without them a session is taken to be full, of its
    youngest children: then `required` is what the places on sale ask for.
    """
    duties = duties_of(session_ids, children)
    return {duty.session.id: judge(duty, duties) for duty in duties if duty.session.id in set(session_ids)}


def duties_of(session_ids: Collection[int], children: Mapping[int, Children] | None) -> list[Duty]:
    """All planned sessions of the days on which the wanted ones are, and the wanted ones, each with its rota."""
    session_ids = set(session_ids)
    days = set(db.session.scalars(select(Session.date).where(Session.id.in_(session_ids))))
    sessions = db.session.scalars(
        select(Session)
        .join(Session.run)
        .options(
            joinedload(Session.run).joinedload(Run.activity).joinedload(Activity.seller),
            joinedload(Session.run).joinedload(Run.room),
        )
        .where(Session.date.in_(days))
        .order_by(Session.date, Session.starts_at, Session.id)
    ).all()
    sessions = [one for one in sessions if one.status == "planned" or one.id in session_ids]
    papers = papers_of({one.run.activity.seller_id for one in sessions})
    rules = all_rules()
    lines, changes = _lines({one.run_id for one in sessions}), _changes({one.id for one in sessions})
    return [_duty(one, lines, changes, rules, papers, children) for one in sessions]


def _lines(run_ids: Collection[int]) -> dict[int, list[RotaLine]]:
    found: dict[int, list[RotaLine]] = defaultdict(list)
    rows = db.session.scalars(
        select(RotaLine)
        .options(joinedload(RotaLine.staff).selectinload(StaffRecord.certificates))
        .where(RotaLine.run_id.in_(run_ids))
        .order_by(RotaLine.is_leader.desc(), RotaLine.id)
    )
    for row in rows:
        found[row.run_id].append(row)
    return found


def _changes(session_ids: Collection[int]) -> dict[int, list[RotaChange]]:
    found: dict[int, list[RotaChange]] = defaultdict(list)
    rows = db.session.scalars(
        select(RotaChange)
        .options(joinedload(RotaChange.staff).options(selectinload(StaffRecord.certificates)))
        .where(RotaChange.session_id.in_(session_ids))
        .order_by(RotaChange.is_leader.desc(), RotaChange.id)
    )
    for row in rows:
        found[row.session_id].append(row)
    return found


def stands_on(line: RotaLine, day: date) -> bool:
    """Whether a standing line of a run holds on a day on which the run takes place."""
    is_weekday = not line.weekdays or day.weekday() in line.weekdays
    return is_weekday and line.from_on <= day and (line.to_on is None or day <= line.to_on)


def _duty(
    session: Session,
    lines: Mapping[int, list[RotaLine]],
    changes: Mapping[int, list[RotaChange]],
    rules: Rules,
    papers: Papers,
    children: Mapping[int, Children] | None,
) -> Duty:
    """One session with who is on its rota: standing lines first, then whoever comes for the day."""
    day, seller = session.date, session.run.activity.seller
    rule = rules.on(day)
    duty = Duty(session, rule, papers_missing=tuple(papers.missing(seller.id, day)))
    changed = {change.staff_id: change for change in changes.get(session.id, ())}
    standing = {line.staff_id: line for line in lines.get(session.run_id, ()) if stands_on(line, day)}
    for staff_id, line in standing.items():
        change = changed.get(staff_id)
        is_away = change is not None and not change.is_here
        person = _on_rota(line.staff, day, papers, is_leader=line.is_leader)
        (duty.away if is_away else duty.people).append(person)
    for staff_id, change in changed.items():
        if change.is_here and staff_id not in standing:
            person = _on_rota(change.staff, day, papers, is_leader=change.is_leader, is_for_the_day=True)
            duty.people.append(person)
    duty.children = children.get(session.id, {}) if children is not None else _full(session, rule)
    return duty


def _full(session: Session, rule: Rule) -> Children:
    """The session with every place taken by those of its year groups who need most adults."""
    years = session.run.year_groups
    youngest = min(years, key=lambda year: rule.per_adult.get(year, 0), default="")
    return {youngest: session.capacity}


def _on_rota(
    record: StaffRecord, day: date, papers: Papers, *, is_leader: bool, is_for_the_day: bool = False
) -> OnRota:
    is_vetted = record.seller_id is not None and papers.has(record.seller_id, "dbs_assurance", day)
    return OnRota(
        record.id,
        record.user_id,
        record.name,
        is_leader,
        is_for_the_day,
        why_not_counted(record, day, is_vetted_by_firm=is_vetted),
        is_first_aider(record, day),
        record.level,
    )


def on_rota_of(user_id: int) -> ColumnElement[bool]:
    """A condition on `Session`: somebody who signs in stands on its run's rota on that day, or comes for the day."""
    own = (StaffRecord.user_id == user_id, StaffRecord.starts_on <= Session.date)
    still = or_(StaffRecord.ends_on.is_(None), StaffRecord.ends_on >= Session.date)
    standing = exists().where(
        RotaLine.run_id == Session.run_id,
        RotaLine.staff_id == StaffRecord.id,
        RotaLine.from_on <= Session.date,
        or_(RotaLine.to_on.is_(None), RotaLine.to_on >= Session.date),
        *own,
        still,
    )
    coming = exists().where(
        RotaChange.session_id == Session.id,
        RotaChange.staff_id == StaffRecord.id,
        RotaChange.is_here,
        *own,
        still,
    )
    return or_(standing, coming)


def rotas_of(staff_id: int, today: date) -> list[tuple[RotaLine, Run]]:
    """The standing lines of somebody that hold today or later, with their runs, by the hour."""
    lines = db.session.scalars(
        select(RotaLine)
        .where(RotaLine.staff_id == staff_id, or_(RotaLine.to_on.is_(None), RotaLine.to_on >= today))
        .order_by(RotaLine.from_on)
    ).all()
    runs = {
        run.id: run
        for run in db.session.scalars(
            select(Run)
            .options(joinedload(Run.activity), joinedload(Run.period))
            .where(Run.id.in_({line.run_id for line in lines}))
        )
    }
    found = [(line, runs[line.run_id]) for line in lines if runs[line.run_id].period.ends_on >= today]
    return sorted(found, key=lambda row: (row[1].starts_at, row[1].id))
