"""Holds payments against Stripe, both ways, and against the ledger; every difference is one line for a person.

Nothing is put right here: money is only moved by the functions that move it every day. Stripe's lists are read page
by page and never held whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import TypeVar

from sqlalchemy import func, or_, select

from booking.core.db import db
from booking.core.money import format_pence
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.payments.card_models import Dispute
from booking.payments.facts import RefundFacts, SessionFacts
from booking.payments.gateway import CURRENCY, Gateway
from booking.payments.ledger_reconciliation import differences_in_ledger
from booking.payments.models import Payment, Refund
from booking.payments.money_worries import Difference
from booking.payments.movements import is_known, pages, to_post

T = TypeVar("T")
IN_TRANSIT = timedelta(minutes=10)
SAID_EVERY = 1_000
Progress = Callable[[str], None]


def reconcile(
    at: datetime, *, gateway: Gateway | None, progress: Progress = lambda words: None
) -> list[Difference]:
    """Every difference between payments, Stripe and the ledger, one for each subject; an empty list when all agree.

    Raises `StripeOutOfReach`. Without a gateway only the ledger is held against the payments, and a card payment
    is a difference in itself. What began in the last ten minutes is on its way, not missing.
    """
    if gateway is None:
        found = chain(_cards_without_a_key(), differences_in_ledger())
    else:
        found = chain(
            _sessions(_counted(gateway.sessions("complete"), "card pages", progress), at),
            _refunds(_counted(gateway.refunds(), "refunds", progress), at),
            _disputes(gateway),
            differences_in_ledger(),
            _movements(gateway, at, progress),
        )
    by_subject: dict[str, Difference] = {}
    for difference in found:
        by_subject.setdefault(difference.subject, difference)
    if gateway is not None and not by_subject:
        return list(_balance(gateway, at))
    return list(by_subject.values())


def _counted(found: Iterable[T], what: str, progress: Progress) -> Iterator[T]:
    for number, one in enumerate(found, start=1):
        if number % SAID_EVERY == 0:
            progress(f"{number:,} {what} at Stripe looked at")
        yield one


def _cards_without_a_key() -> Iterator[Difference]:
    rows = db.session.execute(
        select(Payment.id, Payment.account_id).where(Payment.tender == "card", Payment.state == "paid")
    )
    for payment_id, account_id in rows:
        yield Difference(
            f"payment {payment_id}", "no_key", "paid by card, but no Stripe key is set", account_id
        )


def _sessions(at_stripe: Iterable[SessionFacts], at: datetime) -> Iterator[Difference]:
    """What Stripe was paid, held against the payments here; then the payments here that Stripe does not know."""
    known: set[int] = set()
    columns = (
        Payment.id,
        Payment.account_id,
        Payment.state,
        Payment.amount_pence,
        Payment.expires_at,
        Payment.stripe_session_id,
        Payment.idempotency_key,
    )
    for page in pages(facts for facts in at_stripe if facts.is_paid):
        ids, keys = {facts.id for facts in page}, {facts.reference for facts in page if facts.reference}
        rows = db.session.execute(
            select(*columns).where(or_(Payment.stripe_session_id.in_(ids), Payment.idempotency_key.in_(keys)))
        ).all()
        by_mark = {mark: row for row in rows for mark in (row.idempotency_key, row.stripe_session_id) if mark}
        for facts in page:
            payment = by_mark.get(facts.id) or by_mark.get(facts.reference or "")
            paid = f"{format_pence(facts.amount_pence)} paid at Stripe"
            if payment is None:
                yield Difference(f"Stripe session {facts.id}", "not_here", f"{paid}, no payment here")
                continue
            known.add(payment.id)
            mine = (f"payment {payment.id}", payment.account_id)
            if payment.state == "started" and payment.expires_at and payment.expires_at + IN_TRANSIT > at:
                continue
            if payment.state != "paid":
                what = f"{paid}, {payment.state.replace('_', ' ')} here"
                yield Difference(mine[0], "state", what, mine[1])
            elif (payment.amount_pence, CURRENCY) != (facts.amount_pence, facts.currency):
                here = f"{format_pence(payment.amount_pence)} here ({facts.currency})"
                yield Difference(mine[0], "amount", f"{paid}, {here}", mine[1])
    paid_here = select(Payment.id, Payment.account_id, Payment.amount_pence).where(
        Payment.tender == "card", Payment.state == "paid"
    )
    for payment_id, account_id, pence in db.session.execute(paid_here.order_by(Payment.id)):
        if payment_id not in known:
            what = f"{format_pence(pence)} paid here, not at Stripe"
            yield Difference(f"payment {payment_id}", "not_at_stripe", what, account_id)


def _refunds(at_stripe: Iterable[RefundFacts], at: datetime) -> Iterator[Difference]:
    """What Stripe sent back, held against the refunds here; then the refunds here that Stripe does not know."""
    known: set[int] = set()
    columns = (
        Refund.id,
        Refund.amount_pence,
        Refund.state,
        Refund.stripe_refund_id,
        Refund.idempotency_key,
        Payment.account_id,
    )
    for page in pages(at_stripe):
        ids, keys = {facts.id for facts in page}, {facts.reference for facts in page if facts.reference}
        rows = db.session.execute(
            select(*columns)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(or_(Refund.stripe_refund_id.in_(ids), Refund.idempotency_key.in_(keys)))
        ).all()
        by_mark = {mark: row for row in rows for mark in (row.idempotency_key, row.stripe_refund_id) if mark}
        for facts in page:
            refund = by_mark.get(facts.id) or by_mark.get(facts.reference or "")
            amount = format_pence(facts.amount_pence)
            if refund is None:
                if not facts.has_failed:
                    what = f"{amount} went back at Stripe, no refund here"
                    yield Difference(f"Stripe refund {facts.id}", "refund_not_here", what)
                continue
            known.add(refund.id)
            mine = (f"refund {refund.id}", refund.account_id)
            if refund.amount_pence != facts.amount_pence:
                here = format_pence(refund.amount_pence)
                yield Difference(mine[0], "refund_amount", f"{amount} at Stripe, {here} here", mine[1])
            elif facts.has_failed != (refund.state == "failed"):
                what = f"{facts.status} at Stripe, {refund.state} here"
                yield Difference(mine[0], "refund_state", what, mine[1])
    yield from _refunds_there(known, at)


def _refunds_there(known: set[int], at: datetime) -> Iterator[Difference]:
    """What was to go back, and Stripe does not know."""
    query = select(Refund, Payment.account_id).join(Payment, Payment.id == Refund.payment_id)
    for refund, account_id in db.session.execute(
        query.where(Refund.state != "failed", Payment.tender == "card").order_by(Refund.id)
    ):
        amount, subject = format_pence(refund.amount_pence), f"refund {refund.id}"
        if refund.id in known:
            continue
        if refund.state == "done":
            yield Difference(
                subject, "refund_not_at_stripe", f"{amount} done here, not at Stripe", account_id
            )
        elif refund.created_at + IN_TRANSIT < at:
            what = f"{amount} still to be sent: {refund.last_error or 'waiting'}"
            yield Difference(subject, "refund_waits", what, account_id)


def _disputes(gateway: Gateway) -> Iterator[Difference]:
    """Disputes at Stripe and here, both ways; there are never many."""
    here = {one.stripe_dispute_id: one for one in db.session.scalars(select(Dispute))}
    for facts in gateway.disputes():
        dispute = here.pop(facts.id, None)
        amount = format_pence(facts.amount_pence)
        if dispute is None:
            if facts.state is not None:
                what = f"{amount} disputed at Stripe, no dispute here"
                yield Difference(f"Stripe dispute {facts.id}", "dispute_not_here", what)
        elif (dispute.state, dispute.amount_pence) != (facts.state, facts.amount_pence):
            what = (
                f"{amount} {facts.state} at Stripe, {format_pence(dispute.amount_pence)} {dispute.state} here"
            )
            yield Difference(f"dispute {dispute.id}", "dispute_state", what, dispute.payment.account_id)
    for dispute in here.values():
        what = f"{format_pence(dispute.amount_pence)} disputed here, not at Stripe"
        yield Difference(f"dispute {dispute.id}", "dispute_state", what, dispute.payment.account_id)


def _movements(gateway: Gateway, at: datetime, progress: Progress) -> Iterator[Difference]:
    """Fees and payouts at Stripe and in the ledger, both ways."""
    known: set[str] = set()
    for page in pages(_counted(gateway.movements(), "movements", progress)):
        wanted = {one.key: (one, movement.at) for movement in page for one in to_post(movement)}
        posted = _on_the_card(wanted)
        known.update(posted)
        for key, (one, moved_at) in wanted.items():
            there, here = format_pence(one.amount_pence), format_pence(posted.get(key, 0))
            if key not in posted:
                if moved_at + IN_TRANSIT < at:
                    yield Difference(_named(key), one.kind, f"{there} at Stripe, nothing in the ledger")
            elif posted[key] != one.amount_pence:
                yield Difference(_named(key), one.kind, f"{there} at Stripe, {here} in the ledger")
        for movement in page:
            if not is_known(movement):
                what = f"{format_pence(movement.amount_pence)} moved at Stripe ({movement.type}), not accounted for"
                yield Difference(f"Stripe {movement.id}", "unknown_movement", what)
    all_keys = db.session.scalars(select(Entry.key).where(Entry.kind.in_(("fee", "payout"))))
    for lost in pages(key for key in all_keys if key not in known):
        for key, pence in _on_the_card(lost).items():
            what = f"{format_pence(pence)} in the ledger, not at Stripe"
            yield Difference(_named(key), "movement_not_there", what)


def _named(key: str) -> str:
    """`fee:txn_1` as a person reads it."""
    kind, _, stripe_id = key.partition(":")
    return f"Stripe {kind.replace('_', ' ')} {stripe_id}"


def _on_the_card(keys: Collection[str]) -> dict[str, int]:
    """What the entries of these keys did to the card's account; by index, entry by entry, however many there are."""
    by_id = {
        row.id: row.key for row in db.session.execute(select(Entry.id, Entry.key).where(Entry.key.in_(keys)))
    }
    card_id = db.session.scalar(select(LedgerAccount.id).where(LedgerAccount.code == "card"))
    rows = db.session.execute(
        select(EntryLine.entry_id, EntryLine.amount_pence).where(
            EntryLine.entry_id.in_(by_id), EntryLine.account_id == card_id
        )
    )
    found = dict.fromkeys(by_id.values(), 0)
    for entry_id, pence in rows:
        found[by_id[entry_id]] += pence
    return found


def _balance(gateway: Gateway, at: datetime) -> Iterator[Difference]:
    """What Stripe holds, against the card's account, when nothing else differs; refunds on their way count as gone."""
    there_pence = gateway.balance_pence()
    if any(movement.at + IN_TRANSIT >= at for movement in gateway.movements(at - IN_TRANSIT)):
        return
    query = select(func.coalesce(func.sum(EntryLine.amount_pence), 0)).join(
        LedgerAccount, LedgerAccount.id == EntryLine.account_id
    )
    unsent = select(func.coalesce(func.sum(Refund.amount_pence), 0)).where(
        Refund.state == "asked", Refund.stripe_refund_id.is_(None)
    )
    here_pence = (db.session.scalar(query.where(LedgerAccount.kind == "card")) or 0) + (
        db.session.scalar(unsent) or 0
    )
    if here_pence != there_pence:
        what = f"{format_pence(there_pence)} held at Stripe, {format_pence(here_pence)} in the ledger"
        yield Difference("card account", "balance", what)
