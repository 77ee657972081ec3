"""Proposals as the office sees them: whose names may be read by whom, and the digest of what was looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from booking.payments.bank_posting import Paid
from booking.payments.matching import Candidate, Part, Proposal
from booking.payments.models import VoucherFirm
from booking.payments.waiting_lines import firm_named, tender_of

COLLEAGUE = "It may be for a child about whom you may see nothing. Ask a colleague to look."


@dataclass(frozen=True)
class Shown:
    """A proposal with the names of whom it is for, the firm that its words name, and the digest that a yes gives back."""

    proposal: Proposal
    names: tuple[str, ...]
    firm: VoucherFirm | None
    seen: str

    @property
    def kind(self) -> str:
        """sure, likely, split or open."""
        return self.proposal.kind


def shown(
    proposals: Iterable[Proposal], firms: Sequence[VoucherFirm], closed: Collection[int]
) -> list[Shown]:
    """The proposals without the children about whom this person may see nothing."""
    found = []
    for proposal in proposals:
        fit = _without(proposal, closed)
        firm = None if fit.line.is_remittance else firm_named(fit.line, firms)
        found.append(Shown(fit, names_of(fit), firm, digest_of(fit.parts)))
    return found


def names_of(proposal: Proposal) -> tuple[str, ...]:
    """Whom each part is for: the child, or all children of a family by their first names."""
    children = {one.child.key: one.child for one in proposal.candidates}
    family = {child.account_id: child.adults for child in children.values()}
    found = []
    for part in proposal.parts:
        child = children.get((part.account_id, part.pupil_id or 0))
        adults = " and ".join(family.get(part.account_id, ()))
        found.append(child.full_name if child else f"The family of {adults}" if adults else "The family")
    return tuple(found)


def digest_of(parts: Iterable[Part]) -> str:
    """What a yes gives back, so that it says yes to what was on the screen and to nothing else."""
    told = ";".join(f"{part.account_id},{part.pupil_id},{part.amount_pence}" for part in parts)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def digest_of_all(rows: Iterable[Shown]) -> str:
    """The same for many lines together."""
    told = ";".join(f"{row.proposal.line.line_id}:{row.seen}" for row in rows)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def paid_by(proposal: Proposal, firm: VoucherFirm | None) -> Paid:
    """How a line was most likely paid."""
    return Paid("voucher", firm.id) if firm else Paid(tender_of(proposal.line))


def _without(proposal: Proposal, closed: Collection[int]) -> Proposal:
    """Names of all children of a split are needed; a closed one closes the proposal, and stands in no list."""
    open_ones: tuple[Candidate, ...] = tuple(
        one for one in proposal.candidates if one.child.pupil_id not in closed
    )
    if len(open_ones) == len(proposal.candidates) and not {part.pupil_id for part in proposal.parts} & set(
        closed
    ):
        return proposal
    return replace(proposal, kind="open", parts=(), candidates=open_ones, score=0, why=(COLLEAGUE,))
