"""What the office does with staff and rotas where several rooms meet: places that follow, sign-ins, agency passes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError
from booking.office.set_up import uses_of
from booking.people.day_passes import Seen, end_pass, make_pass
from booking.people.models import User
from booking.people.tablet_models import DayPass
from booking.provision.documents import papers_of
from booking.provision.generation import capacity_on, follow_rota
from booking.provision.models import Activity, Period, Run, Seller, Session
from booking.provision.rota import Staffing
from booking.provision.rota_changes import leave_everything
from booking.provision.staff import StaffDetails, save_staff
from booking.provision.staff_models import (
    DOCUMENTS,
    RotaChange,
    RotaLine,
    StaffCertificate,
    StaffingRule,
    StaffRecord,
)
from booking.registers.staffing import staffing_with_children

WEEK = timedelta(days=7)
BEFORE_PAPERS_END = timedelta(days=30)


class WrongFirm(BookingError):
    """Somebody with more than the staff's role cannot belong to an outside firm; nothing was saved."""

    def __init__(self) -> None:
        super().__init__(
            "Whoever works for an outside firm signs in as staff and as nothing else. Change their roles first."
        )


@contextmanager
def places_follow(run_ids: Collection[int], *, at: datetime) -> Iterator[list[Session]]:
    """Whatever is done inside, the coming sessions of these runs then have the places that rota and rule allow.

    Locks them first. The list is filled at the end with the sessions that have other places than before.
    """
    today = clock.today(at)
    ids = db.session.scalars(
        select(Session.id).where(Session.run_id.in_(run_ids), Session.date >= today)
    ).all()
    lock_rows((Session, ids))
    sessions = db.session.scalars(select(Session).where(Session.id.in_(ids))).all()
    runs = db.session.scalars(select(Run).where(Run.id.in_(run_ids)).order_by(Run.id)).all()
    days = {run.id: [one.date for one in sessions if one.run_id == run.id] for run in runs}
    before = {run.id: capacity_on(run, days[run.id]) for run in runs}
    changed: list[Session] = []
    yield changed
    db.session.flush()
    for row in list(db.session.identity_map.values()):
        if isinstance(row, StaffRecord | StaffingRule):
            db.session.expire(row)
    uses = uses_of(sessions)
    for run in runs:
        changed += follow_rota(run, before[run.id], from_day=today, uses=uses)


def runs_of_staff(staff_id: int) -> list[int]:
    """The runs on whose standing rota somebody is or was."""
    return list(db.session.scalars(select(RotaLine.run_id).where(RotaLine.staff_id == staff_id).distinct()))


def runs_to_come(today: date) -> list[int]:
    """The runs that are not over."""
    return list(
        db.session.scalars(
            select(Run.id).join(Period, Period.id == Run.period_id).where(Period.ends_on >= today)
        )
    )


def runs_of_seller(seller_id: int, today: date) -> list[int]:
    """The runs that are not over and on whose rota a firm's people are."""
    stands = (
        select(RotaLine.run_id)
        .join(StaffRecord, StaffRecord.id == RotaLine.staff_id)
        .where(StaffRecord.seller_id == seller_id)
    )
    coming = set(runs_to_come(today))
    return [run_id for run_id in db.session.scalars(stands.distinct()) if run_id in coming]


def keep_record(
    staff_id: int | None, details: StaffDetails, *, at: datetime, user_id: int | None
) -> StaffRecord:
    """Save a staff record; their sign-in belongs to the same firm, and a last day takes them off every rota after it.

    Raises `StaffRefused`, `WrongFirm` or `NotFound`.
    """
    with places_follow(runs_of_staff(staff_id) if staff_id else [], at=at):
        before = db.session.get(StaffRecord, staff_id) if staff_id else None
        if before is not None:
            details = replace(details, is_agency=before.is_agency)
        seller = db.session.get(Seller, details.seller_id) if details.seller_id else None
        if seller is not None and seller.is_school:
            details = replace(details, seller_id=None)
        record = save_staff(staff_id, details, at=at, user_id=user_id)
        user = db.session.get(User, record.user_id) if record.user_id else None
        if user is not None and user.seller_id != record.seller_id:
            if record.seller_id is not None and user.role_names != {"staff"}:
                raise WrongFirm
            user.seller_id = record.seller_id
        if record.ends_on is not None:
            leave_everything(record.id, record.ends_on, at=at, user_id=user_id)
    return record


