"""What the office looks at first in the morning: what went wrong, what waits, and what today holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select

from booking.bookings.change_models import ChangeNotice
from booking.bookings.day_notes import first_withheld
from booking.bookings.models import Place, WaitingEntry
from booking.bookings.pots import short_pots
from booking.bookings.request_models import FamilyRequest, NewcomerRequest
from booking.core import clock
from booking.core.audit import AuditEntry
from booking.core.db import Base, db
from booking.core.jobs import Job
from booking.core.outbox import OutboxMessage
from booking.ledger.balances import credit_of_all
from booking.office.absence_day import absences_missing
from booking.office.arrears import missed_plans
from booking.office.corrections import Correction
from booking.office.families import invitees, without_email
from booking.office.income import visitors_in_non_business
from booking.office.rotas import firms_to_ask, sessions_short
from booking.payments.decision_models import MoneyDecision
from booking.payments.money_worries import count_open
from booking.payments.waiting_lines import count_waiting
from booking.people.care import disagreements
from booking.people.linking_models import LinkRequest
from booking.people.models import Pupil
from booking.people.restrictions import due_for_review, waiting_for_yes
from booking.provision.models import Run, Session
from booking.provision.staff import running_out
from booking.registers.walk_in_charges import count_undecided


@dataclass(frozen=True)
class Worries:
    """Figures of the office's first page; money in pence."""

    requests: int
    unread_changes: int
    corrections: int
    link_requests: int
    care_disputes: int
    restrictions_waiting: int
    restrictions_due: int
    money: int
    bank_lines: int
    failed_letters: int
    late_letters: int
    drafts: int
    not_invited: int
    not_joined: int
    without_email: int
    pupils: int
    sessions_today: int
    booked_today: int
    waiting: int
    money_decisions: int
    plans_missed: int
    families_owing: int
    owed_pence: int
    empty_pots: int
    visitor_vat: int
    walk_ins: int
    barred_named: int
    barred_on: date
    absences_missing: bool
    sessions_short: int
    first_aid_ending: int
    papers_ending: int
    jobs: list[Job]
    last_import: datetime | None


def worries(at: datetime) -> Worries:
    """The figures as they stand now, in a fixed number of queries."""
    today = clock.today(at)
    people = invitees(at)
    owing = [-pence for pence in credit_of_all().values() if pence < 0]
    unsent = OutboxMessage.sent_at.is_(None)
    planned = (Session.date == today) & (Session.status == "planned")
    to_come = select(Place.id).join(Session, Session.id == Place.session_id).where(Session.date >= today)
    barred_named, barred_on = first_withheld(today)
    return Worries(
        requests=_count(FamilyRequest, FamilyRequest.state == "asked")
        + _count(NewcomerRequest, NewcomerRequest.state == "asked"),
        unread_changes=_count(ChangeNotice, ChangeNotice.answer.is_(None), ChangeNotice.place_id.in_(to_come)),
        corrections=_count(Correction, Correction.state == "asked"),
        link_requests=_count(LinkRequest, LinkRequest.state == "asked"),
        care_disputes=len(disagreements()),
        restrictions_waiting=len(waiting_for_yes()),
        restrictions_due=len(due_for_review(today)),
        money=count_open(),
        bank_lines=count_waiting().lines,
        failed_letters=_count(OutboxMessage, unsent, OutboxMessage.next_try_at.is_(None)),
        late_letters=_count(OutboxMessage, unsent, OutboxMessage.attempts > 0, OutboxMessage.next_try_at.is_not(None)),
        drafts=_count(Run, Run.status == "draft"),
        not_invited=sum(one.invited_at is None for one in people),
        not_joined=len(people),
        without_email=len(without_email()),
        pupils=_count(Pupil, Pupil.status == "on_roll"),
        sessions_today=_count(Session, planned),
        booked_today=_count(Place, Place.state == "booked", Place.session_id.in_(select(Session.id).where(planned))),
        waiting=_count(WaitingEntry, WaitingEntry.state == "waiting"),
        money_decisions=_count(MoneyDecision, MoneyDecision.state == "asked"),
        plans_missed=missed_plans(at),
        families_owing=len(owing),
        owed_pence=sum(owing),
        empty_pots=len(short_pots(at)),
        visitor_vat=sum(one.places for one in visitors_in_non_business(today)),
        walk_ins=count_undecided(at),
        barred_named=barred_named,
        barred_on=barred_on,
        absences_missing=absences_missing(today, at),
        sessions_short=sessions_short(at),
        first_aid_ending=len(running_out(today)),
        papers_ending=len(firms_to_ask(today)),
        last_import=db.session.scalar(select(func.max(AuditEntry.at)).where(AuditEntry.action == "imported")),
        jobs=list(db.session.scalars(select(Job).where(Job.finished_at.is_(None), Job.due_at <= at).order_by(Job.id))),
    )  # fmt: skip


def failed_messages() -> list[OutboxMessage]:
    """Letters that were given up after all tries, newest first."""
    return list(
        db.session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.sent_at.is_(None), OutboxMessage.next_try_at.is_(None))
            .order_by(OutboxMessage.id.desc())
            .limit(100)
        )
    )


def _count(table: type[Base], *where: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(table).where(*where)) or 0
