"""Who waits for a full session: joining, leaving, standing together as a party, and taking what is offered."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from booking.bookings.baskets import NotYourChild, bookable_ids
from booking.bookings.giving_on import after_closing
from booking.bookings.models import Place, WaitingEntry
from booking.bookings.order import in_order
from booking.bookings.places import book_offered
from booking.bookings.policy import current_policy
from booking.bookings.request_log import note
from booking.bookings.rules import Pair, Situation
from booking.bookings.situations import load_situation
from booking.core import clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.people.models import FamilyAccount, Pupil
from booking.people.restrictions import closed_to_accounts
from booking.provision.models import Run, Session

LIVE_ENTRIES = ("waiting", "offered")


class CannotWait(BookingError):
    """The child cannot wait for this session: it has room, or the child could not go; nothing was changed."""


class OfferIsOver(BookingError):
    """The offer was answered already or has ended; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("This offer has ended or was answered already. Nothing was changed.")


@dataclass(frozen=True)
class Standing:
    """A family's entry as the page shows it: its position (1 is next), and why it is not offered yet."""

    entry: WaitingEntry
    position: int
    party_size: int
    why: str


def join_list(
    pupil_id: int,
    session_id: int,
    *,
    account_id: int,
    at: datetime,
    user_id: int | None,
    channel: str = "online",
) -> WaitingEntry:
    """Put a child on the list of a full session; raises `CannotWait` with the reason when it makes no sense."""
    if pupil_id not in bookable_ids(account_id, clock.today(at)):
        raise NotYourChild
    lock_rows((Pupil, [pupil_id]), (Session, [session_id]))
    situation = load_situation([pupil_id], [session_id], at)
    pair = (pupil_id, session_id)
    refusal = _why_not_wait(situation, pair, account_id)
    if refusal is not None:
        raise CannotWait(refusal)
    note([("asked", *pair, None)], account_id=account_id, at=at, user_id=user_id, channel=channel)
    (entry,) = _add([pair], None, account_id=account_id, at=at, user_id=user_id, channel=channel)
    return entry


def wait_for(
    pairs: Collection[Pair],
    *,
    account_id: int,
    at: datetime,
    user_id: int | None,
    channel: str = "online",
    together: bool = False,
) -> int:
    """Put children on the lists of sessions that were just refused as full; how many went on.

    The caller holds the locks of these children and sessions. What makes no sense is left out. `together` makes one
    party of them: all are offered at once or none is.
    """
    if not pairs:
        return 0
    situation = load_situation({p for p, _ in pairs}, {s for _, s in pairs}, at)
    good = [pair for pair in sorted(pairs) if _why_not_wait(situation, pair, account_id) is None]
    party = secrets.token_hex(6) if together and len(good) > 1 else None
    return len(_add(good, party, account_id=account_id, at=at, user_id=user_id, channel=channel))


def _why_not_wait(situation: Situation, pair: Pair, account_id: int) -> str | None:
    refusal = situation.why_not(*pair, account_id, waits=True)
    if refusal is not None:
        return refusal.words
    if not situation.is_full(pair[1]):
        return "There is room in this session. Tick it in the week to book it."
    is_there = db.session.scalar(
        select(WaitingEntry.id).where(
            WaitingEntry.pupil_id == pair[0],
            WaitingEntry.session_id == pair[1],
            WaitingEntry.state.in_(LIVE_ENTRIES),
        )
    )
    return "Your child is on this waiting list already." if is_there else None


def _add(
    pairs: Sequence[Pair],
    party: str | None,
    *,
    account_id: int,
    at: datetime,
    user_id: int | None,
    channel: str,
) -> list[WaitingEntry]:
    entries = [
        WaitingEntry(
            account_id=account_id, pupil_id=p, session_id=s, user_id=user_id, joined_at=at, party=party
        )
        for p, s in pairs
    ]
    db.session.add_all(entries)
    db.session.flush()
    facts = [("waiting", p, s, "full") for p, s in pairs]
    note(facts, account_id=account_id, at=at, user_id=user_id, channel=channel)
    return entries


def stand_together(entry_ids: Collection[int], *, account_id: int, at: datetime) -> str | None:
    """Make one party of these entries of a family (offered all or none), or part them when there is just one.

    Raises `NotFound` for another family's entry and `OfferIsOver` for one that does not wait any more.
    """
    entries = [_entry(entry_id, account_id, clock.today(at)) for entry_id in sorted(set(entry_ids))]
    _locked(WaitingEntry.id.in_([entry.id for entry in entries]))
    if any(entry.state != "waiting" for entry in entries):
        raise OfferIsOver
    party = secrets.token_hex(6) if len(entries) > 1 else None
    left_behind = {entry.party for entry in entries} - {None}
    for entry in entries:
        entry.party, entry.fits, entry.skipped = party, True, 0
    db.session.flush()
    for old in left_behind:
        rest = db.session.scalars(
            select(WaitingEntry).where(WaitingEntry.party == old, WaitingEntry.state == "waiting")
        ).all()
        if len(rest) == 1:
            rest[0].party = None
    return party


def leave_list(entry_id: int, *, account_id: int, at: datetime, user_id: int | None) -> None:
    """Take a child off the list, or let an offered place go; raises `NotFound` for another family's entry."""
    end_entry(_entry(entry_id, account_id, clock.today(at)), at=at, user_id=user_id)


