"""Reports that were issued: made once from a frozen roll, kept, and given back the same for ever.

Each new report is made against all that was released before of a period that holds it, lies in it or is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError, Busy
from booking.equity.models import Release
from booking.equity.protected_uptake import (
    UptakeReport,
    frozen_counts,
    report_as_json,
    report_from_json,
    uptake_report,
)
from booking.equity.snapshot import CHARACTERISTICS, find_period, pupils_on_roll, sessions_attended
from booking.equity.uptake import Counts, GroupCount, GroupKey
from booking.equity.withholding import PUBLIC_THRESHOLD, EarlierRelease
from booking.provision.models import Period


class NotOverYet(BookingError):
    """The period is not over; only finished ones are released, so that no two reports differ by a few days."""


class UnknownGroup(BookingError):
    """A breakdown that the report does not have was asked for; the ones that there are are listed."""


@dataclass(frozen=True)
class Issued:
    """A report as it was issued: the period it is of, when it was released, and what may be shown."""

    period_name: str
    starts_on: date
    ends_on: date
    breakdown: tuple[str, ...]
    released_at: datetime
    report: UptakeReport


@dataclass(frozen=True)
class Draft:
    """A report made but not yet kept; `seen` is how many releases it was made against."""

    period: Period
    breakdown: tuple[str, ...]
    report: UptakeReport
    counts: Counts
    seen: int


def check_breakdown(by: Sequence[str]) -> tuple[str, ...]:
    """The breakdowns in the house's order, all of them when none is named; raises `UnknownGroup`."""
    unknown = [name for name in by if name not in CHARACTERISTICS]
    if unknown:
        known = ", ".join(CHARACTERISTICS)
        raise UnknownGroup(f"“{unknown[0]}” is no breakdown of the report. There are {known}.")
    return tuple(name for name in CHARACTERISTICS if name in by) or CHARACTERISTICS


def find_release(starts_on: date, ends_on: date, breakdown: tuple[str, ...], k: int) -> Issued | None:
    """The report that was issued for exactly this request, if there is one."""
    period = find_period(starts_on, ends_on)
    release = db.session.scalars(
        select(Release).where(
            Release.starts_on == starts_on,
            Release.ends_on == ends_on,
            Release.breakdown == ",".join(breakdown),
            Release.threshold == k,
        )
    ).first()
    return _issued(release, period.name) if release else None


def draft_release(
    starts_on: date, ends_on: date, breakdown: tuple[str, ...], *, today: date, k: int = PUBLIC_THRESHOLD
) -> Draft:
    """Make the report outside any transaction that writes: it may take a second; raises `NotOverYet`, `NotAPeriod`."""
    period = find_period(starts_on, ends_on)
    if period.ends_on >= today:
        raise NotOverYet(
            f"{period.name} ends on {period.ends_on:%d/%m/%Y}. A report can be made from the day after."
        )
    releases = list(db.session.scalars(select(Release).order_by(Release.id)))
    rows, sessions = pupils_on_roll(ends_on), sessions_attended(starts_on, ends_on)
    earlier = [_earlier(kept, starts_on, ends_on) for kept in releases if _touches(kept, starts_on, ends_on)]
    report = uptake_report(rows, sessions, k, breakdown, earlier)
    return Draft(period, breakdown, report, frozen_counts(rows, sessions, breakdown), len(releases))


def keep_release(draft: Draft, *, at: datetime, user_id: int | None) -> Issued:
    """Keep a draft, inside a unit of work; raises `Busy` when another report was issued since it was made."""
    if db.session.scalar(select(func.count()).select_from(Release)) != draft.seen:
        raise Busy
    release = Release(
        starts_on=draft.period.starts_on,
        ends_on=draft.period.ends_on,
        breakdown=",".join(draft.breakdown),
        threshold=draft.report.k,
        report=report_as_json(draft.report),
        frozen={"counts": [[*key, asdict(count)] for key, count in draft.counts.items()]},
        released_at=at,
        user_id=user_id,
    )
    db.session.add(release)
    db.session.flush()
    audit.record("released", "release", release.id, at=at, user_id=user_id)
    return _issued(release, draft.period.name)


def _issued(release: Release, period_name: str) -> Issued:
    return Issued(
        period_name,
        release.starts_on,
        release.ends_on,
        tuple(release.breakdown.split(",")),
        release.released_at,
        report_from_json(release.report),
    )


def _touches(kept: Release, starts_on: date, ends_on: date) -> bool:
    """Whether one of the two periods lies in the other."""
    inside = kept.starts_on <= starts_on and ends_on <= kept.ends_on
    return inside or (starts_on <= kept.starts_on and kept.ends_on <= ends_on)


def _earlier(kept: Release, starts_on: date, ends_on: date) -> EarlierRelease:
    return EarlierRelease(
        counts=_counts(kept.frozen),
        shown=report_from_json(kept.report).shown_keys(),
        same_period=(kept.starts_on, kept.ends_on) == (starts_on, ends_on),
    )


def _counts(frozen: Mapping[str, Any]) -> dict[GroupKey, GroupCount]:
    return {(key, group): GroupCount(**count) for key, group, count in frozen["counts"]}
