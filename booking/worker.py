"""The background: a ticker (huey) that claims work which is written as rows in the main database.

huey only says "now" every two seconds, over a SQLite file or Redis; losing its file loses nothing. Two workers may
run: every piece of work is claimed in a transaction of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from flask import Flask
from huey import Huey, RedisHuey, SqliteHuey
from huey.consumer import Consumer, Scheduler

from booking.bookings.changes import leavers_with_places, release_leaver
from booking.bookings.expiry import expire_overdue
from booking.bookings.giving_on import give_on
from booking.bookings.newcomers import forget_unconfirmed
from booking.bookings.offers import make_offers
from booking.core import clock
from booking.core.access_log import seal_access
from booking.core.db import db, unit_of_work
from booking.core.jobs import Interrupted, Job, ask_jobs_to_stop, claim_job, is_under_way
from booking.core.settings import Settings
from booking.ledger.sealing import seal_ledger
from booking.messages.sending import send_due
from booking.office.background import JOBS, composers
from booking.office.retention import apply_daily
from booking.office.starting import refuse_unsafe_start
from booking.payments.checkout import expire_started
from booking.payments.debt_reminders import send_reminders
from booking.payments.gateway import Gateway, gateway_of
from booking.payments.kept_cards import forget_cards
from booking.payments.looking_after import MoneyRounds
from booking.payments.promise_reminders import let_go_by_rule, remind_of_promises
from booking.payments.refunds import send_refunds
from booking.people.sign_in_sweep import forget_old_sign_ins
from booking.registers.closing import close_day, overdue_days
from booking.registers.late_charges import settle_late_collections
from booking.registers.sending import send_sheets
from booking.registers.walk_in_charges import due_walk_ins, settle_walk_in

log = structlog.get_logger()
EVERY_SECONDS = 2


class Ticker(Scheduler):
    """huey's own scheduler, with a tick every two seconds in place of every minute."""

    periodic_task_seconds = EVERY_SECONDS


class Worker(Consumer):
    """huey's consumer around that ticker."""

    scheduler_class = Ticker

    def _handle_signal(self, signum: int, frame: object) -> None:
        """Long jobs are told too, so that they give their claim back and a later worker goes on with them."""
        ask_jobs_to_stop()
        super()._handle_signal(signum, frame)


def make_huey(settings: Settings) -> Huey:
    """The ticker's queue: Redis when `REDIS_URL` is set, else a SQLite file of its own."""
    if settings.redis_url:
        return RedisHuey("booking", url=settings.redis_url, results=False)
    return SqliteHuey("booking", filename=str(settings.instance / "ticker.db"), results=False)


class Sweeps:
    """Housekeeping that a worker does once an hour; two workers may both do it, for it finds nothing twice."""

    def __init__(self) -> None:
        self.next: datetime | None = None

    def is_due(self, at: datetime) -> bool:
        """True once an hour."""
        if self.next is not None and at < self.next:
            return False
        self.next = at + timedelta(hours=1)
        return True


sweeps, promises, debts, closings = Sweeps(), Sweeps(), Sweeps(), Sweeps()


def ask_for_debts(at: datetime) -> None:
    """Once an hour: charges for walk-ins and for late collection, then reminders of what is owed."""
    if debts.is_due(at):
        for session_id, pupil_id in due_walk_ins(at):
            with unit_of_work():
                settle_walk_in(session_id, pupil_id, at=at)
        with unit_of_work():
            settle_late_collections(at)
        with unit_of_work():
            send_reminders(at)


def follow_promises(at: datetime) -> None:
    """Once an hour: reminders of what was promised, and the school's rule for what never comes."""
    if promises.is_due(at):
        remind_of_promises(at)
        let_go_by_rule(at)


def close_registers(at: datetime) -> None:
    """Once an hour: days whose registers nobody closed by noon of the day after; a demo's past is written first."""
    if not is_under_way("demo_history") and closings.is_due(at):
        for day in overdue_days(at):
            with unit_of_work():
                close_day(day, at=at, user_id=None)


