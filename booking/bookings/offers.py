"""What the worker does for those who wait: it offers each free place, in order, to whoever fits; an offer has an end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from booking.bookings.expiry import expire_overdue
from booking.bookings.family_letters import write_to_family
from booking.bookings.giving_on import away_pairs, phase_of, until_it_begins
from booking.bookings.models import WaitingEntry
from booking.bookings.order import in_order
from booking.bookings.places import hold_for_offer
from booking.bookings.policy import Policy, current_policy
from booking.bookings.price_facts import open_pots
from booking.bookings.request_log import note
from booking.bookings.rules import Situation
from booking.bookings.settling import new_basket
from booking.bookings.situations import load_situation
from booking.core import audit, clock
from booking.core.db import db, lock_rows
from booking.people.models import Pupil
from booking.people.restrictions import closed_pairs
from booking.provision.models import Session
from booking.provision.price_models import Pot

AT_ONCE = 200
"""Sessions looked at in one go; the rest follow two seconds later."""


def make_offers(at: datetime) -> int:
    """Close offers that have ended, then offer every free place in the published order; how many were offered.

    Who left the list, or was offered a place by another worker, before the locks were taken is left as they are.
    """
    found = _waiting(at)
    ids, sessions = [entry.id for entry in found], {entry.session_id for entry in found}
    lock_rows((Pupil, {entry.pupil_id for entry in found}), (Session, sessions), (Pot, open_pots(at)))
    _close_ended(at)
    entries = _still_waiting(ids)
    if not entries:
        return 0
    policy = current_policy()
    situation = load_situation({entry.pupil_id for entry in entries}, sessions, at)
    _open_until_they_begin(situation, policy, at)
    closed = closed_pairs(clock.today(at))
    entries = [e for e in in_order(entries, policy, at) if (e.account_id, e.pupil_id) not in closed]
    offered = 0
    kept: dict[int, int] = {}
    for party in _parties(entries):
        offered += _consider(party, situation, policy, kept, at)
    db.session.flush()
    return offered


def _open_until_they_begin(situation: Situation, policy: Policy, at: datetime) -> None:
    """Where the school gives places on, let today's sessions take offers until they begin; see who is away today."""
    given_on = {
        session_id: until_it_begins(facts)
        for session_id, facts in situation.sessions.items()
        if phase_of(facts, policy, at) == "gives_on"
    }
    situation.sessions.update(given_on)
    situation.given_on = frozenset(given_on)
    situation.away = away_pairs(situation.sessions.values(), situation.pupils, at)


def _waiting(at: datetime) -> list[WaitingEntry]:
    """Everybody on the lists of some coming sessions, with those parties whole."""
    first = list(
        db.session.scalars(
            select(WaitingEntry.session_id)
            .join(Session, Session.id == WaitingEntry.session_id)
            .where(WaitingEntry.state == "waiting", Session.date >= clock.today(at))
            .distinct()
            .order_by(WaitingEntry.session_id)
            .limit(AT_ONCE)
        )
    )
    here = WaitingEntry.session_id.in_(first)
    parties = select(WaitingEntry.party).where(here, WaitingEntry.party.is_not(None))
    return list(
        db.session.scalars(
            select(WaitingEntry)
            .where(WaitingEntry.state == "waiting", here | WaitingEntry.party.in_(parties))
            .order_by(WaitingEntry.id)
        )
    )


