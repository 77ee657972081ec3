"""Two adults share one account when both have said yes; either leaves it again, and what they owe stays where it is."""

from __future__ import annotations

from datetime import datetime

from booking.bookings.baskets import open_basket
from booking.core import audit, clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.ledger.balances import credit_pence
from booking.people.invitations import make_account
from booking.people.models import FamilyAccount, User
from booking.people.restrictions import closed_pupils


class CannotJoin(BookingError):
    """Something stands against sharing an account; it is named, and nothing was changed."""


def join_adults(account_id: int, user_id: int, how: str, *, at: datetime, by: int) -> FamilyAccount:
    """Add an adult to an account, once both have said yes; `how` says when and how they did. Raises `CannotJoin`.

    Their own account must be at nought and its basket empty: they book on the shared one from now on.
    """
    account, user = db.session.get(FamilyAccount, account_id), db.session.get(User, user_id)
    if account is None or user is None or "parent" not in user.role_names:
        raise NotFound
    if not how.strip():
        raise CannotJoin("Write when and how both said yes.")
    if user in account.users:
        raise CannotJoin("They share this account already.")
    children = {tie.pupil_id for one in account.users for tie in one.guardianships}
    if not children & {tie.pupil_id for tie in user.guardianships}:
        raise CannotJoin("They have no child in common.")
    if any(closed_pupils(one.id, clock.today(at)) for one in (user, *account.users)):
        raise CannotJoin("A restriction is in force. Each keeps an account of their own.")
    own = [one.id for one in user.accounts]
    lock_rows((FamilyAccount, [account_id, *own]))
    for one in list(user.accounts):
        basket = open_basket(one.id)
        if len(one.users) == 1 and (credit_pence(one.id) or (basket is not None and basket.lines)):
            raise CannotJoin("Their own account is not at nought, or has a basket. Settle that first.")
    user.accounts = [account]
    db.session.flush()
    audit.record("accounts_joined", "family_account", account_id, at=at, user_id=by, adult_id=user_id)
    return account


def leave_account(account_id: int, user_id: int, *, at: datetime, by: int) -> FamilyAccount:
    """An adult leaves a shared account and has one of their own again; raises `CannotJoin`."""
    account, user = db.session.get(FamilyAccount, account_id), db.session.get(User, user_id)
    if account is None or user is None or user not in account.users:
        raise NotFound
    if len(account.users) < 2:
        raise CannotJoin("Nobody else is on this account.")
    account.users.remove(user)
    db.session.flush()
    made = make_account([user], name=user.name, at=at)
    audit.record("account_parted", "family_account", account_id, at=at, user_id=by, adult_id=user_id)
    return made