def people_to_tie(record: StaffRecord | None) -> list[User]:
    """Who signs in at the door and has no staff record yet, and whoever has this one; by name."""
    taken = select(StaffRecord.user_id).where(StaffRecord.user_id.is_not(None))
    users = db.session.scalars(select(User).where(User.active, User.id.not_in(taken)).order_by(User.name))
    found = [user for user in users if user.role_names & {"staff", "manager"}]
    own = db.session.get(User, record.user_id) if record and record.user_id else None
    return [own, *found] if own else found


@dataclass(frozen=True)
class Counts:
    """What the office says of an agency worker for the day: whether they count, and what it saw of their first aid."""

    counts_in_ratio: bool
    level: int
    dbs_checked_on: date | None
    first_aid_until: date | None


def give_pass(
    seen: Seen, counts: Counts, session_ids: Sequence[int], pin_hash: str, *, at: datetime, by: int
) -> DayPass:
    """Make a day pass, with a staff record for the day and a place on the rota of each of its sessions."""
    today = clock.today(at)
    made = make_pass(seen, session_ids, pin_hash, at=at, by=by)
    details = StaffDetails(
        name=seen.name,
        starts_on=today,
        ends_on=today,
        user_id=made.user_id,
        counts_in_ratio=counts.counts_in_ratio,
        level=counts.level,
        dbs_checked_on=counts.dbs_checked_on,
        is_agency=True,
    )
    record = save_staff(None, details, at=at, user_id=by)
    if counts.first_aid_until is not None:
        db.session.add(
            StaffCertificate(
                staff_id=record.id,
                kind="paediatric_first_aid",
                expires_on=counts.first_aid_until,
                seen_at=at,
                seen_by_id=by,
            )
        )
    for session_id in sorted(set(session_ids)):
        db.session.add(RotaChange(session_id=session_id, staff_id=record.id, is_here=True, at=at, user_id=by))
    db.session.flush()
    return made


def end_given_pass(pass_id: int, *, at: datetime, by: int) -> str:
    """End a day pass before its time; its holder is taken off today's rotas that are not over, and named."""
    name = end_pass(pass_id, at=at, by=by)
    user_id = db.session.get_one(DayPass, pass_id).user_id
    wall = clock.to_school(at).time().replace(tzinfo=None)
    changes = db.session.scalars(
        select(RotaChange)
        .join(StaffRecord, StaffRecord.id == RotaChange.staff_id)
        .join(Session, Session.id == RotaChange.session_id)
        .where(StaffRecord.user_id == user_id, Session.ends_at > wall)
    ).all()
    for change in changes:
        db.session.delete(change)
    db.session.flush()
    return name


def week_ahead(at: datetime) -> list[tuple[Session, Staffing]]:
    """Every planned session from now until a week from today, with its staffing, in order."""
    now = clock.to_school(at)
    today, wall = now.date(), now.time().replace(tzinfo=None)
    sessions = db.session.scalars(
        select(Session)
        .where(Session.status == "planned", Session.date.between(today, today + WEEK))
        .order_by(Session.date, Session.starts_at, Session.id)
    ).all()
    coming = [one for one in sessions if one.date > today or one.ends_at > wall]
    staffing = staffing_with_children([one.id for one in coming], today=today)
    return [(one, staffing[one.id]) for one in coming]


def sessions_short(at: datetime) -> int:
    """How many sessions of the week ahead break a rule of staffing as things stand."""
    return sum(bool(staffing.problems) for _, staffing in week_ahead(at))


def firms_to_ask(today: date) -> list[Seller]:
    """Outside firms with sessions still to come, a paper of whose is missing or ends within 30 days, by name."""
    coming = (
        select(Activity.seller_id)
        .join(Run, Run.activity_id == Activity.id)
        .join(Session, Session.run_id == Run.id)
        .where(Session.date >= today, Session.status == "planned")
    )
    sellers = db.session.scalars(
        select(Seller).where(~Seller.is_school, Seller.id.in_(coming)).order_by(Seller.name)
    ).all()
    papers = papers_of({one.id for one in sellers})
    found = []
    for seller in sellers:
        ends = [papers.good_until(seller.id, kind, today) for kind in DOCUMENTS]
        if any(last is None or last <= today + BEFORE_PAPERS_END for last in ends):
            found.append(seller)
    return found
