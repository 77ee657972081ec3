"""A term and a half of bookings, payments, attendance, cancellations and waiting lists, by the ordinary functions.

Each step is a transaction of its own, so that a worker which is stopped goes on where it was: a family that has asked
already is passed over, and what is marked already is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from booking.bookings.baskets import choose_week, give_up_basket
from booking.bookings.cancellation import cancel_places
from booking.bookings.models import FreeForecast, Place, RequestFact
from booking.bookings.places import take_holds
from booking.bookings.rules import Pair
from booking.bookings.waiting_list import CannotWait, join_list
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.core.jobs import CLAIM_LASTS, Job, stop_if_asked
from booking.ledger.balances import credit_pence
from booking.office.demo.dice import Dice
from booking.office.demo.population import make_population
from booking.office.demo.promises import promise_by_tfc, still_to_send
from booking.office.demo.records import DemoAccount, Population, Tie
from booking.office.demo.wishes import wishes_of
from booking.payments.office_till import pay_at_office, pay_from_credit, take_office_payment
from booking.provision.models import Activity, Run, Session
from booking.provision.year_plan import history_of, plan_year
from booking.registers.marks import NewMark, add_marks
from booking.registers.models import Mark

CANCELS, ABSENT, WAITS, OWES, BY_TFC = 0.04, 0.05, 0.6, 0.08, 0.1
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Stretch:
    """Days whose sessions are booked together, and the moment at which families do it."""

    first: date
    last: date
    booked_at: datetime


def write_history(job_id: int) -> None:
    """The worker's job: every stretch of the last three half-terms, oldest first, then what happened on each day."""
    job = db.session.get_one(Job, job_id)
    pupils, seed, day = job.payload["pupils"], job.payload["seed"], date.fromisoformat(job.payload["day"])
    population = make_population(pupils, seed, day)

    def note(done: int, total: int) -> None:
        stop_if_asked()
        with unit_of_work():
            row = db.session.get_one(Job, job_id)
            row.done, row.total = done, total
            row.claimed_until = clock.now() + CLAIM_LASTS

    fill(population, stretches_before(day), day, note)
    with unit_of_work():
        db.session.get_one(Job, job_id).finished_at = clock.now()


def stretches_before(day: date) -> list[Stretch]:
    """The last three half-terms up to the week of the day, each booked when it opens."""
    monday = day - timedelta(days=day.weekday())
    found = []
    for half in history_of(day, plan_year(day)):
        last = min(half.ends_on, monday - timedelta(days=1))
        if half.starts_on <= last:
            found.append(
                Stretch(half.starts_on, last, clock.instant(half.starts_on - timedelta(days=5), time(19)))
            )
    return found


def this_week(day: date) -> Stretch:
    """The week of the day and the next one, booked on the Friday before."""
    monday = day - timedelta(days=day.weekday())
    return Stretch(monday, monday + timedelta(days=11), clock.instant(monday - timedelta(days=3), time(12)))


def fill(population: Population, stretches: list[Stretch], day: date, note: Progress) -> None:
    """Book, pay, cancel and attend through these stretches; `note` is told how many steps are done of how many."""
    days = {stretch.first: _school_days(stretch, day) for stretch in stretches}
    total = len(stretches) * len(population.accounts) + sum(len(found) for found in days.values())
    done, ties = 0, ties_of(population)
    for stretch in stretches:
        sessions = _sessions(stretch)
        for account in population.accounts:
            _family(population, account, stretch, sessions, ties, is_open=stretch.last >= day)
            done += 1
            if done % 20 == 0:
                note(done, total)
        for one in days[stretch.first]:
            _live_through(one, population.seed)
            done += 1
            note(done, total)
    note(total, total)


def _school_days(stretch: Stretch, day: date) -> list[date]:
    """Days of a stretch that are over, on which something ran."""
    return list(
        db.session.scalars(
            select(Session.date)
            .where(Session.date.between(stretch.first, stretch.last), Session.date < day)
            .distinct()
            .order_by(Session.date)
        )
    )