def _still_waiting(entry_ids: Collection[int]) -> list[WaitingEntry]:
    """Those of these entries that wait under the locks too, as they are now."""
    return list(
        db.session.scalars(
            select(WaitingEntry)
            .where(WaitingEntry.id.in_(entry_ids), WaitingEntry.state == "waiting")
            .order_by(WaitingEntry.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _parties(entries: Sequence[WaitingEntry]) -> list[list[WaitingEntry]]:
    """The entries by party, each party where its first entry stands."""
    found: dict[str, list[WaitingEntry]] = {}
    for entry in entries:
        found.setdefault(entry.party or f"entry {entry.id}", []).append(entry)
    return list(found.values())


def _consider(
    party: list[WaitingEntry], situation: Situation, policy: Policy, kept: dict[int, int], at: datetime
) -> int:
    """Offer all of a party its places, or none; 0 when they wait on.

    `kept` counts, by session, the free places that stay with a party which was passed over often enough.
    """
    phases = {phase_of(situation.sessions[entry.session_id], policy, at) for entry in party}
    if "over" in phases:
        for entry in party:
            entry.state, entry.ended_at = "lapsed", at
    if phases & {"over", "waits"}:
        return 0
    needs: dict[int, int] = {}
    for entry in party:
        needs[entry.session_id] = needs.get(entry.session_id, 0) + 1
    left = {session_id: situation.left(session_id) - kept.get(session_id, 0) for session_id in needs}
    could = _could_go(party, situation)
    if could and all(left[session_id] >= number for session_id, number in needs.items()):
        _offer(party, situation, policy, at)
        return len(party)
    _pass_over(party, could, needs, left, policy, kept, at)
    return 0


def _could_go(party: list[WaitingEntry], situation: Situation) -> bool:
    """Nothing but room stands against any of them, taken together; the situation is left as it was."""
    taken: list[tuple[int, int]] = []
    for entry in party:
        pair = (entry.pupil_id, entry.session_id)
        if pair in situation.away or situation.why_not(*pair, entry.account_id, waits=True) is not None:
            break
        situation.take(*pair, entry.account_id)
        taken.append(pair)
    for pair in taken:
        situation.give_back(*pair)
    return len(taken) == len(party)


def _pass_over(
    party: list[WaitingEntry],
    could: bool,
    needs: dict[int, int],
    left: dict[int, int],
    policy: Policy,
    kept: dict[int, int],
    at: datetime,
) -> None:
    """Note that a party waits on: whether what is free is kept for it, and each time that a place goes past it."""
    some_free = could and any(left[s] > 0 for s in needs)
    is_kept = some_free and len(party) > 1 and max(e.skipped for e in party) >= policy.most_skips
    if is_kept:
        for session_id, number in needs.items():
            kept[session_id] = kept.get(session_id, 0) + min(number, max(0, left[session_id]))
    fits = could and (not some_free or is_kept)
    for entry in party:
        was_passed = entry.fits and some_free and not is_kept
        entry.fits = fits
        if was_passed:
            entry.skipped += 1
            audit.record("skipped", "waiting_entry", entry.id, at=at, user_id=None, times=entry.skipped)


def _offer(party: list[WaitingEntry], situation: Situation, policy: Policy, at: datetime) -> None:
    """Offer a party its places and write; the offer's clock starts when the family may be told, and is short today."""
    heard_at = policy.heard_at(at)
    lasts = timedelta(hours=policy.offer_hours)
    if any(entry.session_id in situation.given_on for entry in party):
        lasts = timedelta(minutes=policy.day_offer_minutes)
    offer_party(party, situation, until=heard_at + lasts, at=at)
    first = party[0]
    key = f"offer:{first.id}:{first.offered_place_id}"
    context = {"entry_id": first.id}
    write_to_family(first.account_id, "offer", context, key=key, at=at, not_before=heard_at)


def offer_party(party: list[WaitingEntry], situation: Situation, *, until: datetime, at: datetime) -> None:
    """Hold a place for each of these entries until an instant, or until the first of them closes for booking."""
    until = min(until, *(situation.sessions[entry.session_id].cut_off for entry in party))
    first = party[0]
    basket = new_basket(first.account_id, at=at, user_id=first.user_id, state="ended")
    pairs = [(entry.pupil_id, entry.session_id) for entry in party]
    ids = hold_for_offer(basket.id, first.account_id, pairs, situation, until=until)
    for entry in party:
        entry.offered_place_id = ids[entry.pupil_id, entry.session_id]
        situation.take(entry.pupil_id, entry.session_id, entry.account_id)
        entry.state, entry.offer_ends_at, entry.fits = "offered", until, True
    facts = [("offered", entry.pupil_id, entry.session_id, None) for entry in party]
    note(facts, account_id=first.account_id, at=at, user_id=None, channel="worker")


def _close_ended(at: datetime) -> None:
    """An offer that nobody took in time lapses; its place is free again. One that is being answered is left alone."""
    db.session.execute(
        update(WaitingEntry)
        .where(WaitingEntry.state == "offered", WaitingEntry.offer_ends_at <= at)
        .values(state="lapsed", ended_at=at)
        .execution_options(synchronize_session=False)
    )
    expire_overdue(at)
