"""A child's care: each adult's own statement, and the profile that follows from them, where the stricter stands.

An allergy or a diet that anybody says is in the profile until they take it back themselves or the office decides that
it does not stand, with a reason. Words about medicine and support are kept from everybody, one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.care_models import CareConfirmation, CareDecision, CareStatement, CollectionPassword
from booking.people.models import CareProfile, Pupil
from booking.people.restrictions import Restriction


class NotSettled(BookingError):
    """A decision about somebody's words needs a reason and something that was said; nothing was changed."""


@dataclass(frozen=True)
class Said:
    """What one adult says of a child's care; allergies and diets in small letters, in the order given."""

    allergies: tuple[str, ...] = ()
    diet: tuple[str, ...] = ()
    medical: str = ""
    support: str = ""


@dataclass(frozen=True)
class Disagreement:
    """One child of whom two adults say different things: what only some of them say."""

    pupil: Pupil
    disputed: tuple[str, ...]


def statements_of(pupil_id: int) -> list[CareStatement]:
    """The latest statement of each adult and of the school, oldest first."""
    latest: dict[int | None, CareStatement] = {}
    for one in db.session.scalars(
        select(CareStatement)
        .where(CareStatement.pupil_id == pupil_id)
        .order_by(CareStatement.at, CareStatement.id)
    ):
        latest[one.said_by_id] = one
    return sorted(latest.values(), key=lambda one: (one.at, one.id))


def statement_of(pupil_id: int, user_id: int | None) -> Said:
    """What one adult said last; before they ever spoke, what the profile holds, for them to look at."""
    for one in statements_of(pupil_id):
        if one.said_by_id == user_id:
            return Said(tuple(one.allergies), tuple(one.diet), one.medical, one.support)
    care = profile_of(pupil_id)
    if care is None:
        return Said()
    return Said(tuple(care.allergies), tuple(care.diet), care.medical or "", care.support or "")


def profile_of(pupil_id: int) -> CareProfile | None:
    """The profile that stands, which registers print."""
    return db.session.scalars(select(CareProfile).where(CareProfile.pupil_id == pupil_id)).first()


def say(
    pupil_id: int, said: Said, *, by_id: int | None, source: str, at: datetime, recorded_by_id: int
) -> CareProfile:
    """Keep what an adult (or the school) says, and derive the profile afresh; raises `NotFound`."""
    if db.session.get(Pupil, pupil_id) is None:
        raise NotFound
    _keep_what_the_school_held(pupil_id, at)
    db.session.add(
        CareStatement(
            pupil_id=pupil_id,
            said_by_id=by_id,
            source=source,
            recorded_by_id=recorded_by_id,
            at=at,
            allergies=tidy(said.allergies),
            diet=tidy(said.diet),
            medical=said.medical.strip(),
            support=said.support.strip(),
        )
    )
    db.session.flush()
    audit.record("care_said", "pupil", pupil_id, at=at, user_id=recorded_by_id, source=source)
    return _derive(pupil_id, at)


def settle(pupil_id: int, dropped: Collection[str], reason: str, *, by_id: int, at: datetime) -> CareProfile:
    """The office decides that something which was said does not stand, with a reason; raises `NotSettled`.

    It holds for what had been said by then: whoever says it again afterwards is heard again.
    """
    if not reason.strip():
        raise NotSettled("Write why it does not stand, and who told you.")
    wanted = tidy(dropped)
    care = profile_of(pupil_id)
    if care is None or not wanted or not set(wanted) <= {*care.allergies, *care.diet}:
        raise NotSettled("Choose what does not stand.")
    db.session.add(
        CareDecision(pupil_id=pupil_id, decided_by_id=by_id, at=at, dropped=wanted, reason=reason.strip())
    )
    db.session.flush()
    audit.record("care_settled", "pupil", pupil_id, at=at, user_id=by_id)
    return _derive(pupil_id, at)


def disagreements(pupil_ids: Collection[int] | None = None) -> list[Disagreement]:
    """Children of whom two adults who spoke say different allergies or diets, for the office to look at."""
    several = (
        select(CareStatement.pupil_id)
        .where(CareStatement.said_by_id.is_not(None))
        .group_by(CareStatement.pupil_id)
        .having(func.count(func.distinct(CareStatement.said_by_id)) > 1)
    )
    query = (
        select(Pupil).where(Pupil.id.in_(several), Pupil.status != "left").order_by(Pupil.surname, Pupil.id)
    )
    if pupil_ids is not None:
        query = query.where(Pupil.id.in_(pupil_ids))
    found = []
    for pupil in db.session.scalars(query):
        disputed = _disputed(pupil.id)
        if disputed:
            found.append(Disagreement(pupil, disputed))
    return found


def _disputed(pupil_id: int) -> tuple[str, ...]:
    care = profile_of(pupil_id)
    spoke = [one for one in statements_of(pupil_id) if one.said_by_id is not None]
    if care is None:
        return ()
    return tuple(
        item
        for item in (*care.allergies, *care.diet)
        if any(item not in {*one.allergies, *one.diet} for one in spoke)
    )