def _sessions(stretch: Stretch) -> dict[tuple[str, int], list[int]]:
    """Sessions of a stretch by activity and weekday."""
    rows = db.session.execute(
        select(Activity.name, Session.date, Session.id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(Session.date.between(stretch.first, stretch.last))
        .order_by(Session.date, Session.id)
    )
    found: dict[tuple[str, int], list[int]] = {}
    for name, on, session_id in rows:
        found.setdefault((name, on.weekday()), []).append(session_id)
    db.session.rollback()
    return found


def _family(
    population: Population,
    account: DemoAccount,
    stretch: Stretch,
    sessions: dict[tuple[str, int], list[int]],
    ties: dict[int, list[Tie]],
    *,
    is_open: bool,
) -> None:
    """One family books its weekly pattern for the stretch, pays, and later cancels a few sessions.

    Of a stretch that is still open, some families have not sent yet what they promised by Tax-Free Childcare.
    """
    adults = [population.adults[key] for key in account.adults]
    if not any(adult.signs_in for adult in adults):
        return
    wanted: set[Pair] = set()
    for tie in (tie for adult in account.adults for tie in ties[adult]):
        if tie.may_book and tie.pupil < len(population.pupils):
            for wish in wishes_of(population.pupils[tie.pupil], population.seed):
                if wish[1] in account.weekdays:
                    wanted |= {(tie.pupil + 1, session_id) for session_id in sessions.get(wish, [])}
    if wanted:
        dice = Dice("family", population.seed, account.key, stretch.first)
        at = stretch.booked_at + timedelta(minutes=dice.between(0, 240))
        by_tfc = is_open and Dice("by Tax-Free Childcare", population.seed, account.key).chance(BY_TFC)
        if not _has_asked(account.key + 1, at):
            _book(account.key + 1, wanted, at, dice, by_tfc=by_tfc)


def ties_of(population: Population) -> dict[int, list[Tie]]:
    """The ties of each adult, looked up once for the whole school."""
    found: dict[int, list[Tie]] = {adult.key: [] for adult in population.adults}
    for tie in population.ties:
        found[tie.adult].append(tie)
    return found


def _has_asked(account_id: int, at: datetime) -> bool:
    """Whether a worker that was stopped has done this family already."""
    query = select(RequestFact.id).where(RequestFact.at == at, RequestFact.account_id == account_id).limit(1)
    found = db.session.scalar(query) is not None
    db.session.rollback()
    return found


def _book(account_id: int, wanted: set[Pair], at: datetime, dice: Dice, *, by_tfc: bool) -> None:
    with unit_of_work():
        basket_id = choose_week(account_id, wanted, wanted, at=at, user_id=None).id
    with unit_of_work():
        result = take_holds(basket_id, "what_fits", at=at, user_id=None)
        held, full = result.held, [r for r in result.refused if r.reason == "full"]
    promised = bool(held) and by_tfc and promise_by_tfc(account_id, at)
    if held and not promised:
        with unit_of_work():
            if credit_pence(account_id) >= 20_000:
                pay_from_credit(basket_id, at=at, user_id=None)
            else:
                pay_at_office(basket_id, at=at, user_id=None)
        _pay_what_is_owed(account_id, at + timedelta(days=dice.between(1, 6)), dice)
    for refusal in full[:4] if dice.chance(WAITS) else []:
        _wait(account_id, refusal.pupil_id, refusal.session_id, at)
    with unit_of_work():
        give_up_basket(account_id, at=at, user_id=None)
    if held:
        _cancel_some(account_id, at, dice)


def _pay_what_is_owed(account_id: int, at: datetime, dice: Dice) -> None:
    owed = -credit_pence(account_id) - still_to_send(account_id)
    db.session.rollback()
    if owed > 0 and not dice.chance(OWES) and at <= clock.now():
        with unit_of_work():
            take_office_payment(account_id, owed, at=at, user_id=None)


def _wait(account_id: int, pupil_id: int, session_id: int, at: datetime) -> None:
    try:
        with unit_of_work():
            join_list(pupil_id, session_id, account_id=account_id, at=at, user_id=None)
    except CannotWait:
        return


def _cancel_some(account_id: int, at: datetime, dice: Dice) -> None:
    """A few sessions are cancelled two days before they happen, for credit."""
    rows = db.session.execute(
        select(Place.id, Session.date)
        .join(Session, Session.id == Place.session_id)
        .where(Place.account_id == account_id, Place.state == "booked", Place.booked_at == at)
        .order_by(Place.id)
    ).all()
    db.session.rollback()
    for row in rows:
        when = clock.instant(row.date - timedelta(days=2), time(20))
        if dice.chance(CANCELS) and at < when <= clock.now():
            try:
                with unit_of_work():
                    cancel_places([row.id], at=when, user_id=None)
            except BookingError:
                continue


def _live_through(day: date, seed: int) -> None:
    """What happened on one day: who came, who did not, and when each was fetched."""
    dice = Dice("day", seed, day)
    expected = db.session.execute(
        select(Place.session_id, Place.pupil_id)
        .join(Session, Session.id == Place.session_id)
        .where(Session.date == day, Place.state == "booked")
    ).all()
    free = db.session.execute(
        select(FreeForecast.session_id, FreeForecast.pupil_id)
        .join(Session, Session.id == FreeForecast.session_id)
        .where(Session.date == day)
    ).all()
    marked = set(
        db.session.scalars(
            select(Mark.session_id).join(Session, Session.id == Mark.session_id).where(Session.date == day)
        )
    )
    sessions = {s.id: s for s in db.session.scalars(select(Session).where(Session.date == day))}
    pairs = sorted(
        (row.session_id, row.pupil_id) for row in [*expected, *free] if row.session_id not in marked
    )
    pairs.sort(key=lambda pair: (sessions[pair[0]].starts_at, sessions[pair[0]].ends_at, pair))
    marks, away = [], {pupil for _, pupil in pairs if dice.chance(ABSENT)}
    for session_id, pupil_id in pairs:
        session = sessions[session_id]
        begins, ends = clock.instant(day, session.starts_at), clock.instant(day, session.ends_at)
        if pupil_id in away:
            marks.append(
                NewMark(session_id, pupil_id, "absent", begins + timedelta(minutes=10), "Not in school today")
            )
        else:
            marks.append(
                NewMark(session_id, pupil_id, "arrived", begins + timedelta(minutes=dice.between(0, 9)))
            )
            if session.ends_at >= time(16):
                marks.append(
                    NewMark(session_id, pupil_id, "collected", ends - timedelta(minutes=dice.between(0, 12)))
                )
    db.session.rollback()
    marks = _in_order(marks)
    if marks:
        with unit_of_work():
            add_marks(marks, recorded_at=max(mark.at for mark in marks), user_id=None)


def _in_order(marks: list[NewMark]) -> list[NewMark]:
    """By time; a child who goes on to another session is not collected from the first."""
    comes: dict[int, list[NewMark]] = {}
    for mark in marks:
        if mark.what == "arrived":
            comes.setdefault(mark.pupil_id, []).append(mark)
    kept = []
    for mark in marks:
        edge = mark.at - timedelta(minutes=30)
        goes_on = any(c.session_id != mark.session_id and c.at >= edge for c in comes.get(mark.pupil_id, []))
        if not (mark.what == "collected" and goes_on):
            kept.append(mark)
    return sorted(kept, key=lambda mark: (mark.at, mark.pupil_id, mark.session_id))