def steps(settings: Settings) -> list[tuple[str, Callable[[datetime], object]]]:
    """What each tick does, in order; a step that fails is logged, and the next one still runs."""
    gateway, letters = gateway_of(settings), composers(settings)

    def expire(at: datetime) -> None:
        with unit_of_work():
            expire_overdue(at)

    def offer(at: datetime) -> None:
        with unit_of_work():
            give_on(at)
        with unit_of_work():
            make_offers(at)

    def release_gone(at: datetime) -> None:
        for pupil_id, left_on in leavers_with_places(at):
            with unit_of_work():
                release_leaver(pupil_id, left_on, at=at, user_id=None)

    def seal(at: datetime) -> None:
        with unit_of_work():
            seal_access(at)
            seal_ledger(at)

    def keep_by_rule(at: datetime) -> None:
        with unit_of_work():
            if sweeps.is_due(at):
                forget_old_sign_ins(at)
                forget_unconfirmed(at)
            apply_daily(at)

    return [
        ("expire holds", expire),
        ("give back the places of children who left", release_gone),
        ("offer places", offer),
        ("close card pages", lambda at: expire_started(at, gateway=gateway)),
        ("send refunds", lambda at: send_refunds(at, gateway=gateway)),
        ("forget cards", lambda at: forget_cards(at, gateway=gateway)),
        ("remind of promises, and let go by rule", follow_promises),
        ("close registers", close_registers),
        ("late collections and reminders", ask_for_debts),
        ("send messages", lambda at: send_due(at, settings, letters)),
        ("seal the ledger and the log of who saw what", seal),
        ("retention", keep_by_rule),
    ]


def tick(app: Flask, settings: Settings) -> list[str]:
    """Do everything that is due now, once; returns the names of the steps that failed."""
    failed = []
    with app.app_context():
        for name, step in steps(settings):
            try:
                step(clock.now())
            except Exception:
                failed.append(name)
                log.exception("a step failed", step=name)
            finally:
                db.session.rollback()
        db.session.remove()
    return failed


def work(app: Flask) -> bool:
    """Claim one job and run it to its end; False when there was none."""
    with app.app_context():
        with unit_of_work():
            job = claim_job(clock.now())
            if job is None:
                return False
            job_id, kind = job.id, job.kind
        try:
            JOBS[kind](job_id)
        except Interrupted:
            db.session.rollback()
            with unit_of_work():
                db.session.get_one(Job, job_id).claimed_until = None
        except Exception:
            log.exception("a job failed", job_id=job_id, kind=kind)
        finally:
            db.session.remove()
    return True


def look_after_money(app: Flask, rounds: MoneyRounds, gateway: Gateway | None) -> None:
    """Look at card money when it is due; beside the ticks, because the nightly look takes a minute."""
    with app.app_context():
        try:
            rounds.look(clock.now(), gateway)
        except Exception:
            log.exception("card money could not be looked at")
        finally:
            db.session.rollback()
            db.session.remove()


def send_paper(app: Flask) -> None:
    """Send sheets to the printers; beside the ticks, because a printer that is off takes its time to say nothing."""
    with app.app_context():
        try:
            send_sheets(clock.now())
        except Exception:
            log.exception("paper could not be sent")
        finally:
            db.session.rollback()
            db.session.remove()


def run(app: Flask, settings: Settings) -> None:
    """Tick until SIGTERM or SIGINT; what has begun is finished first."""
    refuse_unsafe_start(settings)
    huey = make_huey(settings)
    busy = {name: threading.Lock() for name in ("tick", "work", "money", "paper")}
    rounds, gateway = MoneyRounds(), gateway_of(settings)

    def guarded(name: str, act: Callable[[], object]) -> None:
        if busy[name].acquire(blocking=False):
            try:
                act()
            finally:
                busy[name].release()

    huey.periodic_task(_always, expires=EVERY_SECONDS, name="tick")(
        lambda: guarded("tick", lambda: tick(app, settings))
    )
    huey.periodic_task(_always, expires=EVERY_SECONDS, name="work")(
        lambda: guarded("work", lambda: work(app))
    )
    huey.periodic_task(_always, expires=EVERY_SECONDS, name="money")(
        lambda: guarded("money", lambda: look_after_money(app, rounds, gateway))
    )
    huey.periodic_task(_always, expires=EVERY_SECONDS, name="paper")(
        lambda: guarded("paper", lambda: send_paper(app))
    )
    logging.getLogger("huey").setLevel(logging.WARNING)
    Worker(huey, workers=4, max_delay=0.5, graceful_signal="TERM").run()


def _always(_at: datetime) -> bool:
    return True
