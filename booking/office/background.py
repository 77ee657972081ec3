"""What the worker knows by name: who gathers the words of each letter, and who does each kind of job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from booking.core.settings import Settings
from booking.messages.letters import Composer
from booking.office.demo.history import write_history
from booking.office.early_letters import early_letter
from booking.office.import_jobs import run_import
from booking.office.invoicing import run_invoices
from booking.office.letters import (
    change_letter,
    confirmation_letter,
    newcomer_answer_letter,
    newcomer_confirm_letter,
    offer_letter,
    request_letter,
    round_letter,
)
from booking.office.owed_letters import owed_letter
from booking.office.rolling_over import run_roll_over
from booking.office.sign_in_letters import changed_letter, code_letter, new_email_letter, reset_letter
from booking.payments.letters import (
    card_failed_letter,
    invoice_letter,
    late_charge_letter,
    late_refund_letter,
    refund_failed_letter,
)
from booking.payments.promise_letters import let_go_letter, reminder_letter
from booking.registers.telling import to_read_letter

JOBS: Mapping[str, Callable[[int], None]] = {
    "demo_history": write_history,
    "import_pupils": run_import,
    "issue_invoices": run_invoices,
    "roll_over": run_roll_over,
}


def composers(settings: Settings) -> dict[str, Composer]:
    """The composer of each template; links in letters stand on `BASE_URL`."""
    return {
        "card_failed": partial(card_failed_letter, base_url=settings.base_url),
        "change": partial(change_letter, base_url=settings.base_url),
        "confirmation": partial(confirmation_letter, base_url=settings.base_url),
        "early_booking": partial(early_letter, base_url=settings.base_url),
        "invoice": partial(invoice_letter, base_url=settings.base_url),
        "late_charge": partial(late_charge_letter, base_url=settings.base_url),
        "late_refund": partial(late_refund_letter, base_url=settings.base_url),
        "newcomer_answer": partial(newcomer_answer_letter, base_url=settings.base_url),
        "newcomer_confirm": partial(newcomer_confirm_letter, base_url=settings.base_url),
        "offer": partial(offer_letter, base_url=settings.base_url, secret=settings.secret_key),
        "refund_failed": partial(refund_failed_letter, base_url=settings.base_url),
        "owed": partial(owed_letter, base_url=settings.base_url),
        "request_answer": partial(request_letter, base_url=settings.base_url),
        "round_result": partial(round_letter, base_url=settings.base_url),
        "sign_in_code": partial(code_letter, base_url=settings.base_url),
        "promise_let_go": partial(let_go_letter, base_url=settings.base_url),
        "promise_reminder": partial(reminder_letter, base_url=settings.base_url),
        "reset": partial(reset_letter, base_url=settings.base_url),
        "new_email": partial(new_email_letter, base_url=settings.base_url),
        "to_read": partial(to_read_letter, base_url=settings.base_url),
        "sign_in_changed": partial(changed_letter, base_url=settings.base_url),
    }
