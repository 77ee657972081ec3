"""What `booking check` says of debts: each charge and each yes stands in the ledger as it says, and nowhere else."""

from __future__ import annotations

from sqlalchemy import select

from booking.core.db import db
from booking.ledger.arrears_models import LateCharge
from booking.ledger.models import Entry
from booking.payments.decision_models import MoneyDecision


def arrears_problems() -> list[str]:
    """Late charges and write-offs that the ledger does not bear out, as sentences that name the row."""
    entries = {
        entry.key: entry.id
        for entry in db.session.execute(
            select(Entry.key, Entry.id).where(Entry.kind.in_(("late", "write_off")))
        )
    }
    taken_back = set(db.session.scalars(select(Entry.reverses_id).where(Entry.reverses_id.is_not(None))))
    problems = []
    for charge in db.session.scalars(select(LateCharge).order_by(LateCharge.id)):
        entry_id = entries.pop(f"late:{charge.id}", None)
        if entry_id is None:
            problems.append(f"late charge {charge.id}: not in the ledger")
        elif (entry_id in taken_back) != (charge.ended_at is not None):
            problems.append(f"late charge {charge.id}: ended on one side only, here or in the ledger")
    query = select(MoneyDecision).where(MoneyDecision.kind == "write_off", MoneyDecision.state == "approved")
    for decision in db.session.scalars(query.order_by(MoneyDecision.id)):
        if entries.pop(f"write_off:{decision.id}", None) is None:
            problems.append(f"money decision {decision.id}: written off, but not in the ledger")
    return problems + [f"ledger entry {key}: nobody charged or approved it" for key in sorted(entries)]
