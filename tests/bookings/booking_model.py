"""A school in twenty lines of plain Python: what the booking engine must agree with after every step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from booking.core import clock

Pair = tuple[int, int]
LIST_ENDS = timedelta(hours=24)


@dataclass
class Club:
    """A session: its day and hours, places and price in pence."""

    id: int
    run_id: int
    day: date
    starts_at: time
    ends_at: time
    capacity: int
    pence: int
    extra: int = 0
    is_off: bool = False

    @property
    def begins(self) -> datetime:
        """When it starts."""
        return clock.instant(self.day, self.starts_at)

    @property
    def cut_off(self) -> datetime:
        """Six in the evening before."""
        return min(clock.instant(self.day - timedelta(days=1), time(18, 0)), self.begins)

    def overlaps(self, other: Club) -> bool:
        """Both on one day with a moment in common."""
        return self.day == other.day and self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class Bill:
    """What a place costs before anything comes off, what a sibling has off, and what the pot pays."""

    full: int = 0
    off: int = 0
    pot: int = 0

    @property
    def pence(self) -> int:
        """What the family pays."""
        return self.full - self.off - self.pot


@dataclass
class Held:
    """A held place: whose, at what price, until when (never while a card page is open), and whether it is an offer."""

    account: int
    bill: Bill
    until: datetime | None = None
    is_offer: bool = False


@dataclass
class Waits:
    """A child on a list, in the order of joining; `fits` as the last round of offers saw it."""

    account: int
    fits: bool = True


@dataclass
class School:
    """Who has what; everything that the engine keeps in its tables, and nothing else."""

    now: datetime
    clubs: dict[int, Club]
    booked: dict[Pair, int] = field(default_factory=dict)
    held: dict[Pair, Held] = field(default_factory=dict)
    waiting: dict[Pair, Waits] = field(default_factory=dict)
    paid: dict[Pair, Bill] = field(default_factory=dict)
    owed: dict[int, int] = field(default_factory=dict)
    credit_ends: dict[Pair, datetime] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    funded: int = 0
    budget: int = 0
    pot_lost: int = 0

    def tick(self) -> None:
        """Holds whose time is over are let go."""
        over = [p for p, one in self.held.items() if one.until is not None and one.until <= self.now]
        for pair in over:
            del self.held[pair]

    def taken(self, session: int) -> int:
        """Live places of a session."""
        return sum(s == session for _, s in self.booked) + sum(s == session for _, s in self.held)

    def could(self, pair: Pair) -> bool:
        """Nothing but room stands against it."""
        pupil, session = pair
        club = self.clubs[session]
        if club.is_off or self.now >= club.cut_off or pupil in self.gone:
            return False
        theirs = [self.clubs[s] for p, s in (*self.booked, *self.held) if p == pupil]
        return not any(one.id == session or one.overlaps(club) for one in theirs)

    def has_room(self, session: int) -> bool:
        """A place is free, and nobody on its list comes first."""
        club = self.clubs[session]
        if self.taken(session) >= club.capacity + club.extra:
            return False
        listed = any(s == session and one.fits for (_, s), one in self.waiting.items())
        return not listed or self.now >= club.cut_off - LIST_ENDS

    def take(self, account: int, pairs: list[Pair], *, is_all: bool) -> list[Pair]:
        """Hold these in order of day and hour; with `is_all` one refusal means none. What was got."""
        got: list[Pair] = []
        for pair in sorted(pairs, key=lambda p: (self.clubs[p[1]].day, self.clubs[p[1]].starts_at, p)):
            if self.could(pair) and self.has_room(pair[1]):
                self.held[pair] = Held(account, Bill())
                got.append(pair)
        if is_all and len(got) < len(pairs):
            for pair in got:
                del self.held[pair]
            return []
        for pair, bill in self.bills(account, got).items():
            self.held[pair].bill = bill
        return got

    def bills(self, account: int, pairs: list[Pair]) -> dict[Pair, Bill]:
        """A tenth off for all but one child of a family on a day; then the pot pays the funded child's, while it can."""
        found, left = {}, self.pot_left()
        others = {p: one.bill for p, one in self.held.items() if one.account == account}
        others |= {p: self.paid[p] for p, whose in self.booked.items() if whose == account}
        for pair in sorted(pairs, key=lambda p: (self.clubs[p[1]].day, self.clubs[p[1]].starts_at, p)):
            day, full = self.clubs[pair[1]].day, self.clubs[pair[1]].pence
            full_payers = {
                p
                for (p, s), bill in others.items()
                if self.clubs[s].day == day and bill.full and not bill.off
            }
            here = [p for p, s in pairs if self.clubs[s].day == day and self.clubs[s].pence]
            is_sibling = pair[0] not in full_payers if full_payers else pair[0] != min(here, default=pair[0])
            off = (full * 10 + 50) // 100 if is_sibling else 0
            pot = full - off if pair[0] == self.funded and full - off <= left else 0
            left -= pot
            found[pair] = Bill(full, off, pot)
        return found

    def pot_left(self) -> int:
        """The budget, less what live places take of it and what was cancelled too late."""
        live = [one.bill for one in self.held.values()] + list(self.paid.values())
        return self.budget - self.pot_lost - sum(bill.pot for bill in live)

    def book(self, pair: Pair, account: int, bill: Bill | None = None) -> None:
        """A place is paid for: owed, its terms frozen, at the price that stood when it was held."""
        held = self.held.pop(pair, None)
        self.booked[pair] = account
        self.paid[pair] = held.bill if held else bill or Bill()
        self.owed[account] = self.owed.get(account, 0) + self.paid[pair].pence
        self.credit_ends[pair] = self.clubs[pair[1]].cut_off

    def let_go(self, pair: Pair, *, is_whole: bool) -> None:
        """A booked place ends; the price comes back always, or by the frozen terms."""
        account, bill = self.booked.pop(pair), self.paid.pop(pair)
        if is_whole or self.now < self.credit_ends[pair]:
            self.owed[account] -= bill.pence
        else:
            self.pot_lost += bill.pot

    def take_back(self, pairs: list[Pair]) -> None:
        """The school takes places back: booked ones with all of the money, held ones for nothing."""
        for pair in pairs:
            if pair in self.booked:
                self.let_go(pair, is_whole=True)
            else:
                self.held.pop(pair, None)

    def call_off(self, session: int) -> None:
        """A session does not take place: everything goes back, and nobody waits for it any more."""
        self.take_back([p for p in (*self.booked, *self.held) if p[1] == session])
        self.clubs[session].is_off = True
        self.waiting = {p: one for p, one in self.waiting.items() if p[1] != session}

    def offer(self) -> list[Pair]:
        """Offer free places down the lists; who cannot go is passed over, who came too late drops out."""
        offered = []
        for pair, one in list(self.waiting.items()):
            club = self.clubs[pair[1]]
            if self.now >= club.cut_off:
                del self.waiting[pair]
            elif not self.could(pair):
                one.fits = False
            elif self.taken(pair[1]) < club.capacity + club.extra:
                del self.waiting[pair]
                bill = self.bills(one.account, [pair])[pair]
                self.held[pair] = Held(one.account, bill, is_offer=True)
                offered.append(pair)
            else:
                one.fits = True
        return offered
