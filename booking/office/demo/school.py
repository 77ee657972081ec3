"""Builds the demo school round a day: calendar, offer, people and this week's bookings; the worker does the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.core.jobs import add_job
from booking.office.demo.offer import PROVIDERS, ROOMS, RUNS, SCHOOL, DemoRun
from booking.office.demo.people_rows import write_people, write_school
from booking.office.demo.population import make_population
from booking.office.demo.prices import write_prices
from booking.office.demo.staffing import (
    AWAY,
    helps,
    let_one_be_away,
    write_adults,
    write_papers,
    write_rota,
)
from booking.payments.childcare import ApprovalDetails, approve
from booking.payments.voucher_firms import FirmDetails, save_firm
from booking.people.models import School, User
from booking.provision.models import Period, StaffAssignment
from booking.provision.runs import RunDetails, open_run, save_run
from booking.provision.setup import (
    ActivityDetails,
    RoomDetails,
    SellerDetails,
    save_activity,
    save_room,
    save_seller,
)
from booking.provision.terms import DayDetails, PeriodDetails, save_period, save_special_day
from booking.provision.year_plan import Span, YearPlan, history_of, nearest_school_day, plan_year

BOOKS_BEFORE = timedelta(days=21)
LEADS = {
    "rahman@demo.example": {"Mrs Rahman"},
    "bajwa@demo.example": {"Mrs Bajwa", "Mr Fielding"},
    "coach@striders.example": {"Coach Liam Forde"},
}
Say = Callable[[str], None]


class NotEmpty(BookingError):
    """The database holds people already, so a demo would mix with them; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "This database is not empty. A demo school needs one of its own. Nothing was changed."
        )


def is_empty() -> bool:
    """Whether nobody and no school is in the database yet."""
    counts = [db.session.scalar(select(func.count()).select_from(model)) for model in (User, School)]
    return not any(counts)


def build_school(
    pupils: int, seed: int, today: date, *, at: datetime, instance: Path, with_history: bool, say: Say
) -> date:
    """Write the whole school in one transaction and ask the worker for its history; returns the day it stands on."""
    plan = plan_year(today)
    day = nearest_school_day(today, plan)
    say(f"Making {pupils} pupils and their families, seed {seed}, round {day:%A %d %B %Y}")
    population = make_population(pupils, seed, day)
    with unit_of_work():
        if not is_empty():
            raise NotEmpty
        write_school(seed)
        staff = write_people(population, at, instance)
        _catch_up_sequences()
        periods = _write_calendar(plan, at)
        write_prices([year.year for year in plan.plans()], at=at)
        runs = _write_offer(plan, day, periods, max(1.0, pupils / 210), at, staff)
        if with_history:
            add_job("demo_history", {"pupils": pupils, "seed": seed, "day": day.isoformat()}, at=at)
    say(f"{pupils} pupils, {len(runs)} runs, {len(periods)} periods are in")
    return day


def _catch_up_sequences() -> None:
    """Rows came with ids of their own; PostgreSQL's sequences go on behind them."""
    if db.session.get_bind().dialect.name != "postgresql":
        return
    for table in ("user_account", "family_account", "pupil"):
        db.session.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))")  # noqa: S608
        )


def _write_calendar(plan: YearPlan, at: datetime) -> dict[date, Period]:
    """Years, terms, half-terms and the days that differ; half-terms by their first day."""
    half_terms: dict[date, Period] = {}
    for year in plan.plans():
        for span in (year.year, *year.terms, *year.half_terms):
            period = save_period(None, _period(span), at=at, user_id=None)
            if span.kind == "half_term":
                half_terms[span.starts_on] = period
        days = [DayDetails(day, "inset", "INSET day") for day in year.inset]
        days += [DayDetails(day, "early_finish", "End of term", hour) for day, hour in year.early_finishes]
        for details in days:
            save_special_day(None, details, at=at, user_id=None)
    return half_terms


def _period(span: Span) -> PeriodDetails:
    return PeriodDetails(span.kind, span.name, span.starts_on, span.ends_on)


