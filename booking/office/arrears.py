"""Who owes what, since when, and what was said about it; and how the term stands, for the head."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from booking.core import clock
from booking.core.csv_cells import Cell
from booking.core.db import db
from booking.ledger.arrears import in_force, last_contacts
from booking.ledger.balances import credit_of_all
from booking.ledger.models import Entry, EntryLine, LedgerAccount
from booking.ledger.plans import live_plans, standing_of
from booking.office.families import children_of
from booking.payments.ageing import Ages, Debt, ages_by_activity, ages_of, debts_of, still_owed
from booking.people.models import FamilyAccount, Guardianship, User
from booking.provision.models import Period

FIRST, LAST = date.min, date.max
HEAD = (
    "account", "children", "owed_pence", "late_pence", "days_1_to_30", "days_31_to_60", "days_61_to_90", "over_90_days",
    "not_due_yet", "on_its_way", "oldest_due", "last_contact", "promised_by", "plan", "reminders_stopped", "e_mail",
)  # fmt: skip


@dataclass(frozen=True)
class OwedRow:
    """One family that owes: how much by age, what of it is on its way, and what was said."""

    account: FamilyAccount
    children: list[str]
    debts: list[Debt]
    ages: Ages
    last_contact: datetime | None
    promised_by: date | None
    plan: str
    is_hardship: bool

    @property
    def has_email(self) -> bool:
        """Whether anybody reads e-mails for this family; the others get letters."""
        return bool(self.account.users)

    @property
    def contact_on(self) -> date | None:
        """The school's day of the last contact."""
        return clock.today(self.last_contact) if self.last_contact else None

    @property
    def oldest_due(self) -> date | None:
        """Since when the oldest of it is due."""
        return min((debt.due_on for debt in self.debts if debt.due_on), default=None)


def _oldest_first(row: OwedRow) -> tuple[int, ...]:
    ages = row.ages
    return (-ages.over_90, -ages.to_90, -ages.to_60, -ages.to_30, -ages.total_pence)


SORTS: dict[str, Callable[[OwedRow], Any]] = {
    "age": _oldest_first,
    "owed": lambda row: -row.ages.total_pence,
    "name": lambda row: row.account.name.casefold(),
    "contact": lambda row: row.last_contact.timestamp() if row.last_contact else 0,
    "promise": lambda row: row.promised_by or LAST,
}
"""The orders of the list by their name in the address; the oldest debt first unless another is asked for."""


def owed_rows(at: datetime, sort: str = "age", account_id: int | None = None) -> list[OwedRow]:
    """Every family that owes, or one, in an order of `SORTS`."""
    owed = {one: -pence for one, pence in credit_of_all().items() if pence < 0}
    if account_id is not None:
        owed = {one: pence for one, pence in owed.items() if one == account_id}
    if not owed:
        return []
    today, debts = clock.today(at), debts_of(owed)
    hardship, promises = in_force("hardship", today, owed), in_force("promise", today, owed)
    contacts = last_contacts()
    plans = {one: standing_of(plan, today).state for one, plan in live_plans(owed).items()}
    rows = []
    for account in _accounts(owed):
        still = still_owed(debts.get(account.id, []), owed[account.id])
        promise = promises.get(account.id)
        rows.append(
            OwedRow(
                account=account,
                children=children_of(account),
                debts=still,
                ages=ages_of(still, today),
                last_contact=contacts.get(account.id),
                promised_by=promise.until if promise else None,
                plan=plans.get(account.id, ""),
                is_hardship=account.id in hardship,
            )
        )
    return sorted(rows, key=SORTS.get(sort, _oldest_first))


def _accounts(ids: dict[int, int]) -> list[FamilyAccount]:
    return list(
        db.session.scalars(
            select(FamilyAccount)
            .where(FamilyAccount.id.in_(ids))
            .options(
                selectinload(FamilyAccount.users)
                .selectinload(User.guardianships)
                .selectinload(Guardianship.pupil),
                selectinload(FamilyAccount.pupils),
            )
            .order_by(FamilyAccount.id)
        )
    )


def by_activity(rows: list[OwedRow], on: date) -> dict[str, Ages]:
    """The same debts by what they are for; the sums are the same."""
    return ages_by_activity([debt for row in rows for debt in row.debts], on)


def csv_rows(rows: list[OwedRow]) -> Iterator[tuple[Cell, ...]]:
    """The list as a table for an office program, amounts in pence."""
    yield HEAD
    for row in rows:
        ages = row.ages
        yield (
            row.account.name,
            ", ".join(row.children),
            ages.total_pence,
            ages.late_pence,
            ages.to_30,
            ages.to_60,
            ages.to_90,
            ages.over_90,
            ages.not_due,
            ages.in_transit,
            row.oldest_due,
            row.contact_on,
            row.promised_by,
            row.plan,
            "hardship" if row.is_hardship else "",
            "yes" if row.has_email else "no",
        )


def missed_plans(at: datetime) -> int:
    """How many plans lack a part that was due."""
    today = clock.today(at)
    return sum(standing_of(plan, today).state == "missed" for plan in live_plans().values())


@dataclass(frozen=True)
class Position:
    """How a term stands, in pence: what moved from its first day to its last (or today), and what is owed today."""

    period: Period
    moved: Counter[str]
    ages: Ages
    families: int
    hardship_families: int
    hardship_pence: int
    by_activity: dict[str, Ages]


MOVES = {
    "booking": "billed",
    "late": "billed",
    "late_back": "billed",
    "credit": "billed",
    "payment": "paid",
    "refund": "returned",
    "refund_failed": "returned",
    "write_off": "written_off",
    "write_off_back": "written_off",
}
"""Which figure an entry of the ledger belongs to; whatever is not named here is `other`."""


def periods() -> list[Period]:
    """The terms whose position can be asked for, newest first; half-terms where no term is entered."""
    for kind in ("term", "half_term"):
        found = list(
            db.session.scalars(
                select(Period).where(Period.kind == kind).order_by(Period.starts_on.desc()).limit(12)
            )
        )
        if found:
            return found
    return []


def position(period: Period, at: datetime) -> Position:
    """The figures of a term; debts are those of today, whenever they arose."""
    today, rows = clock.today(at), owed_rows(at)
    moved: Counter[str] = Counter(billed=0, paid=0, returned=0, written_off=0, other=0)
    first = clock.instant(period.starts_on, time(0, 0))
    end = clock.instant(period.ends_on + timedelta(days=1), time(0, 0))
    query = (
        select(Entry.kind, func.sum(EntryLine.amount_pence))
        .join(EntryLine, EntryLine.entry_id == Entry.id)
        .join(LedgerAccount, LedgerAccount.id == EntryLine.account_id)
        .where(LedgerAccount.kind == "family", Entry.at >= first, Entry.at < end)
        .group_by(Entry.kind)
    )
    for kind, pence in db.session.execute(query):
        name = MOVES.get(kind, "other")
        moved[name] += -int(pence) if name in {"paid", "written_off"} else int(pence)
    hard = [row for row in rows if row.is_hardship]
    ages = Ages()
    for row in rows:
        ages += row.ages
    return Position(
        period,
        moved,
        ages,
        len(rows),
        len(hard),
        sum(r.ages.total_pence for r in hard),
        by_activity(rows, today),
    )
