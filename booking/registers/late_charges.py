"""The late collection charge: follows from the register's time out and the school's rule of that day alone.

The worker settles it from the day after on. A mark that is corrected takes the charge back and makes a new one; what the
office waived stays waived. A child without a booked place is not charged: nobody agreed to the terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking.bookings.family_letters import tell_of_late_charge
from booking.bookings.models import Place
from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.ledger.afterwards import post_late_charge, post_reversal
from booking.ledger.arrears_models import LateCharge
from booking.ledger.terms import LateRule, terms_on
from booking.people.models import FamilyAccount
from booking.provision.models import Session
from booking.registers.marks import OUTS, ChildState, states_in

LOOKS_BACK = timedelta(days=35)
WENT_HOME = frozenset({OUTS["collected"], OUTS["left_alone"]})


@dataclass(frozen=True)
class Late:
    """One child who went home late on one day, and what that costs."""

    account_id: int
    pupil_id: int
    session_id: int
    date: date
    free_until: datetime
    out_at: datetime
    amount_pence: int


def settle_late_collections(at: datetime) -> int:
    """Post what is new and take back what a corrected mark changed, in the caller's unit of work; gives how many.

    The families are locked before anything is looked at, so that of two workers the second finds nothing to do.
    """
    gone, new = _changes(at)
    accounts = {charge.account_id for charge in gone} | {late.account_id for late in new}
    if not accounts:
        return 0
    lock_rows((FamilyAccount, accounts))
    gone, new = _changes(at)
    gone = [charge for charge in gone if charge.account_id in accounts]
    new = [late for late in new if late.account_id in accounts]
    for charge in gone:
        post_reversal(f"late:{charge.id}", at=at, user_id=None)
        charge.ended_at, charge.ended_why = at, "corrected"
        record("late_charge_corrected", "late_charge", charge.id, at=at, user_id=None)
        tell_of_late_charge(charge, at=at)
    db.session.flush()
    for late in new:
        made = LateCharge(**vars(late), posted_at=at)
        db.session.add(made)
        db.session.flush()
        post_late_charge(made.id, late.account_id, late.amount_pence, at=at)
        record("late_charged", "late_charge", made.id, at=at, user_id=None, pence=late.amount_pence)
        tell_of_late_charge(made, at=at)
    return len(gone) + len(new)


def _changes(at: datetime) -> tuple[list[LateCharge], list[Late]]:
    """Charges that the marks bear out no more, and what they ask for and nobody was charged for or let off."""
    wanted = _from_marks(at)
    charges = {
        (charge.pupil_id, charge.date): charge
        for charge in db.session.scalars(
            select(LateCharge).where(
                LateCharge.date >= clock.today(at) - LOOKS_BACK,
                LateCharge.ended_why.is_distinct_from("corrected"),
            )
        )
    }
    gone = {
        key: charge
        for key, charge in charges.items()
        if charge.ended_at is None and wanted.get(key) != _as_late(charge)
    }
    new = [late for key, late in wanted.items() if key not in charges or key in gone]
    return list(gone.values()), new


def _as_late(charge: LateCharge) -> Late:
    return Late(**{name: getattr(charge, name) for name in Late.__dataclass_fields__})


def _from_marks(at: datetime) -> dict[tuple[int, date], Late]:
    """Who went home late within the days looked at, up to yesterday: one a child and day, out of its last session."""
    sessions = _sessions(at)
    if not sessions:
        return {}
    booked = select(Place).where(Place.session_id.in_(sessions), Place.state == "booked")
    accounts = {(one.session_id, one.pupil_id): one.account_id for one in db.session.scalars(booked)}
    found: dict[tuple[int, date], Late] = {}
    for key, state in states_in(sessions).items():
        session, rule = sessions[key[0]]
        late = _late(session, rule, key[1], accounts[key], state) if key in accounts else None
        before = found.get((key[1], session.date))
        if late is not None and (before is None or before.free_until < late.free_until):
            found[key[1], session.date] = late
    return found


def _sessions(at: datetime) -> dict[int, tuple[Session, LateRule]]:
    """The sessions of the days looked at that end late enough for the rule of their day."""
    today = clock.today(at)
    days = [today - timedelta(days=n) for n in range(1, LOOKS_BACK.days + 1)]
    rules = {day: rule for day in days if (rule := terms_on(day).late_rule) is not None}
    rows = db.session.scalars(select(Session).where(Session.date.in_(rules))) if rules else ()
    return {one.id: (one, rules[one.date]) for one in rows if one.ends_at >= rules[one.date].ends_from}


def _late(session: Session, rule: LateRule, pupil_id: int, account_id: int, state: ChildState) -> Late | None:
    if state.out_at is None or state.how not in WENT_HOME:
        return None
    free_until = rule.free_until(session.date, session.ends_at)
    pence = rule.charge_pence(free_until, state.out_at)
    if not pence:
        return None
    return Late(account_id, pupil_id, session.id, session.date, free_until, state.out_at, pence)