def _write_offer(
    plan: YearPlan, day: date, periods: dict[date, Period], scale: float, at: datetime, staff: dict[str, int]
) -> list[int]:
    """Every activity in each half-term of the history, in the present one and in the next."""
    halves = [*history_of(day, plan), *[h for h in plan.all_half_terms() if h.starts_on > day][:1]]
    first, today = min(year.year.starts_on for year in plan.plans()), clock.today(at)
    sellers = {SCHOOL: _school_seller(at)}
    for key, details in PROVIDERS.items():
        given = SellerDetails(**details, fee_basis_points=1000)  # type: ignore[arg-type]
        sellers[key] = save_seller(None, given, at=at, user_id=None).id
    until = max(today + timedelta(days=90), *(half.ends_on for half in halves))
    write_papers(sellers, first, until, at=at, today=today)
    rooms = {
        n: save_room(None, RoomDetails(n, round(c * scale)), at=at, user_id=None).id for n, c in ROOMS.items()
    }
    db.session.get_one(User, staff["coach@striders.example"]).seller_id = sellers["striders"]
    activities = {run.name: _activity(run, sellers, at) for run in RUNS}
    _approve(sellers[SCHOOL], activities, plan, at)
    adults = write_adults(sellers, staff, first, at=at, today=today)
    made, helped = [], []
    for half in halves:
        for run in RUNS:
            made.append(_run(run, half, periods[half.starts_on], activities, rooms, scale, at, staff))
            if half.ends_on >= day:
                write_rota(run.name, made[-1], half.starts_on, adults, at=at)
                helped += [made[-1]] if run.kind == "club" and helps(run.name, AWAY) else []
    let_one_be_away(helped, adults, today=day, at=at)
    return made


def _school_seller(at: datetime) -> int:
    details = SellerDetails(
        name="Brook Lane Primary School",
        is_school=True,
        address="Brook Lane, LE99 7ZZ",
        phone="01632 960100",
        email="office@demo.example",
        registration="999001",
        registration_kind="urn",
    )
    return save_seller(None, details, at=at, user_id=None).id


def _approve(seller_id: int, activities: dict[str, int], plan: YearPlan, at: datetime) -> None:
    """Families may pay the school's own breakfast and care by every scheme, and there is a voucher firm."""
    for run in RUNS:
        if run.kind in {"breakfast", "extended_care"} and run.pence:
            details = ApprovalDetails(
                activity_id=activities[run.name],
                takes_tfc=True,
                takes_vouchers=True,
                takes_universal_credit=True,
                evidence="Run by the school on its premises, out of school hours",
                starts_on=min(year.year.starts_on for year in plan.plans()),
            )
            approve(seller_id, details, at=at, user_id=None)
    save_firm(None, FirmDetails("Brightcare Vouchers", "S-20417", None), at=at, user_id=None)


def _activity(run: DemoRun, sellers: dict[str, int], at: datetime) -> int:
    details = ActivityDetails(
        name=run.name,
        kind=run.kind,
        seller_id=sellers[run.seller],
        area=run.area,
        description=run.description,
        is_free_slot=run.is_free_slot,
        runs_on_early_finish=run.runs_on_early_finish,
    )
    return save_activity(None, details, at=at, user_id=None).id


def _run(
    run: DemoRun,
    half: Span,
    period: Period,
    activities: dict[str, int],
    rooms: dict[str, int],
    scale: float,
    at: datetime,
    staff: dict[str, int],
) -> int:
    opens_at = clock.instant(half.starts_on - BOOKS_BEFORE, time(7))
    details = RunDetails(
        activity_id=activities[run.name],
        period_id=period.id,
        room_id=rooms[run.room],
        weekdays=run.weekdays,
        starts_at=run.starts_at,
        ends_at=run.ends_at,
        price_pence=run.pence,
        year_groups=run.years,
        opens_at=min(opens_at, at),
        closes_at=time(18),
        closes_days_before=1,
        capacity=round(run.places * scale),
        leader=run.leader,
    )
    saved = save_run(None, details, at=at, user_id=None)
    open_run(saved.id, at, None)
    for email, leaders in LEADS.items():
        if run.leader in leaders:
            db.session.add(StaffAssignment(user_id=staff[email], run_id=saved.id))
    return saved.id