def tidy(items: Collection[str]) -> list[str]:
    """Each word once, without blanks at its ends, in the order given."""
    return list(dict.fromkeys(" ".join(item.split()).lower() for item in items if item.strip()))


def _keep_what_the_school_held(pupil_id: int, at: datetime) -> None:
    """A profile from before anybody spoke becomes the school's own statement, so that nothing in it is lost."""
    care = profile_of(pupil_id)
    if care is None or statements_of(pupil_id):
        return
    db.session.add(
        CareStatement(
            pupil_id=pupil_id,
            said_by_id=None,
            source="school",
            recorded_by_id=None,
            at=care.updated_at,
            allergies=tidy(care.allergies),
            diet=tidy(care.diet),
            medical=care.medical or "",
            support=care.support or "",
        )
    )
    db.session.flush()


def _derive(pupil_id: int, at: datetime) -> CareProfile:
    """Make the profile what follows from all statements and decisions."""
    statements = statements_of(pupil_id)
    decisions = db.session.scalars(select(CareDecision).where(CareDecision.pupil_id == pupil_id)).all()
    care = profile_of(pupil_id) or CareProfile(pupil_id=pupil_id, updated_at=at)
    care.allergies = _standing(statements, decisions, "allergies")
    care.diet = _standing(statements, decisions, "diet")
    care.medical = _joined([one.medical for one in statements])
    care.support = _joined([one.support for one in statements])
    care.updated_at = at
    db.session.add(care)
    db.session.flush()
    return care


def _standing(statements: Sequence[CareStatement], decisions: Sequence[CareDecision], name: str) -> list[str]:
    """What anybody says, less what a later decision dropped."""
    items: dict[str, None] = {}
    for one in statements:
        gone = {item for decision in decisions if decision.at >= one.at for item in decision.dropped}
        items |= dict.fromkeys(item for item in getattr(one, name) if item not in gone)
    return list(items)


def _joined(texts: Sequence[str]) -> str | None:
    """Different words one after the other, the same words once."""
    return "\n".join(dict.fromkeys(text for text in texts if text)) or None


def confirm(pupil_id: int, *, user_id: int, at: datetime) -> None:
    """A guardian says that what is held is still right."""
    db.session.add(CareConfirmation(pupil_id=pupil_id, user_id=user_id, at=at))
    db.session.flush()


def last_confirmed(pupil_ids: Collection[int]) -> dict[int, datetime]:
    """When a guardian last confirmed each child, or said something new; who never did is not in it."""
    found: dict[int, datetime] = {}
    confirmed = select(CareConfirmation.pupil_id, CareConfirmation.at).where(
        CareConfirmation.pupil_id.in_(pupil_ids)
    )
    said = select(CareStatement.pupil_id, CareStatement.at).where(
        CareStatement.pupil_id.in_(pupil_ids), CareStatement.said_by_id.is_not(None)
    )
    for row in (*db.session.execute(confirmed), *db.session.execute(said)):
        found[row.pupil_id] = max(row.at, found.get(row.pupil_id, row.at))
    return found


def collection_word(pupil_id: int, user_id: int) -> str:
    """The word that this adult gave for this child, or nothing."""
    row = _word(pupil_id, user_id)
    return row.word if row else ""


def collection_words(
    pupil_ids: Collection[int], barred: Mapping[int, list[Restriction]]
) -> dict[int, list[str]]:
    """Every word that may be asked for at the door, by child; never one of an adult whom a restriction bars."""
    found: dict[int, list[str]] = {}
    for row in db.session.scalars(
        select(CollectionPassword)
        .where(CollectionPassword.pupil_id.in_(pupil_ids))
        .order_by(CollectionPassword.id)
    ):
        if all(one.adult_id != row.given_by_id for one in barred.get(row.pupil_id, ())):
            found.setdefault(row.pupil_id, []).append(row.word)
    return found


def set_collection_word(pupil_id: int, word: str, *, user_id: int, at: datetime) -> None:
    """Keep, change or (with an empty word) take away an adult's own collection password."""
    row = _word(pupil_id, user_id)
    if not word.strip():
        if row is not None:
            db.session.delete(row)
    elif row is None:
        db.session.add(
            CollectionPassword(pupil_id=pupil_id, given_by_id=user_id, changed_at=at, word=word.strip())
        )
    else:
        row.word, row.changed_at = word.strip(), at
    db.session.flush()
    audit.record("collection_word_changed", "pupil", pupil_id, at=at, user_id=user_id)


def _word(pupil_id: int, user_id: int) -> CollectionPassword | None:
    return db.session.scalars(
        select(CollectionPassword).where(
            CollectionPassword.pupil_id == pupil_id, CollectionPassword.given_by_id == user_id
        )
    ).first()
