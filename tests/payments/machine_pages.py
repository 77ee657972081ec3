"""A card page as the money machine knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from booking.payments.facts import SessionFacts
from booking.payments.models import Payment
from tests.bookings.booking_model import Bill, Pair


@dataclass
class Page:
    """A card page: whose, what it asks for, when it ends, the basket's places while it was open, and what came of it."""

    account: int
    payment_id: int
    basket_id: int
    pence: int
    expires_at: datetime
    is_open: bool = True
    is_paid: bool = False
    lost: dict[Pair, Bill] = field(default_factory=dict)
    refunds: dict[int, int] = field(default_factory=dict)
    came: int = 0
    disputed: int = 0

    @classmethod
    def of(cls, payment: Payment) -> Page:
        """The page of a payment that was started."""
        assert payment.expires_at is not None
        return cls(
            payment.account_id, payment.id, payment.basket_id or 0, payment.amount_pence, payment.expires_at
        )

    @property
    def left_at_stripe(self) -> int:
        """What neither went back nor is with the payer's bank, of what came."""
        return self.came - sum(self.refunds.values()) - self.disputed

    @property
    def session_id(self) -> str:
        """Stripe's name for it."""
        return f"cs_test_{self.payment_id}"

    def facts(self, status: str, paid: str, pence: int, key: str) -> SessionFacts:
        """What Stripe says of it."""
        intent = f"pi_{self.payment_id}" if paid == "paid" else None
        return SessionFacts(self.session_id, "https://card.test", status, paid, pence, "gbp", intent, key)
