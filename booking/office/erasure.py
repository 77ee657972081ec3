"""Erasing a child's or an adult's data: asked by one person, looked at, confirmed by another, done whole or not at all.

Ids stay, so that the ledger, places, marks and counts stay true; whatever tells who it was goes. A child on the roll, a
child on a legal hold, and an adult who owes or still has a child here are not erased. Marks keep no typed names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, func, or_, select, update

from booking.bookings.day_note_models import DayNote
from booking.core import audit
from booking.core.db import Base, db, table_of
from booking.core.errors import BookingError, NotFound
from booking.core.outbox import OutboxMessage
from booking.ledger.arrears_models import ArrearsNote, PaymentPlan
from booking.ledger.balances import credit_pence
from booking.office.corrections import Correction
from booking.office.retention import OF_CARE, held_pupils
from booking.office.retention_models import ErasureRequest
from booking.payments.card_models import CardCustomer
from booking.payments.decision_models import MoneyDecision
from booking.people.care_models import CareStatement, CollectionPassword
from booking.people.group_facts import GroupFact, GroupObjection
from booking.people.import_runs import ImportChange
from booking.people.linking_models import LinkRequest
from booking.people.models import Consent, Contact, Guardianship, Invitation, Pupil, User
from booking.people.sign_in_models import (
    CodeApp,
    OneTimeSecret,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    SignIn,
    TrustedDevice,
)
from booking.people.tablet_models import StaffPin
from booking.registers.models import Mark, MarkCorrection

REMOVED = "Removed"
OF_CHILD: tuple[type[Base], ...] = (*OF_CARE, GroupFact, GroupObjection, ImportChange, DayNote)
OF_SIGN_IN: tuple[type[Base], ...] = (
    SignIn,
    TrustedDevice,
    Passkey,
    PasskeyChallenge,
    CodeApp,
    RecoveryCode,
    OneTimeSecret,
    StaffPin,
)


class CannotErase(BookingError):
    """Something stands against it: the roll, a hold, money, or a second person; it is named, and nothing was changed."""


def why_not_pupil(pupil: Pupil) -> str | None:
    """What stands against erasing a child, in words, or nothing."""
    if pupil.status in {"on_roll", "expected"}:
        return "This child is on the roll. Only who has left can be erased."
    if pupil.id in held_pupils():
        return "A legal hold keeps everything of this child."
    return None


def why_not_user(user: User) -> str | None:
    """What stands against erasing an adult, in words, or nothing."""
    if any(tie.pupil.status != "left" for tie in user.guardianships):
        return "This adult has a child here. End that first."
    if user.role_names - {"parent"}:
        return "This person works here. Take the roles away first."
    if any(credit_pence(account.id) for account in user.accounts if len(account.users) == 1):
        return "Their account is not at nought. Settle the money first."
    return None


def what_goes(pupil_id: int) -> dict[str, int]:
    """How many rows of each kind would go with a child, for the one who looks before they ask."""
    found = {}
    for model in OF_CHILD:
        table = table_of(model)
        query = select(func.count()).select_from(table).where(table.c.pupil_id == pupil_id)
        count = db.session.scalar(query) or 0
        if count:
            found[table.name.replace("_", " ")] = count
    return found


def ask_erasure(
    *, pupil_id: int | None = None, user_id: int | None = None, reason: str, at: datetime, by: int
) -> ErasureRequest:
    """Ask for it; a second person confirms. Raises `CannotErase` or `NotFound`."""
    _refuse_if_not(pupil_id, user_id)
    if not reason.strip():
        raise CannotErase("Write who asked for it, and when.")
    made = ErasureRequest(
        pupil_id=pupil_id, user_id=user_id, reason=reason.strip(), asked_by_id=by, asked_at=at
    )
    db.session.add(made)
    db.session.flush()
    audit.record("erasure_asked", "erasure_request", made.id, at=at, user_id=by)
    return made


def confirm_erasure(request_id: int, *, at: datetime, by: User) -> ErasureRequest:
    """The second person's yes: it is done at once. Raises `CannotErase` or `NotFound`."""
    found = db.session.get(ErasureRequest, request_id)
    if found is None or found.done_at is not None:
        raise NotFound
    if not by.approves or by.id in {found.asked_by_id, found.user_id}:
        raise CannotErase("A second person who may approve must say yes, and not the one who asked.")
    _refuse_if_not(found.pupil_id, found.user_id)
    found.confirmed_by_id, found.done_at = by.id, at
    if found.pupil_id is not None:
        erase_pupil(found.pupil_id)
    if found.user_id is not None:
        erase_user(found.user_id)
    db.session.flush()
    audit.record("erased", "erasure_request", found.id, at=at, user_id=by.id)
    return found


