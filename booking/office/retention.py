"""Keeping and deleting by rule: looked at first, done daily once a person has said yes, with proof, and never on hold.

How long is in `data/retention.csv`. Money, marks and what governors have seen are not touched here: the ledger keeps
what the law asks for, and restrictions stay until the child's 25th birthday.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update

from booking.bookings.day_note_models import DayNote
from booking.bookings.models import FreeForecast
from booking.bookings.newcomers import forget_newcomers, unconfirmed_since
from booking.bookings.request_models import NewcomerRequest
from booking.core import audit, clock
from booking.core.access_log import AccessEntry, drop_month
from booking.core.db import Base, db
from booking.core.errors import BookingError, NotFound
from booking.core.jobs import Job
from booking.core.outbox import OutboxMessage
from booking.office.column_classes import retention_rules
from booking.office.legal_holds import held_pupils as held_pupils
from booking.office.register_keeping import REGISTER_RULES
from booking.office.report_keeping import REPORT_RULES
from booking.office.retention_models import LegalHold, RetentionRun
from booking.people.care_models import CareConfirmation, CareDecision, CareStatement, CollectionPassword
from booking.people.group_facts import GroupFact, GroupObjection
from booking.people.models import CareProfile, Consent, Contact, Invitation, Pupil, SignInAttempt
from booking.provision.models import Session
from booking.registers.bus_models import BusSeat
from booking.registers.printer_models import SentSheet

OF_CARE: tuple[type[Base], ...] = (
    CareProfile,
    CareStatement,
    CareDecision,
    CareConfirmation,
    CollectionPassword,
    Consent,
    Contact,
    BusSeat,
)
EVERY = timedelta(hours=20)
CONFIRMED, PASS = "confirmed", "pass"


class CannotHold(BookingError):
    """A hold needs a child, a reason and a day on which it is looked at again."""


@dataclass(frozen=True)
class Rule:
    """One thing that ends: `find` gives the ids that are due, `act` takes them away."""

    name: str
    keeps: str
    words: str
    find: Callable[[datetime], Sequence[int | str]]
    act: Callable[[Sequence[int | str], datetime], None]


@dataclass(frozen=True)
class Due:
    """What one rule would take away now."""

    rule: Rule
    ids: Sequence[int | str]

    @property
    def words(self) -> str:
        """The rule in words, with how long it keeps."""
        return f"{self.rule.words}: {retention_rules()[self.rule.keeps].words}"


def days_of(keeps: str) -> timedelta:
    """How long a rule keeps."""
    return timedelta(days=int(retention_rules()[keeps].days))


def due(at: datetime) -> list[Due]:
    """What each rule would take away at an instant; nothing is changed."""
    return [Due(rule, rule.find(at)) for rule in RULES]


def confirm_rules(*, at: datetime, user_id: int | None) -> None:
    """A person has looked and says yes: from now on the worker does it daily."""
    db.session.add(RetentionRun(at=at, rule=CONFIRMED, rows=0, digest="", user_id=user_id))
    db.session.flush()
    audit.record("retention_confirmed", "retention", None, at=at, user_id=user_id)


def is_confirmed() -> bool:
    """Whether anybody has said yes to the rules."""
    return (
        db.session.scalars(select(RetentionRun.id).where(RetentionRun.rule == CONFIRMED)).first() is not None
    )


def apply_rules(*, at: datetime, user_id: int | None) -> list[Due]:
    """Take away what is due, in the caller's unit of work, and leave a line of proof for each rule that did."""
    done = [one for one in due(at) if one.ids]
    for one in done:
        one.rule.act(one.ids, at)
        digest = hashlib.sha256(",".join(map(str, one.ids)).encode()).hexdigest()
        db.session.add(
            RetentionRun(at=at, rule=one.rule.name, rows=len(one.ids), digest=digest, user_id=user_id)
        )
    db.session.flush()
    return done


def apply_daily(at: datetime) -> int:
    """The worker's step, in the caller's unit of work: once a day, when a person has confirmed the rules."""
    if not is_confirmed():
        return 0
    last = db.session.scalars(
        select(RetentionRun.at).where(RetentionRun.rule == PASS).order_by(RetentionRun.id.desc()).limit(1)
    ).first()
    if last is not None and at - last < EVERY:
        return 0
    count = sum(len(one.ids) for one in apply_rules(at=at, user_id=None))
    db.session.add(RetentionRun(at=at, rule=PASS, rows=count, digest="", user_id=None))
    db.session.flush()
    return count


def hold(pupil_id: int, reason: str, review_on: date, *, at: datetime, user_id: int) -> LegalHold:
    """Keep everything of a child until somebody ends it; raises `CannotHold` or `NotFound`."""
    if db.session.get(Pupil, pupil_id) is None:
        raise NotFound
    if not reason.strip():
        raise CannotHold("Write why everything must be kept.")
    made = LegalHold(
        pupil_id=pupil_id, reason=reason.strip(), review_on=review_on, made_by_id=user_id, made_at=at
    )
    db.session.add(made)
    db.session.flush()
    audit.record("legal_hold", "pupil", pupil_id, at=at, user_id=user_id)
    return made


def end_hold(hold_id: int, *, at: datetime, user_id: int) -> None:
    """The rules hold again for this child."""
    found = db.session.get(LegalHold, hold_id)
    if found is None or found.ended_at is not None:
        raise NotFound
    found.ended_at = at
    db.session.flush()
    audit.record("legal_hold_ended", "pupil", found.pupil_id, at=at, user_id=user_id)


