"""Promises whose money does not come: what they were for may be let go, from the parent's last place, and never today's.

Only a person in the office, or the rule that the school has published, does it; the family is told.
"""

from __future__ import annotations

from datetime import datetime

from booking.bookings.cancellation import cancel_locked, fresh_places
from booking.bookings.family_letters import write_to_family
from booking.bookings.models import Place
from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.payments.models import Payment
from booking.payments.promises import OpenPromise, lines_in_order, open_promises
from booking.people.models import FamilyAccount


class NothingToLetGo(BookingError):
    """The promise is paid by now, or none of its places is still to come; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "There is nothing to let go: the money has come, or no session of it is still to come after today. "
            "Nothing was changed."
        )


def open_promise(payment_id: int) -> OpenPromise:
    """One promise of which something is owed; raises `NotFound` for any other payment."""
    payment = db.session.get(Payment, payment_id)
    if payment is None or payment.state != "promised":
        raise NotFound
    found = [one for one in open_promises({payment.account_id}) if one.payment_id == payment_id]
    if not found:
        raise NotFound
    return found[0]


def places_at_risk(promise: OpenPromise, *, at: datetime) -> list[Place]:
    """Which booked places would be let go for what is missing: the promise's own, the last first, none of today."""
    lines = lines_in_order(promise.payment_id)
    places = {place.id: place for place in fresh_places({line.place_id for line in lines})}
    missing_pence, found = promise.outstanding_pence, list[Place]()
    for line in reversed(lines):
        place = places[line.place_id]
        if missing_pence > 0 and place.state == "booked" and place.session.date > clock.today(at):
            found.append(place)
            missing_pence -= line.amount_pence
    return found


def let_go(payment_id: int, *, at: datetime, user_id: int | None) -> list[Place]:
    """Cancel what a short promise cannot pay, give its whole price back, and tell the family; raises `NothingToLetGo`.

    The account is locked before anything is looked at, so that money which is being posted just now counts.
    """
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound
    lock_rows((FamilyAccount, [payment.account_id]))
    owed = [one for one in open_promises({payment.account_id}) if one.payment_id == payment_id]
    places = places_at_risk(owed[0], at=at) if owed else []
    if not places:
        raise NothingToLetGo
    cancel_locked(
        places,
        at=at,
        user_id=user_id,
        channel="worker" if user_id is None else "phone",
        reason="not_paid",
        gives_all_back=True,
    )
    record(
        "promise_let_go", "payment", payment_id, at=at, user_id=user_id, places=[place.id for place in places]
    )
    context = {"payment_id": payment_id, "place_ids": [place.id for place in places]}
    key = f"promise_let_go:{payment_id}:{places[0].id}"
    write_to_family(payment.account_id, "promise_let_go", context, key=key, at=at)
    return places
