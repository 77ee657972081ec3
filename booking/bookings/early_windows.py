"""Early windows: publishing a rule by which some families book before others, and sending the links at one moment."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from booking.bookings.early_grounds import BY_RIGHT, EVERYDAY, GROUNDS, ComingIn, who_comes_in
from booking.bookings.early_models import EarlyAccess, EarlyRun, EarlyWindow
from booking.bookings.family_letters import write_to_family
from booking.bookings.policy import current_policy
from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.words import moment
from booking.people.invitations import token_digest
from booking.provision.models import Run

FEWEST, FEWEST_EVERYDAY = 5, 3
"""Families that must come in, and how many of them by an everyday ground."""


class EarlyRefused(BookingError):
    """The window cannot stand, be sent or be changed as asked; nothing was changed."""


@dataclass(frozen=True)
class EarlyDetails:
    """What the office enters; `share` is the part of each session's places that may go early, in per cent."""

    run_ids: tuple[int, ...]
    opens_at: datetime
    grounds: tuple[str, ...]
    share: int = 50


def look_at(details: EarlyDetails, *, at: datetime) -> ComingIn:
    """Who would come in now; raises `EarlyRefused` when such a window could not be made."""
    runs = _runs(details.run_ids)
    _refuse_rule(details, runs, at)
    found = who_comes_in(runs, details.grounds, at)
    _refuse_few(found)
    return found


def make_window(details: EarlyDetails, *, at: datetime, user_id: int) -> EarlyWindow:
    """Publish the rule; no link leaves yet. Raises `EarlyRefused`; a run that somebody else names meanwhile is theirs."""
    _lock_runs(details.run_ids)
    look_at(details, at=at)
    made = EarlyWindow(
        opens_at=details.opens_at,
        grounds=[name for name in GROUNDS if name in details.grounds],
        share=details.share,
        made_at=at,
        user_id=user_id,
        runs=[EarlyRun(run_id=run.id) for run in _runs(details.run_ids)],
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        "early_window_made",
        "early_window",
        made.id,
        at=at,
        user_id=user_id,
        grounds=made.grounds,
        share=made.share,
    )
    return made


def send_links(window_id: int, *, at: datetime, user_id: int) -> int:
    """Give a link to every family that comes in now, with the same letter at the same moment; how many accounts.

    What is true of a child now decides, and stays: a ground that is lost later takes no link away.
    Raises `EarlyRefused` when it was sent before, comes too late or would reach too few.
    """
    window = find_window(window_id, to_change=True)
    heard_at = current_policy().heard_at(at)
    if window.state(at) != "announced":
        raise EarlyRefused("The links were sent already, or the window is over. Nothing was sent.")
    if heard_at >= window.opens_at:
        raise EarlyRefused(
            f"The letters would leave on {moment(heard_at)}, after early booking has begun. Nothing was sent. "
            "Take the window back and make one that begins later."
        )
    found = who_comes_in([link.run for link in window.runs], window.grounds, at)
    _refuse_few(found)
    children: dict[int, list[int]] = defaultdict(list)
    for account_id, pupil_id in sorted(found.pairs):
        children[account_id].append(pupil_id)
    for account_id, pupil_ids in children.items():
        token = secrets.token_urlsafe(16)
        db.session.add_all(
            EarlyAccess(
                window_id=window.id,
                account_id=account_id,
                pupil_id=pupil_id,
                token_digest=token_digest(token),
                sent_at=at,
                token=token,
            )
            for pupil_id in pupil_ids
        )
        context = {"window_id": window.id, "account_id": account_id}
        key = f"early:{window.id}:{account_id}"
        write_to_family(account_id, "early_booking", context, key=key, at=at, not_before=heard_at)
    window.sent_at = at
    db.session.flush()
    audit.record(
        "early_links_sent", "early_window", window.id, at=at, user_id=user_id, accounts=len(children)
    )
    return len(children)