def open_requests() -> list[ErasureRequest]:
    """What waits for a second yes."""
    return list(
        db.session.scalars(
            select(ErasureRequest).where(ErasureRequest.done_at.is_(None)).order_by(ErasureRequest.id)
        )
    )


def erase_pupil(pupil_id: int) -> None:
    """Take away who a child was: names, UPN, birthday but for its year, care, contacts, groups, and typed names."""
    pupil = db.session.get_one(Pupil, pupil_id)
    contacts = select(Contact.id).where(Contact.pupil_id == pupil_id)
    db.session.execute(update(Invitation).where(Invitation.contact_id.in_(contacts)).values(contact_id=None))
    _delete_of_pupil((*OF_CHILD, Guardianship), pupil_id)
    for asked in (LinkRequest, Correction):
        db.session.execute(delete(asked).where(table_of(asked).c.pupil_id == pupil_id))
    for mark in db.session.scalars(select(Mark).where(Mark.pupil_id == pupil_id)):
        mark.detail = None
    for asked_mark in db.session.scalars(select(MarkCorrection).where(MarkCorrection.pupil_id == pupil_id)):
        asked_mark.detail, asked_mark.reason = None, ""
    pupil.surname, pupil.forename, pupil.preferred_name = REMOVED, REMOVED, None
    pupil.upn, pupil.class_name, pupil.status = None, None, "left"
    pupil.date_of_birth = date(pupil.date_of_birth.year, 1, 1)
    db.session.flush()


def erase_user(user_id: int) -> None:
    """Take away who an adult was: name, addresses, keys, contacts and words they gave; their account keeps its number."""
    user = db.session.get_one(User, user_id)
    old_email = user.email
    given = select(Contact.id).where(Contact.given_by_id == user_id)
    db.session.execute(update(Invitation).where(Invitation.contact_id.in_(given)).values(contact_id=None))
    for model in OF_SIGN_IN:
        db.session.execute(delete(model).where(model.user_id == user_id))  # type: ignore[attr-defined]
    db.session.execute(delete(Guardianship).where(Guardianship.user_id == user_id))
    db.session.execute(
        update(CardCustomer).where(CardCustomer.user_id == user_id).values(forget_at=CardCustomer.at)
    )
    db.session.execute(delete(Contact).where(Contact.given_by_id == user_id))
    db.session.execute(delete(CollectionPassword).where(CollectionPassword.given_by_id == user_id))
    db.session.execute(delete(CareStatement).where(CareStatement.said_by_id == user_id))
    db.session.execute(delete(DayNote).where(DayNote.told_by_id == user_id))
    for asked in (LinkRequest, Correction):
        db.session.execute(delete(asked).where(table_of(asked).c.user_id == user_id))
    db.session.execute(update(Consent).where(Consent.given_by_id == user_id).values(given_by_id=None))
    db.session.execute(delete(Invitation).where(Invitation.email == old_email))
    db.session.execute(
        delete(OutboxMessage).where(
            or_(OutboxMessage.user_id == user_id, func.lower(OutboxMessage.to_email) == old_email)
        )
    )
    for account in user.accounts:
        if len(account.users) == 1:
            account.name = REMOVED
            _forget_words_of_debt(account.id)
    user.name, user.email, user.phone = REMOVED, f"removed-{user.id}@invalid", None
    user.texts_since, user.password, user.active = None, None, False
    db.session.flush()


def _forget_words_of_debt(account_id: int) -> None:
    """What was noted about a family's debt goes; that money moved, and who said yes, stays without the words."""
    db.session.execute(delete(ArrearsNote).where(ArrearsNote.account_id == account_id))
    for plan in db.session.scalars(select(PaymentPlan).where(PaymentPlan.account_id == account_id)):
        plan.agreed_with = ""
    for decision in db.session.scalars(select(MoneyDecision).where(MoneyDecision.account_id == account_id)):
        decision.reason = ""


def _delete_of_pupil(models: Sequence[type[Base]], pupil_id: int) -> None:
    for model in models:
        db.session.execute(delete(model).where(model.pupil_id == pupil_id))  # type: ignore[attr-defined]


def _refuse_if_not(pupil_id: int | None, user_id: int | None) -> None:
    """Raise `CannotErase` with what stands against it, or `NotFound`."""
    pupil = db.session.get(Pupil, pupil_id) if pupil_id is not None else None
    user = db.session.get(User, user_id) if user_id is not None else None
    if pupil is None and user is None:
        raise NotFound
    why = (why_not_pupil(pupil) if pupil else None) or (why_not_user(user) if user else None)
    if why:
        raise CannotErase(why)
