"""Pages of the voucher firms: add one, rename it, end it."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.bank_forms import FirmForm
from booking.payments.models import VoucherFirm
from booking.payments.voucher_firms import FirmDetails, save_firm, voucher_firms
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form


def _answer(firm: VoucherFirm | None, template: str) -> ResponseReturnValue:
    form = FirmForm(obj=firm)

    def save() -> str:
        details = FirmDetails(form.name.data, form.our_number.data or "", form.ended_on.data)
        saved = save_firm(firm.id if firm else None, details, at=clock.now(), user_id=current_user.id)
        return f"{saved.name} is saved."

    return answer_form(
        form, save, template=template, done=url_for("office.vouchers"), firm=firm, firms=voucher_firms()
    )


@for_roles("manager")
def vouchers() -> ResponseReturnValue:
    """Every firm, and a form for another."""
    return _answer(None, "office/vouchers.html")


@for_roles("manager")
def voucher_firm(firm_id: int) -> ResponseReturnValue:
    """Change a firm."""
    firm = db.session.get(VoucherFirm, firm_id)
    if firm is None:
        raise NotFound
    return _answer(firm, "office/voucher_firm.html")
