"""The lines that wait for a person, with what is proposed for each: sure ones, guesses, and those that stay open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from booking.core.db import db
from booking.core.vault import unpacked
from booking.payments.bank_models import BankFile, BankLine, LineMatch
from booking.payments.expected import expected_children
from booking.payments.matching import Key, Line, Matcher, Proposal
from booking.payments.models import VoucherFirm
from booking.payments.plain_words import plain_words, words_key

MOST_AT_ONCE = 2_000
REMEMBERED = 3_000


@dataclass(frozen=True)
class Waiting:
    """How much waits: lines and pence."""

    lines: int
    pence: int


def count_waiting() -> Waiting:
    """Lines of statements that wait for a yes, and their sum; a remittance's lines are parts of these."""
    count, pence = db.session.execute(
        select(func.count(), func.coalesce(func.sum(BankLine.amount_pence), 0))
        .join(BankFile, BankFile.id == BankLine.file_id)
        .where(BankLine.state == "waiting", BankFile.kind != "remittance")
    ).one()
    return Waiting(count, int(pence))


def waiting_lines(*, line_ids: Collection[int] | None = None, limit: int = MOST_AT_ONCE) -> list[Line]:
    """The lines that wait, the oldest first, as the matching reads them; or those of these ids.

    A remittance's lines wait for their payment first.
    """
    query = (
        select(
            BankLine.id,
            BankLine.on,
            BankLine.amount_pence,
            BankLine.double_of_id,
            BankLine.row_key,
            BankLine.sealed,
            BankFile.kind,
        )
        .join(BankFile, BankFile.id == BankLine.file_id)
        .order_by(BankLine.on, BankLine.id)
        .limit(limit)
    )
    paid = select(BankLine.split_by_id).where(BankLine.split_by_id.is_not(None))
    if line_ids is None:
        is_payable = (BankFile.kind != "remittance") | BankFile.id.in_(paid)
        query = query.where(BankLine.state == "waiting", is_payable)
    else:
        query = query.where(BankLine.id.in_(line_ids))
    found = []
    for row in db.session.execute(query):
        said = unpacked(BankLine, row.row_key, row.sealed)
        words = f"{said.get('text', '')} {said.get('reference', '')}".strip()
        is_double, is_remittance = row.double_of_id is not None, row.kind == "remittance"
        found.append(Line(row.id, row.on, row.amount_pence, words, is_double, is_remittance))
    return found


def matched_before() -> dict[str, Key]:
    """To which family and child the words of a line were matched lately; words that led to two lead nowhere."""
    rows = db.session.execute(
        select(LineMatch.account_id, LineMatch.pupil_id, BankLine.row_key, BankLine.sealed)
        .join(BankLine, BankLine.id == LineMatch.line_id)
        .where(LineMatch.undone_at.is_(None))
        .order_by(LineMatch.id.desc())
        .limit(REMEMBERED)
    )
    found: dict[str, set[Key]] = {}
    for account_id, pupil_id, row_key, sealed in rows:
        said = unpacked(BankLine, row_key, sealed)
        words = words_key(f"{said.get('text', '')} {said.get('reference', '')}")
        if words and pupil_id is not None:
            found.setdefault(words, set()).add((account_id, pupil_id))
    return {words: next(iter(keys)) for words, keys in found.items() if len(keys) == 1}


def matcher_now() -> Matcher:
    """Everybody who may pay, as it stands now."""
    return Matcher(expected_children(), matched_before())


def proposals() -> list[Proposal]:
    """What is proposed for each line that waits, the oldest first."""
    lines = waiting_lines()
    return matcher_now().proposals(lines) if lines else []


def proposal_for(line_id: int, matcher: Matcher) -> Proposal:
    """What is proposed for one line that waits, as in the list of all."""
    found = matcher.proposals(waiting_lines(), only=line_id)
    return found[0] if found else matcher.proposals(waiting_lines(line_ids=[line_id]))[0]


def tender_of(line: Line) -> str:
    """How a line was most likely paid: by Tax-Free Childcare where its words say so, else by a plain transfer."""
    words = set(plain_words(line.words))
    is_government = bool(words & {"HMRC", "NSANDI", "CHILDCARE"}) or "TFC" in line.words.upper()
    return "tfc" if is_government else "office"


def firm_named(line: Line, firms: Collection[VoucherFirm]) -> VoucherFirm | None:
    """The voucher firm whose name begins a line's words, or stands in them whole."""
    there = plain_words(line.words)
    for firm in firms:
        name = plain_words(firm.name)
        if name and set(name) <= set(there):
            return firm
    return None
