"""The booking machine with money in it: card pages that end in every way, cash, credit, promises and refunds."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import select

from booking.bookings.models import Basket, WaitingEntry
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.office.checks import all_problems
from booking.payments.checkout import start_card
from booking.payments.facts import RefundFacts
from booking.payments.fulfilment import fulfil, keep_answer
from booking.payments.gateway import Gateway
from booking.payments.models import Payment, Refund
from booking.payments.office_till import pay_basket, take_office_payment
from booking.payments.promises import what_is_owed
from booking.payments.reconciliation import reconcile
from booking.payments.refunds import keep_refund, note_refunds
from booking.payments.splitting import Choice
from tests.bookings.booking_machine import BookingMachine
from tests.bookings.booking_model import Pair, Waits
from tests.bookings.family_rules import CHILDREN, CLUBS, FAMILIES
from tests.payments.machine_pages import Page

NOBODY_ASKS = Gateway("sk_test_nobody_asks")
"""Every answer of Stripe's is given; asking it would fail, for nothing listens there."""
SMALLEST_CARD = 30
PICKS = st.sets(st.tuples(CHILDREN, CLUBS), min_size=6)


class MoneyMachine(BookingMachine):
    """Everything that the booking machine does, and every way in which money comes and goes."""

    @initialize()
    def open_till(self) -> None:
        """No money has moved."""
        self.pages: list[Page] = []
        self.stripe_refunds = 0

    # The ways in which the booking machine books without money give way to those that pay.
    pay = lose_card_page = pay_late = None  # type: ignore[assignment]

    @rule(minutes=st.sampled_from([1, 16, 40]))
    def later(self, minutes: int) -> None:
        """Time goes by more slowly than in the booking machine, so that there is something left to pay for."""
        super().later(minutes=minutes)

    @rule(club=CLUBS, capacity=st.integers(1, 4))
    def other_places(self, club: int, capacity: int) -> None:
        """Places come and go, but some are left."""
        super().other_places(club=club, capacity=capacity)

    def _total(self, account: int) -> int:
        return sum(self.school.held[pair].bill.pence for pair in self._mine(account))

    def _rest(self, account: int) -> int:
        total = self._total(account)
        return total - min(max(-self.school.owed.get(account, 0), 0), total)

    def _owe(self, account: int, pence: int) -> None:
        self.school.owed[account] = self.school.owed.get(account, 0) + pence

    def _open(self, account: int) -> Page | None:
        return next((page for page in self.pages if page.account == account and page.is_open), None)

    def _hold_something(self, family: int, picks: set[tuple[int, int]]) -> None:
        """So that there is something to pay for: most steps of a machine would else find nothing held."""
        if not self._mine(self._account(family)) and self._account(family) not in self.paying:
            self.choose_and_hold(family=family, picks=picks, is_all=False)

    @rule(family=FAMILIES, picks=PICKS, tender=st.sampled_from(["credit", "office", "office", "free"]))
    def pay_without_card(self, family: int, picks: set[tuple[int, int]], tender: str) -> None:
        """Credit pays all of it, or what it can with a promise for the rest; nothing costs nothing."""
        self._hold_something(family, picks)
        account, mine = self._account(family), self._mine(self._account(family))
        total, rest = self._total(account), self._rest(account)
        can = {"credit": rest == 0, "office": True, "free": total == 0}[tender] and bool(mine)
        try:
            with unit_of_work():
                pay_basket(account, tender, seen_pence=total, at=self.school.now, user_id=None)
        except BookingError:
            assert not can or account in self.paying
            return
        assert can
        for pair in mine:
            self.school.book(pair, account)

    @rule(family=FAMILIES, picks=PICKS)
    def open_card_page(self, family: int, picks: set[tuple[int, int]]) -> None:
        """From now on the holds have no end of their own; opening twice leads to the one page."""
        self._hold_something(family, picks)
        account, mine = self._account(family), self._mine(self._account(family))
        total, before = self._total(account), self._open(account)
        if not mine or (before is None and (total < SMALLEST_CARD or not self._rest(account))):
            return
        page = self._started(account)
        if before is not None:
            assert page.payment_id == before.payment_id
            return
        assert page.pence == max(self._rest(account), SMALLEST_CARD)
        self._keep(page, mine)

    def _started(self, account: int, choice: Choice | None = None) -> Page:
        with unit_of_work():
            payment = start_card(
                account, seen_pence=self._total(account), at=self.school.now, user_id=None, choice=choice
            )
            return Page.of(payment)

    def _keep(self, page: Page, mine: list[Pair]) -> None:
        """Stripe has opened the page."""
        with unit_of_work():
            key = db.session.get_one(Payment, page.payment_id).idempotency_key
            assert keep_answer(page.payment_id, page.facts("open", "unpaid", page.pence, key))
        self.pages.append(page)
        if page.is_open:
            self.paying[page.account] = (page.basket_id, mine)
            self._read_ends()

    @rule(
        family=FAMILIES, picks=PICKS, wrong=st.sampled_from([0, 0, -10]), ends=st.sampled_from([0, 0, 1, 40])
    )
    def buy_by_card(self, family: int, picks: set[tuple[int, int]], wrong: int, ends: int) -> None:
        """The whole of it in one step: held, a card page, perhaps over after so many minutes, and then paid."""
        self.open_card_page(family=family, picks=picks)
        page = self._open(self._account(family))
        if page is None:
            return
        if ends:
            self.later(minutes=ends)
            self._end(page)
        self._pay(page, wrong)

    def _tell(self, page: Page, status: str, paid: str, pence: int) -> None:
        """Stripe's word on a page arrives."""
        key = db.session.get_one(Payment, page.payment_id).idempotency_key
        db.session.rollback()
        facts = page.facts(status, paid, pence, key)
        fulfil(page.session_id, gateway=NOBODY_ASKS, at=self.school.now, facts=facts)

    @precondition(lambda self: any(page.is_open for page in self.pages))
    @rule(data=st.data())
    def page_ends(self, data: st.DataObject) -> None:
        """The page is closed: in its time the places have their minutes back, after it they are free."""
        self._end(data.draw(st.sampled_from([one for one in self.pages if one.is_open])))

    def _end(self, page: Page) -> None:
        mine = self._mine(page.account)
        page.is_open = False
        del self.paying[page.account]
        self._tell(page, "expired", "unpaid", page.pence)
        if self.school.now < page.expires_at:
            self._read_ends()
        else:
            page.lost = {pair: self.school.held.pop(pair).bill for pair in mine}

    @precondition(lambda self: any(not page.is_paid for page in self.pages))
    @rule(data=st.data(), wrong=st.sampled_from([0, 0, 0, -10, 25]))
    def card_pays(self, data: st.DataObject, wrong: int) -> None:
        """Money comes by card, in time or late, sometimes another amount than was asked for."""
        self._pay(data.draw(st.sampled_from([one for one in self.pages if not one.is_paid])), wrong)

    def _pay(self, page: Page, wrong: int) -> None:
        account, came, mine = page.account, page.pence + wrong, self._mine(page.account)
        was_open, state = page.is_open, self._basket_state(page)
        self._tell(page, "complete", "paid", came)
        page.is_open, page.is_paid, page.came = False, True, came
        self._owe(account, -came)
        if was_open:
            del self.paying[account]
        if not wrong and self._books(page, mine, state, was_open=was_open):
            return
        if state == "paying" and was_open and not (not wrong and not mine):
            self._read_ends()
        self._owe(account, came)
        self._read_refunds(page)
        assert sum(page.refunds.values()) == came

    def _basket_state(self, page: Page) -> str:
        return db.session.scalars(select(Basket.state).where(Basket.id == page.basket_id)).one()

    def _books(self, page: Page, mine: list[Pair], state: str, *, was_open: bool) -> bool:
        """Whether right money books: in time always; late when it can be had again, or what is held still is covered."""
        account, school = page.account, self.school
        if state == "ended" and page.lost:
            if sum(bill.pot for bill in page.lost.values()) > school.pot_left():
                return False
            got = school.take(account, list(page.lost), is_all=True)
            for pair in got:
                school.held[pair].bill = page.lost[pair]
                school.book(pair, account)
            if not got:
                self._wait(page)
            return bool(got)
        if state in {"ended", "booked"} or not mine:
            return False
        if not was_open and (self._rest(account) or account in self.paying):
            return False
        for pair in mine:
            school.book(pair, account)
        return True

    def _wait(self, page: Page) -> None:
        """Who found no room goes on the lists."""
        school = self.school
        for pair in sorted(page.lost):
            if school.could(pair) and not school.has_room(pair[1]) and pair not in school.waiting:
                school.waiting[pair] = Waits(page.account)

    def _read_refunds(self, page: Page) -> None:
        rows = db.session.execute(
            select(Refund.id, Refund.amount_pence).where(
                Refund.payment_id == page.payment_id, Refund.state != "failed"
            )
        )
        page.refunds = {row.id: row.amount_pence for row in rows}

    @precondition(lambda self: any(page.is_paid for page in self.pages))
    @rule(data=st.data())
    def told_again(self, data: st.DataObject) -> None:
        """Stripe says again what it said, or what was true before: nothing changes."""
        page = data.draw(st.sampled_from([one for one in self.pages if one.is_paid]))
        said = data.draw(st.sampled_from([("complete", "paid"), ("expired", "unpaid"), ("open", "unpaid")]))
        self._tell(page, *said, page.pence)

    @precondition(lambda self: any(page.is_paid for page in self.pages))
    @rule(data=st.data(), part=st.integers(1, 4))
    def refunded_at_stripe(self, data: st.DataObject, part: int) -> None:
        """Somebody gives money back on Stripe's own pages; told twice it went once."""
        page = data.draw(st.sampled_from([one for one in self.pages if one.is_paid]))
        payment = db.session.get_one(Payment, page.payment_id)
        pence = page.left_at_stripe * part // 4
        if not pence:
            return
        self.stripe_refunds += 1
        facts = RefundFacts(f"re_{self.stripe_refunds}", payment.stripe_intent_id, pence, "succeeded", None)
        for _ in range(2):
            with unit_of_work():
                note_refunds(db.session.get_one(Payment, page.payment_id), [facts], at=self.school.now)
        self._owe(page.account, pence)
        self._read_refunds(page)

    @precondition(lambda self: any(page.refunds for page in self.pages))
    @rule(data=st.data(), status=st.sampled_from(["succeeded", "failed", "canceled"]))
    def refund_ends(self, data: st.DataObject, status: str) -> None:
        """A refund arrives, or never will: then it is the family's credit again."""
        page = data.draw(st.sampled_from([one for one in self.pages if one.refunds]))
        refund_id = data.draw(st.sampled_from(sorted(page.refunds)))
        with unit_of_work():
            refund = db.session.get_one(Refund, refund_id)
            facts = RefundFacts(f"re_of_{refund_id}", None, refund.amount_pence, status, None)
            keep_refund(refund, facts, at=self.school.now)
        if status != "succeeded":
            self._owe(page.account, -page.refunds.pop(refund_id))

    @rule(family=FAMILIES, pence=st.sampled_from([1, 250, 450, 1000]))
    def hand_in(self, family: int, pence: int) -> None:
        """Cash at the office."""
        account = self._account(family)
        with unit_of_work():
            take_office_payment(account, pence, at=self.school.now, user_id=None)
        self._owe(account, -pence)

    @invariant()
    def money_agrees(self) -> None:
        """Nothing is wrong in any book, and what is owed is said promise by promise, to the penny."""
        if not hasattr(self, "pages"):
            return
        assert all_problems() == []
        differs = reconcile(self.school.now, gateway=None)
        assert [one for one in differs if "no Stripe key" not in one.what] == []
        for family in self.families:
            owed = what_is_owed(family.account.id, at=self.school.now)
            debt = max(self.school.owed.get(family.account.id, 0), 0)
            assert sum(one.amount_pence for one in owed) == debt
            assert all(one.amount_pence > 0 for one in owed)
        rows = db.session.execute(
            select(WaitingEntry.pupil_id, WaitingEntry.session_id).where(WaitingEntry.state == "waiting")
        )
        assert {(row.pupil_id, row.session_id) for row in rows} == set(self.school.waiting)