def end_entry(entry: WaitingEntry, *, at: datetime, user_id: int | None) -> None:
    """End a live entry and let its offered place go, with all of a party that was offered; raises `OfferIsOver`."""
    party = _locked_party_of(entry)
    if entry.state not in LIVE_ENTRIES:
        raise OfferIsOver
    together = party if entry.state == "offered" else [entry]
    for one in together:
        place = _locked_place_of(one)
        if place is not None and place.state == "held":
            place.state, place.ended_at, place.ended_by_id = "cancelled", at, user_id
            place.held_until = None
        one.state, one.ended_at = "left", at
    note(
        [("cancelled", one.pupil_id, one.session_id, "left_list") for one in together],
        account_id=entry.account_id,
        at=at,
        user_id=user_id,
    )


def accept_offer(entry_id: int, *, account_id: int, at: datetime, user_id: int | None) -> int:
    """Book an offered place, and with it all of its party; the prices are posted to the account. How many were booked.

    Raises `OfferIsOver` or `NotFound`; then nothing has changed.
    """
    first = _entry(entry_id, account_id, clock.today(at))
    lock_rows((FamilyAccount, [account_id]))
    entries = _locked_party_of(first)
    places = [_locked_place_of(entry) for entry in entries]
    booked = [place for place in places if place is not None]
    if not booked or len(booked) != len(entries) or any(entry.state != "offered" for entry in entries):
        raise OfferIsOver
    if any(place.state != "held" or (place.held_until or at) <= at for place in booked):
        raise OfferIsOver
    for entry in entries:
        entry.state, entry.ended_at = "accepted", at
    book_offered(booked, at=at, user_id=user_id)
    return len(booked)


def _locked(*where: ColumnElement[bool]) -> list[WaitingEntry]:
    """Entries as they are now, in which nobody else changes anything before this unit of work is over.

    A worker's offer, a parent's yes and another parent's no may come at one moment; only the first of them counts.
    """
    return list(
        db.session.scalars(
            select(WaitingEntry)
            .where(*where)
            .order_by(WaitingEntry.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _locked_party_of(entry: WaitingEntry) -> list[WaitingEntry]:
    """The live entries among an entry and those that stand together with it, locked; the entry itself is fresh then."""
    is_one = WaitingEntry.id == entry.id
    found = _locked(is_one if entry.party is None else is_one | (WaitingEntry.party == entry.party))
    return [one for one in found if one.state in LIVE_ENTRIES and (one is entry or one.party == entry.party)]


def _locked_place_of(entry: WaitingEntry) -> Place | None:
    """The offered place, kept from ending by its own clock while it is being answered."""
    if entry.offered_place_id is None:
        return None
    return db.session.get(Place, entry.offered_place_id, with_for_update=True, populate_existing=True)


def _entry(entry_id: int, account_id: int, on: date) -> WaitingEntry:
    entry = db.session.get(WaitingEntry, entry_id)
    if entry is None or entry.account_id != account_id:
        raise NotFound
    if entry.pupil_id in closed_to_accounts({account_id}, on):
        raise NotFound
    return entry


def entries_of(account_id: int, at: datetime) -> list[Standing]:
    """A family's live entries with their position on the list (1 is next) and the reason why they wait."""
    entries = db.session.scalars(
        select(WaitingEntry)
        .where(WaitingEntry.account_id == account_id, WaitingEntry.state.in_(LIVE_ENTRIES))
        .options(
            joinedload(WaitingEntry.pupil),
            joinedload(WaitingEntry.session).joinedload(Session.run).joinedload(Run.activity),
        )
        .order_by(WaitingEntry.joined_at, WaitingEntry.id)
    ).all()
    today = clock.today(at)
    closed = closed_to_accounts({account_id}, today)
    mine = [e for e in entries if e.session.date >= today and e.pupil_id not in closed]
    return _standings(mine, at)


def _standings(mine: list[WaitingEntry], at: datetime) -> list[Standing]:
    sessions = {entry.session_id for entry in mine}
    everybody = db.session.scalars(
        select(WaitingEntry).where(WaitingEntry.session_id.in_(sessions), WaitingEntry.state == "waiting")
    ).all()
    ordered = in_order(everybody, current_policy(), at)
    situation = load_situation({e.pupil_id for e in mine}, sessions, at)
    found = []
    for entry in mine:
        queue = [other.id for other in ordered if other.session_id == entry.session_id]
        position = queue.index(entry.id) + 1 if entry.id in queue else 1
        size = sum(1 for other in mine if other.party == entry.party) if entry.party else 1
        found.append(Standing(entry, position, size, _why(entry, situation, size)))
    return found


def _why(entry: WaitingEntry, situation: Situation, size: int) -> str:
    """Why nothing is offered yet, in words for the family."""
    refusal = situation.why_not(entry.pupil_id, entry.session_id, entry.account_id, waits=True)
    if refusal is not None and refusal.reason == "cut_off":
        return after_closing(situation.sessions[entry.session_id], current_policy())
    if refusal is not None and refusal.reason != "has_it":
        return f"Not offered while this stands: {refusal.words}"
    if size > 1:
        return f"Waits for {size} places at once: all or none."
    return "Every place is taken."
