"""Pages of one line of the bank: whose it may be and why, a yes, parts for several, set aside, and undo."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.money import format_pence, parse_pence
from booking.office.bank_forms import AsideForm, DecideForm
from booking.office.bank_proposals import Shown, paid_by, shown
from booking.payments.bank_models import BankLine
from booking.payments.bank_posting import LineTaken, NothingSure, confirm, set_aside, take_back
from booking.payments.matching import Candidate, Matcher, Part
from booking.payments.remittance_paying import payment_of, remittances_that_fit
from booking.payments.voucher_firms import voucher_firms
from booking.payments.waiting_lines import matcher_now, proposal_for, tender_of
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press

MOST_FOUND = 12
TAKEN_BACK = {
    "matched": "Undone: it was taken from the family again. The line waits.",
    "split": "The payment waits again.",
    "set_aside": "The line waits again.",
}


class NobodyChosen(BookingError):
    """Neither a child nor an amount was chosen; nothing was posted."""

    def __init__(self) -> None:
        super().__init__("Choose a child, or write an amount for each of several. Nothing was posted.")


def _found(line_id: int) -> BankLine:
    line = db.session.get(BankLine, line_id)
    if line is None:
        raise NotFound
    return line


def _closed() -> frozenset[int]:
    return closed_pupils(current_user.id, clock.today())


def _row(line: BankLine, matcher: Matcher) -> Shown | None:
    """What is proposed for a line that waits; nothing when it waits no more."""
    if line.state != "waiting":
        return None
    return shown([proposal_for(line.id, matcher)], voucher_firms(), _closed())[0]


@for_roles("manager")
def confirm_line(line_id: int) -> ResponseReturnValue:
    """Yes to one proposal, if it is still the one that was on the screen."""
    at = clock.now()
    row = _row(_found(line_id), matcher_now())
    if row is None:
        flash(str(LineTaken()))
        return redirect(url_for("office.bank"))

    def post() -> str:
        if not row.proposal.parts or row.seen != request.form.get("seen", ""):
            raise NothingSure
        paid, score = paid_by(row.proposal, row.firm), row.proposal.score
        confirm(line_id, row.proposal.parts, paid, score=score, at=at, user_id=current_user.id)
        return f"{format_pence(row.proposal.line.amount_pence)} posted for {' and '.join(row.names)}."

    return answer_press(post, done=url_for("office.bank"))


@for_roles("manager")
def bank_line(line_id: int) -> ResponseReturnValue:
    """One line: who it may be and why, all of it for one child, or parts for several; or what was decided."""
    at, firms, line = clock.now(), voucher_firms(), _found(line_id)
    matcher = matcher_now()
    row, wanted = _row(line, matcher), request.args.get("q", "").strip()[:80]
    found = _candidates(row, matcher, wanted) if row else []
    form = DecideForm().with_firms(firms)
    if row and not form.is_submitted():
        form.how.data = f"voucher:{row.firm.id}" if row.firm else tender_of(row.proposal.line)
    is_part = line.file.kind == "remittance"

    def post() -> str:
        parts = _chosen(line.amount_pence)
        scores = {one.child.key: one.score for one in found}
        score = scores.get((parts[0].account_id, parts[0].pupil_id or 0), 0)
        confirm(line_id, parts, form.paid(), score=score, at=at, user_id=current_user.id)
        return f"{format_pence(line.amount_pence)} posted."

    return answer_form(
        form,
        post,
        template="office/bank_line.html",
        done=url_for("office.bank"),
        line=line,
        row=row,
        found=found,
        wanted=wanted,
        typed=request.form,
        aside=AsideForm(formdata=None),
        is_part=is_part,
        payment=payment_of(line.file_id) if is_part else None,
        remittances=remittances_that_fit(line.amount_pence) if row and not is_part else [],
        double=db.session.get(BankLine, line.double_of_id) if line.double_of_id else None,
        closed=_closed(),
    )


@for_roles("manager")
def set_line_aside(line_id: int) -> ResponseReturnValue:
    """No family's: it waits no more."""
    form = AsideForm()
    if not form.validate_on_submit():
        flash(next((words for _, words in form.error_list), "Nothing was changed."))
        return redirect(url_for("office.bank_line", line_id=line_id))

    def put() -> str:
        set_aside(line_id, form.why.data, at=clock.now(), user_id=current_user.id)
        return "Set aside. It is in its file, and you can take it back at any time."

    return answer_press(put, done=url_for("office.bank"))


@for_roles("manager")
def take_line_back(line_id: int) -> ResponseReturnValue:
    """Undo what was decided: a posted payment is reversed, and the line waits again."""

    def undo() -> str:
        return TAKEN_BACK[take_back(line_id, at=clock.now(), user_id=current_user.id)]

    return answer_press(undo, done=url_for("office.bank_line", line_id=line_id))


def _candidates(row: Shown, matcher: Matcher, wanted: str) -> list[Candidate]:
    """Who is proposed, and whoever has the letters that were looked for."""
    found = list(row.proposal.candidates)
    there, closed, letters = {one.child.key for one in found}, _closed(), wanted.casefold()
    alike = (
        child
        for child in matcher.children
        if wanted
        and child.key not in there
        and child.pupil_id not in closed
        and any(letters in name.casefold() for name in (child.full_name, *child.adults))
    )
    named = sorted(alike, key=lambda child: (child.surname, child.first_name))
    return found + [Candidate(child, 0, ("You looked for this name.",)) for child in named[:MOST_FOUND]]


def _chosen(amount_pence: int) -> list[Part]:
    """The child whose button was pressed, or an amount for each of several; raises what cannot be read."""
    whole = request.form.get("whole", "")
    if whole:
        return [_part(whole, amount_pence)]
    parts = [
        _part(name.removeprefix("part-"), parse_pence(text))
        for name, text in request.form.items()
        if name.startswith("part-") and text.strip()
    ]
    if not parts:
        raise NobodyChosen
    return parts


def _part(key: str, amount_pence: int) -> Part:
    account, _, pupil = key.partition("-")
    if not (account.isascii() and account.isdigit() and pupil.isascii() and pupil.isdigit()):
        raise NotFound
    if int(pupil) in _closed():
        raise NotFound
    return Part(int(account), int(pupil), amount_pence)
