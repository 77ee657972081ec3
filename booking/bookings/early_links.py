"""One family's link to an early window: found, opened once for the account, opened by the office, and withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.bookings.early_models import EarlyAccess, EarlyWindow
from booking.core import audit, clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.invitations import token_digest
from booking.people.models import FamilyAccount, Pupil
from booking.people.restrictions import closed_pairs


class LinkIsOver(BookingError):
    """The link was withdrawn, or booking is open for everybody by now; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "This link does not work any more. Look under Book: what is open for everybody is open for you. "
            "Ring the school office if you have a question."
        )


@dataclass(frozen=True)
class FamilyLink:
    """A link with the children whom it is for, less those whom a restriction closes to the account."""

    window: EarlyWindow
    account: FamilyAccount
    rows: Sequence[EarlyAccess]

    @property
    def children(self) -> list[Pupil]:
        """The children, oldest first."""
        return sorted((row.pupil for row in self.rows), key=lambda p: (p.date_of_birth, p.forename, p.id))

    @property
    def opened_at(self) -> datetime | None:
        """When it was opened, if it was."""
        return self.rows[0].opened_at

    @property
    def withdrawn_at(self) -> datetime | None:
        """When it was withdrawn, if it was."""
        return self.rows[0].withdrawn_at

    def is_over(self, at: datetime) -> bool:
        """Whether it opens nothing (more)."""
        return self.withdrawn_at is not None or self.window.state(at) in ("over", "taken back")


def link_of(token: str, account_ids: Collection[int], *, at: datetime) -> FamilyLink:
    """The link of one of these accounts; raises `NotFound` for any other, known or not, so that it says nothing."""
    rows = _rows(EarlyAccess.token_digest == token_digest(token), EarlyAccess.account_id.in_(account_ids))
    found = _links(rows, clock.today(at))
    if not found:
        raise NotFound
    return found[0]


def link_to(window_id: int, account_id: int, *, at: datetime) -> FamilyLink:
    """The link of one account in a window; raises `NotFound`."""
    rows = _rows(EarlyAccess.window_id == window_id, EarlyAccess.account_id == account_id)
    found = _links(rows, clock.today(at))
    if not found:
        raise NotFound
    return found[0]


def links_in(window_id: int, *, at: datetime) -> list[FamilyLink]:
    """Every family's link in a window, by the name of the account; no ground is known of any of them."""
    found = _links(_rows(EarlyAccess.window_id == window_id), clock.today(at))
    return sorted(found, key=lambda link: (link.account.name.casefold(), link.account.id))


def open_link(link: FamilyLink, *, at: datetime, user_id: int) -> None:
    """Let the account book early from the window's time on, once and for all its adults; raises `LinkIsOver`.

    By an adult of the account with the link in hand, or by the office for a family that rings.
    """
    if link.is_over(at):
        raise LinkIsOver
    if link.opened_at is not None:
        return
    for row in link.rows:
        row.opened_at, row.opened_by_id = at, user_id
    db.session.flush()
    audit.record(
        "early_link_opened", "family_account", link.account.id, at=at, user_id=user_id, window=link.window.id
    )


def withdraw_link(link: FamilyLink, reason: str, *, at: datetime, user_id: int) -> None:
    """End one family's link; what it has held or booked stays. The reason is sealed. Raises `LinkIsOver`."""
    if link.is_over(at):
        raise LinkIsOver
    every = _rows(EarlyAccess.window_id == link.window.id, EarlyAccess.account_id == link.account.id)
    for row in every:
        row.withdrawn_at, row.withdrawn_by_id, row.reason = at, user_id, reason
    db.session.flush()
    audit.record(
        "early_link_withdrawn",
        "family_account",
        link.account.id,
        at=at,
        user_id=user_id,
        window=link.window.id,
    )


def _rows(*where: object) -> Sequence[EarlyAccess]:
    query = select(EarlyAccess).options(
        joinedload(EarlyAccess.window), joinedload(EarlyAccess.account), joinedload(EarlyAccess.pupil)
    )
    return db.session.scalars(query.where(*where).order_by(EarlyAccess.id)).all()  # type: ignore[arg-type]


def _links(rows: Sequence[EarlyAccess], today: date) -> list[FamilyLink]:
    closed = closed_pairs(today)
    by_link: dict[tuple[int, int], list[EarlyAccess]] = {}
    for row in rows:
        if (row.account_id, row.pupil_id) not in closed:
            by_link.setdefault((row.window_id, row.account_id), []).append(row)
    return [FamilyLink(found[0].window, found[0].account, found) for found in by_link.values()]