def _ids(model: type[Base], *where: ColumnElement[bool]) -> list[int]:
    return list(db.session.scalars(select(model.id).where(*where).order_by(model.id)))  # type: ignore[attr-defined]


def _simple(model: type[Base]) -> Callable[[Sequence[int | str], datetime], None]:
    def act(ids: Sequence[int | str], at: datetime) -> None:
        db.session.execute(delete(model).where(model.id.in_(ids)))  # type: ignore[attr-defined]

    return act


def _leavers(keeps: str, at: datetime, models: tuple[type[Base], ...]) -> list[int]:
    """Children who left so long ago, are on no hold, and of whom something of these kinds is still there."""
    before = clock.today(at) - days_of(keeps)
    wanted = (
        select(Pupil.id)
        .where(Pupil.status == "left", Pupil.left_on <= before)
        .where(Pupil.id.not_in(select(LegalHold.pupil_id).where(LegalHold.ended_at.is_(None))))
    )
    found: set[int] = set()
    for model in models:
        found |= set(db.session.scalars(select(model.pupil_id).where(model.pupil_id.in_(wanted))))  # type: ignore[attr-defined]
    return sorted(found)


def _clear(models: tuple[type[Base], ...]) -> Callable[[Sequence[int | str], datetime], None]:
    def act(ids: Sequence[int | str], at: datetime) -> None:
        if Contact in models:
            contacts = select(Contact.id).where(Contact.pupil_id.in_(ids))
            db.session.execute(
                update(Invitation).where(Invitation.contact_id.in_(contacts)).values(contact_id=None)
            )
        for model in models:
            db.session.execute(delete(model).where(model.pupil_id.in_(ids)))  # type: ignore[attr-defined]

    return act


def _old_months(at: datetime) -> list[str]:
    before = f"{clock.to_school(at - days_of('access_log')):%Y-%m}"
    months = select(AccessEntry.month).where(AccessEntry.month < before).distinct()
    return sorted(db.session.scalars(months))


def _drop_months(months: Sequence[int | str], at: datetime) -> None:
    for month in months:
        drop_month(str(month), at=at, user_id=None)


def _old_letters(at: datetime) -> list[int]:
    before = at - days_of("letters")
    return _ids(OutboxMessage, OutboxMessage.next_try_at.is_(None), OutboxMessage.created_at < before)


def _old_forecasts(at: datetime) -> list[int]:
    over = select(Session.id).where(Session.date < clock.today(at) - days_of("bookings"))
    return _ids(FreeForecast, FreeForecast.session_id.in_(over))


def _old_day_notes(at: datetime) -> list[int]:
    over = clock.today(at) - days_of("bookings")
    return _ids(DayNote, DayNote.day < over, DayNote.pupil_id.not_in(held_pupils()))


def _old_sheets(at: datetime) -> list[int]:
    return _ids(SentSheet, SentSheet.day < clock.today(at) - days_of("bookings"))


def _forget_newcomers(ids: Sequence[int | str], at: datetime) -> None:
    forget_newcomers([int(one) for one in ids])


RULES = (
    Rule(
        "sign-in tries",
        "short",
        "Tries at signing in",
        lambda at: _ids(SignInAttempt, SignInAttempt.at < at - days_of("short")),
        _simple(SignInAttempt),
    ),
    Rule(
        "jobs",
        "short",
        "Finished work in the background",
        lambda at: _ids(Job, Job.finished_at < at - days_of("short")),
        _simple(Job),
    ),
    Rule(
        "unconfirmed newcomers",
        "unconfirmed",
        "Requests for care whose address nobody confirmed",
        lambda at: unconfirmed_since(at - days_of("unconfirmed")),
        _forget_newcomers,
    ),
    Rule(
        "answered newcomers",
        "newcomers",
        "Requests for care by families without a child here",
        lambda at: _ids(NewcomerRequest, NewcomerRequest.answered_at < at - days_of("newcomers")),
        _forget_newcomers,
    ),
    Rule("letters", "letters", "Letters that were sent or given up", _old_letters, _simple(OutboxMessage)),
    Rule(
        "invitations",
        "letters",
        "Invitations that were used or ran out",
        lambda at: _ids(Invitation, Invitation.expires_at < at - days_of("letters")),
        _simple(Invitation),
    ),
    Rule(
        "care",
        "care",
        "Care, contacts and consents of leavers",
        lambda at: _leavers("care", at, OF_CARE),
        _clear(OF_CARE),
    ),
    Rule(
        "groups",
        "roll",
        "Group facts of leavers",
        lambda at: _leavers("roll", at, (GroupFact, GroupObjection)),
        _clear((GroupFact, GroupObjection)),
    ),
    Rule(
        "forecasts",
        "bookings",
        "Who said that they come to free breakfast",
        _old_forecasts,
        _simple(FreeForecast),
    ),
    Rule(
        "day notes",
        "bookings",
        "Who was away, late or collected by somebody else on a day",
        _old_day_notes,
        _simple(DayNote),
    ),
    Rule("sheets", "bookings", "Which sheet went to which printer", _old_sheets, _simple(SentSheet)),
    *(Rule(*one) for one in (*REPORT_RULES, *REGISTER_RULES)),
    Rule("access log", "access_log", "Who saw what, by whole months", _old_months, _drop_months),
)
