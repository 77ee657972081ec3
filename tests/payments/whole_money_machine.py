"""The money machine with what arrives days later: promises by schemes, lines of the bank, disputes and debts by card."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.payments.bank_file_kinds import read_statement
from booking.payments.bank_intake import FileKnown, make_ready, take_up
from booking.payments.bank_lines import ReadLine
from booking.payments.bank_models import BankLine
from booking.payments.bank_posting import LineTaken, Paid, confirm, take_back
from booking.payments.checkout import start_debt_card
from booking.payments.disputes import note_dispute
from booking.payments.facts import DisputeFacts
from booking.payments.matching import Part
from booking.payments.models import Payment
from booking.payments.promises import SCHEMES, what_is_owed
from booking.payments.several_ways import book_promised
from booking.payments.short_promises import NothingToLetGo, let_go
from booking.payments.splitting import Choice
from booking.provision.models import Seller
from tests.bookings.family_rules import FAMILIES
from tests.payments.bank_files import signed_csv
from tests.payments.machine_pages import Page
from tests.payments.money_machine import PICKS, SMALLEST_CARD, MoneyMachine
from tests.payments.tenders import a_firm, takes

WAYS = st.sampled_from(["tfc", "voucher", "both"])


class WholeMoneyMachine(MoneyMachine):
    """Every way that a family really pays; the model knows what each owes, the engine's books must agree."""

    @initialize()
    def open_school(self) -> None:
        """Every seller takes Tax-Free Childcare and vouchers of one firm."""
        super().open_school()
        self.lines: dict[int, tuple[int, int]] = {}
        self.disputes: dict[str, tuple[Page, int, str]] = {}
        for seller_id in db.session.scalars(select(Seller.id)).all():
            takes(seller_id, self.school.now)
        self.firm = a_firm().id
        db.session.rollback()

    def _choice(self, family: int, way: str, rest: str) -> Choice:
        """All that may be paid so, for every child with something in the basket; `both`: a part by each."""
        mine = {pair[0] for pair in self._mine(self._account(family)) if self.school.held[pair].bill.pence}
        if not mine:
            return Choice(rest=rest)  # type: ignore[arg-type]
        both = way == "both"
        return Choice(
            tfc=dict.fromkeys(mine, 150 if both else None) if way != "voucher" else {},
            voucher_firm_id=self.firm if way != "tfc" else None,
            voucher_pence=90 if both else None,
            rest=rest,  # type: ignore[arg-type]
        )

    @rule(family=FAMILIES, picks=PICKS, way=WAYS, comes_short=st.booleans())
    def promise(self, family: int, picks: set[tuple[int, int]], way: str, comes_short: bool) -> None:
        """A basket is booked on promises; what no scheme pays is promised at the office."""
        self._promise(family, picks, way)
        if comes_short:
            self.let_promise_go(family=family)

    def _promise(self, family: int, picks: set[tuple[int, int]], way: str) -> None:
        self._hold_something(family, picks)
        account, mine = self._account(family), self._mine(self._account(family))
        choice, total = self._choice(family, way, "office"), self._total(account)
        try:
            with unit_of_work():
                book_promised(
                    account, choice, "last_days", seen_pence=total, at=self.school.now, user_id=None
                )
        except BookingError:
            asked = sum(choice.tfc.values()) + choice.voucher_pence if way == "both" and choice.tfc else 0
            assert account in self.paying or not mine or not total or self._rest(account) < asked
            return
        assert account not in self.paying
        for pair in mine:
            self.school.book(pair, account)

    @rule(family=FAMILIES, picks=PICKS)
    def open_card_page_beside_a_promise(self, family: int, picks: set[tuple[int, int]]) -> None:
        """Vouchers for some of it, the rest by card: nothing of the promise counts until the card has paid."""
        self._hold_something(family, picks)
        account, mine = self._account(family), self._mine(self._account(family))
        rest = self._rest(account)
        if account in self.paying or rest < 300 + SMALLEST_CARD:
            return
        page = self._started(account, Choice(voucher_firm_id=self.firm, voucher_pence=300))
        assert page.pence == rest - 300
        self._keep(page, mine)

    @rule(family=FAMILIES)
    def pay_debt_by_card(self, family: int) -> None:
        """What is owed at the office is paid by card, told twice."""
        account, at = self._account(family), self.school.now
        owed = sum(one.amount_pence for one in what_is_owed(account, at=at) if one.tender not in SCHEMES)
        db.session.rollback()
        if not owed:
            return
        with unit_of_work():
            page = Page.of(start_debt_card(account, seen_pence=owed, at=at, user_id=None))
        page.is_open = False
        self._keep(page, [])
        for _ in range(2):
            self._tell(page, "complete", "paid", page.pence)
        page.is_paid, page.came = True, page.pence
        self._owe(account, -page.pence)
        self._read_refunds(page)

    @rule(
        family=FAMILIES,
        pence=st.sampled_from([90, 150, 300, 450]),
        way=st.sampled_from(["tfc", "voucher", "office"]),
    )
    def bank_says(self, family: int, pence: int, way: str) -> None:
        """Money stands on a statement, which comes twice; somebody says whose it is."""
        account, day = self._account(family), clock.to_school(self.school.now).date()
        line = ReadLine(2, day, pence, f"FROM {family}", f"{len(self.lines)}")
        content = signed_csv([line])
        ready = make_ready(read_statement(content, "bank.csv", today=day), content, "bank.csv")
        with unit_of_work():
            file_id = take_up(ready, at=self.school.now, user_id=None).id
        try:
            with unit_of_work():
                take_up(ready, at=self.school.now, user_id=None)
            raise AssertionError("the same file was taken up twice")
        except FileKnown:
            pass
        line_id = db.session.scalars(select(BankLine.id).where(BankLine.file_id == file_id)).one()
        db.session.rollback()
        self.lines[line_id] = (account, 0)
        self._say(line_id, family, pence, way)

    def _say(self, line_id: int, family: int, pence: int, way: str) -> None:
        account = self._account(family)
        pupil = self.families[family].pupils[0].id if way == "tfc" else None
        paid = Paid(way, self.firm if way == "voucher" else None)
        with unit_of_work():
            confirm(line_id, [Part(account, pupil, pence)], paid, at=self.school.now, user_id=None)
        self.lines[line_id] = (account, pence)
        self._owe(account, -pence)

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), other=st.none() | FAMILIES)
    def bank_line_again(self, data: st.DataObject, other: int | None) -> None:
        """A yes was wrong: it is reversed once, and perhaps given to another family."""
        line_id = data.draw(st.sampled_from(sorted(self.lines)))
        account, pence = self.lines[line_id]
        try:
            with unit_of_work():
                take_back(line_id, at=self.school.now, user_id=None)
        except LineTaken:
            assert not pence
        else:
            assert pence
            self._owe(account, pence)
        amount = db.session.scalars(select(BankLine.amount_pence).where(BankLine.id == line_id)).one()
        db.session.rollback()
        self.lines[line_id] = (account, 0)
        if other is not None:
            self._say(line_id, other, amount, "office")

    @rule(family=FAMILIES, picks=PICKS, part=st.integers(1, 4), to=st.sampled_from(["opened", "won", "lost"]))
    def buy_and_dispute(self, family: int, picks: set[tuple[int, int]], part: int, to: str) -> None:
        """The whole of it in one step: paid by card, taken back by the bank, and decided."""
        self.buy_by_card(family=family, picks=picks, wrong=0, ends=0)
        page = self.pages[-1] if self.pages else None
        if page is not None and page.is_paid:
            name = self._dispute(page, part)
            if name is not None:
                self._decide(name, to)

    @precondition(lambda self: any(page.is_paid for page in self.pages))
    @rule(data=st.data(), part=st.integers(1, 4))
    def dispute(self, data: st.DataObject, part: int) -> None:
        """A bank takes money back; while it is open the family owes nothing."""
        self._dispute(data.draw(st.sampled_from([one for one in self.pages if one.is_paid])), part)

    def _dispute(self, page: Page, part: int) -> str | None:
        left = page.left_at_stripe * part // 4
        if not left:
            return None
        name = f"dp_{len(self.disputes)}"
        self.disputes[name] = (page, left, "opened")
        page.disputed += left
        self._note(name)
        return name

    @precondition(lambda self: self.disputes)
    @rule(data=st.data(), to=st.sampled_from(["opened", "won", "lost"]))
    def dispute_goes_on(self, data: st.DataObject, to: str) -> None:
        """The bank decides, or is heard again: only the first decision counts."""
        self._decide(data.draw(st.sampled_from(sorted(self.disputes))), to)

    def _decide(self, name: str, to: str) -> None:
        page, pence, state = self.disputes[name]
        if state not in {"opened", to}:
            return
        self.disputes[name] = (page, pence, to)
        self._note(name)
        if to != state:
            page.disputed -= pence if to == "won" else 0
            self._owe(page.account, pence if to == "lost" else 0)

    def _note(self, name: str) -> None:
        page, pence, state = self.disputes[name]
        facts = DisputeFacts(name, f"pi_{page.payment_id}", pence, state)
        with unit_of_work():
            note_dispute(db.session.get_one(Payment, page.payment_id), facts, at=self.school.now)

    @rule(family=FAMILIES)
    def let_promise_go(self, family: int) -> None:
        """The office lets go what a promise has not paid: the last places first, none of today."""
        account, at = self._account(family), self.school.now
        owed = [one.payment_id for one in what_is_owed(account, at=at) if one.payment_id is not None]
        db.session.rollback()
        if not owed:
            return
        try:
            with unit_of_work():
                gone = [(one.pupil_id, one.session_id) for one in let_go(owed[0], at=at, user_id=self.office)]
        except NothingToLetGo:
            return
        today = clock.today(at)
        assert gone
        assert all(self.school.clubs[session].day > today for _, session in gone)
        for pair in gone:
            self.school.let_go(pair, is_whole=True)