def take_back(window_id: int, reason: str, *, at: datetime, user_id: int) -> None:
    """End a whole window: no link of it opens anything more; what is held or booked stays. Raises `EarlyRefused`."""
    window = find_window(window_id, to_change=True)
    if window.ended_at is not None:
        raise EarlyRefused("This window was taken back already. Nothing was changed.")
    window.ended_at, window.ended_reason = at, reason
    db.session.flush()
    audit.record("early_window_taken_back", "early_window", window.id, at=at, user_id=user_id)


def find_window(window_id: int, *, to_change: bool = False) -> EarlyWindow:
    """One window, locked when it is to be changed; raises `NotFound`."""
    query = select(EarlyWindow).where(EarlyWindow.id == window_id)
    if to_change:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def published_windows(at: datetime) -> list[EarlyWindow]:
    """The rules that families read: of windows that were not taken back and are not over, the first to open first."""
    found = db.session.scalars(
        select(EarlyWindow)
        .where(EarlyWindow.ended_at.is_(None))
        .order_by(EarlyWindow.opens_at, EarlyWindow.id)
    )
    return [window for window in found if window.state(at) != "over"]


def runs_with_a_window() -> Select[int]:
    """The ids of the runs that have a window already, as a query; one that was taken back does not count."""
    runs = select(EarlyRun.run_id).join(EarlyWindow, EarlyWindow.id == EarlyRun.window_id)
    return runs.where(EarlyWindow.ended_at.is_(None))


def _runs(run_ids: Collection[int]) -> list[Run]:
    return list(db.session.scalars(select(Run).where(Run.id.in_(run_ids)).order_by(Run.id)))


def _lock_runs(run_ids: Collection[int]) -> None:
    ids = select(Run.id).where(Run.id.in_(run_ids)).order_by(Run.id)
    db.session.execute(ids.with_for_update(key_share=True))


def _refuse_rule(details: EarlyDetails, runs: list[Run], at: datetime) -> None:
    """Raise `EarlyRefused` for a rule that cannot be published, whoever would come in."""
    named = set(details.grounds)
    by_right = named & set(BY_RIGHT)
    if not named <= GROUNDS.keys():
        raise EarlyRefused("A ground that is not on the list cannot count. Nothing was saved.")
    if len(named) < 2 or not named & EVERYDAY.keys():
        raise EarlyRefused(
            "Choose at least two grounds, one of them brothers and sisters or who comes already, so that "
            "a link tells nobody why a family has it. Nothing was saved."
        )
    if len(by_right) == 1:
        raise EarlyRefused(
            "Choose a second entitlement, or none. With one alone, whoever has a link without coming already "
            "would be known to have it. Nothing was saved."
        )
    if not runs or len({run.period_id for run in runs}) != 1:
        raise EarlyRefused("Choose at least one club, all of one period. Nothing was saved.")
    if not 1 <= details.share <= 100:
        raise EarlyRefused("Between 1 and 100 per cent of the places can go early. Nothing was saved.")
    if not at < details.opens_at < min(run.opens_at for run in runs):
        raise EarlyRefused(
            "Early booking must begin in the future, and before each of these clubs opens for everybody. "
            "Nothing was saved."
        )
    taken = set(db.session.scalars(runs_with_a_window()))
    for run in runs:
        if run.in_round or run.id in taken:
            why = "is given out by a draw" if run.in_round else "has an early window already"
            raise EarlyRefused(f"{run.activity.name} {why}: leave it out. Nothing was saved.")


def _refuse_few(found: ComingIn) -> None:
    """Raise `EarlyRefused` when a link would point at too few; one sentence for both, so that it counts no ground."""
    if found.families < FEWEST or found.everyday < FEWEST_EVERYDAY:
        raise EarlyRefused(
            f"Too few families would come in to keep anybody’s ground private: at least {FEWEST} must, "
            f"{FEWEST_EVERYDAY} of them because of brothers and sisters or because they come already. "
            "Choose more clubs or more grounds. Nothing was done."
        )
