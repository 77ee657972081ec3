"""The checker is held against histories that were doctored: it must find each thing that is wrong, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.races.checking import judge
from tests.races.evidence import Evidence
from tests.races.history import Call, FastClock, Writer, read_calls
from tests.races.lives import HOLD_MICROS, Numbers
from tests.races.school import Rows, School

SECOND = 10**9
CLUB, CARE = 5, 6
"""Two sessions: one place in the club, which has no list; two places in care, which has one."""
PRICE = 450


@dataclass
class Story:
    """A true history of one booking, written call by call; tests spoil a copy of it."""

    calls: list[Call] = field(default_factory=list)
    rows: Rows = field(default_factory=lambda: Rows(capacity={CLUB: 1, CARE: 2}))

    def call(self, kind: str, at: int, *effects: list[Any], **args: Any) -> Call:
        """A call that was asked in this second of the machine and answered half a second later."""
        call = Call(kind, args, at, at * SECOND, at * SECOND + SECOND // 2, "ok", "", list(effects))
        self.calls.append(call)
        return call

    def hold(self, at: int, place: int, account: int, session: int = CLUB, mode: str = "all") -> Call:
        """A family's one child gets a place, for a quarter of an hour."""
        pupil, until = account * 10, at + HOLD_MICROS
        row = {"id": place, "account_id": account, "pupil_id": pupil, "session_id": session}
        row |= {"state": "held", "price_pence": PRICE, "basket_id": place, "held_at": at, "held_until": until}
        self.rows.places.append({**row, "booked_at": None, "ended_at": None})
        self.rows.facts.append([at, "held", pupil, session])
        effect = ["hold", place, pupil, session, account, until]
        return self.call("hold", at, effect, account=account, pairs=[[pupil, session]], mode=mode)

    def pay(self, at: int, place: int) -> Call:
        """It is paid for."""
        row = self.row(place)
        row |= {"state": "booked", "booked_at": at, "held_until": None}
        account, pupil, session = row["account_id"], row["pupil_id"], row["session_id"]
        self.rows.owed[account] = self.rows.owed.get(account, 0) + PRICE
        self.rows.facts.append([at, "booked", pupil, session])
        return self.call(
            "pay", at, ["book", place, pupil, session, account, PRICE], account=account, basket=1
        )

    def cancel(self, at: int, place: int) -> Call:
        """It is cancelled, and the price comes back."""
        row = self.row(place)
        row |= {"state": "cancelled", "ended_at": at}
        self.rows.owed[row["account_id"]] -= PRICE
        self.rows.facts.append([at, "cancelled", row["pupil_id"], row["session_id"]])
        return self.call("cancel", at, ["end", place, PRICE], places=[place])

    def full(self, at: int, account: int, session: int = CLUB) -> Call:
        """Somebody is told that it is full."""
        self.rows.facts.append([at, "turned_away", account * 10, session])
        refused = ["refused", account * 10, session, "full"]
        return self.call("hold", at, refused, account=account, pairs=[[account * 10, session]], mode="all")

    def row(self, place: int) -> dict[str, Any]:
        """The row of a place."""
        return next(row for row in self.rows.places if row["id"] == place)

    def problems(self) -> list[str]:
        """What the checker says."""
        children = {account: [account * 10] for account in (1, 2, 3)}
        school = School(children, {CLUB: 1, CARE: 2}, {}, [CARE], 99)
        return judge(Evidence(self.calls, self.rows, school, FastClock(0, 1))).problems


def a_true_story() -> Story:
    """One family books the last place and lets it go, another one is refused meanwhile and gets it afterwards."""
    story = Story()
    story.hold(10, 1, 1)
    story.full(11, 2)
    story.pay(12, 1)
    story.full(13, 3)
    story.cancel(14, 1)
    story.hold(16, 2, 2)
    story.pay(18, 2)
    return story


def test_nothing_is_wrong_with_a_true_story() -> None:
    assert a_true_story().problems() == []


def _oversold(story: Story) -> None:
    story.hold(19, 3, 3)
    story.pay(20, 3)


def _lost_hold(story: Story) -> None:
    story.hold(21, 3, 3, CARE)
    story.rows.places.pop()


def _lost_booking(story: Story) -> None:
    row = story.row(2)
    row |= {"state": "held", "booked_at": None, "held_until": 16 + HOLD_MICROS}
    story.rows.owed[2] = 0


def _lost_cancellation(story: Story) -> None:
    story.row(1).update(state="booked", ended_at=None)


def _twice(story: Story) -> None:
    story.hold(21, 3, 2, CARE)
    story.hold(22, 4, 2, CARE)


def _unfounded_full(story: Story) -> None:
    story.full(21, 3, CARE)


def _nobody_did_it(story: Story) -> None:
    del story.calls[-2:]


def _refused_yet_done(story: Story) -> None:
    story.calls[-1].outcome, story.calls[-1].effects = "refused", []


def _charged_twice(story: Story) -> None:
    story.rows.owed[2] += PRICE


def _no_credit(story: Story) -> None:
    story.rows.owed[1] = PRICE


def _no_line_in_the_log(story: Story) -> None:
    story.rows.facts.pop()


def _a_line_too_many_in_the_log(story: Story) -> None:
    story.rows.facts.append([999, "booked", 30, CARE])


def _another_child(story: Story) -> None:
    story.row(2)["pupil_id"] = 30


def _ended_by_a_hold(story: Story) -> None:
    call = story.call("hold", 20, ["end", 2, 0], account=2, pairs=[], mode="all")
    story.row(2).update(state="cancelled", ended_at=call.at)


def _ran_out_early(story: Story) -> None:
    story.hold(21, 3, 3, CARE)
    story.call("expire", 22, ["expired", 1])
    story.row(3).update(state="expired", ended_at=22)


def _capacity_lost(story: Story) -> None:
    story.call("capacity", 21, ["capacity", CARE, 5], session=CARE, number=5)
    story.rows.changes.append(21)


def _a_lost_yes_to_an_offer(story: Story) -> None:
    story.call("accept", 21, ["answered", 7, "accept"], account=2, entry=7)


def _an_error(story: Story) -> None:
    story.call("pay", 21, account=3, basket=9).outcome = "broken"


SPOILT: list[tuple[Callable[[Story], None], str]] = [
    (_oversold, "2 taken, 1 allowed"),
    (_lost_hold, "there is no such place"),
    (_lost_booking, "book was answered with yes"),
    (_lost_cancellation, "end was answered with yes"),
    (_twice, "has places 3 and 4"),
    (_unfounded_full, "full was said, with 0 of 2 taken"),
    (_nobody_did_it, "nobody who was not refused did"),
    (_refused_yet_done, "nobody who was not refused did"),
    (_charged_twice, "owes 900 pence in the ledger, 450 by the answers"),
    (_no_credit, "owes 450 pence in the ledger, 0 by the answers"),
    (_no_line_in_the_log, "the log lacks booked"),
    (_a_line_too_many_in_the_log, "and nobody did it"),
    (_another_child, "for another child or session"),
    (_ended_by_a_hold, "ended by what ends no booking"),
    (_ran_out_early, "ran out before its time"),
    (_capacity_lost, "nobody said so last"),
    (_a_lost_yes_to_an_offer, "was lost"),
    (_an_error, "an error"),
]


@pytest.mark.parametrize(("spoil", "words"), SPOILT, ids=[spoil.__name__[1:] for spoil, _ in SPOILT])
def test_what_was_spoilt_is_found(spoil: Callable[[Story], None], words: str) -> None:
    story = a_true_story()
    spoil(story)
    found = story.problems()
    assert any(words in problem for problem in found), found


def test_a_call_without_an_answer_may_have_happened_or_not() -> None:
    """The same unanswered booking is right with the place booked and charged, and with neither."""
    happened, not_happened = a_true_story(), a_true_story()
    for story in (happened, not_happened):
        call = story.calls[-1]
        call.outcome, call.effects, call.answered = "unknown", [], 2**63
    assert happened.problems() == []
    not_happened.row(2).update(state="held", booked_at=None, held_until=16 + HOLD_MICROS)
    not_happened.rows.owed[2] = 0
    not_happened.rows.facts.pop()
    assert not_happened.problems() == []
    not_happened.rows.owed[2] = PRICE
    assert not_happened.problems() != []


def test_full_is_excused_by_a_list_and_by_a_place_that_ends_meanwhile() -> None:
    story = a_true_story()
    waits = {"id": 7, "account_id": 1, "pupil_id": 10, "session_id": CARE, "offered_place_id": None}
    story.rows.entries.append({**waits, "state": "waiting", "joined_at": 20, "ended_at": None})
    story.rows.facts.append([20, "waiting", 10, CARE])
    story.call("join", 20, ["wait", 7, 10, CARE, 1], account=1, pupil=10, session=CARE)
    story.full(21, 3, CARE)
    assert story.problems() == []


def test_a_hold_that_has_run_out_excuses_nobody() -> None:
    story = Story()
    story.hold(10, 1, 1)
    call = story.full(10 + HOLD_MICROS + 5, 2)
    call.asked, call.answered = 20 * SECOND, 21 * SECOND
    assert any("full was said" in problem for problem in story.problems())


def test_while_the_number_changes_either_number_may_hold() -> None:
    change = Call("capacity", {}, 20, 20 * SECOND, 25 * SECOND, "ok")
    numbers = Numbers(2, [(change, 5)])
    assert sorted(numbers.between(10 * SECOND, 10 * SECOND)) == [2]
    assert sorted(numbers.between(22 * SECOND, 22 * SECOND)) == [2, 5]
    assert sorted(numbers.between(26 * SECOND, 26 * SECOND)) == [5]


def test_what_is_written_is_read_again_and_a_line_cut_short_is_left_out(tmp_path: Path) -> None:
    writer = Writer(tmp_path, 0, 0)
    writer.ask("pay", {"account": 1}, 8)
    writer.answer(ok=[["book", 1]])
    writer.ask("pay", {"account": 2}, 16)
    writer.answer(refused="HoldIsOver")
    writer.ask("pay", {"account": 3}, 24)
    with (tmp_path / "worker-0-0.jsonl").open("a") as file:
        file.write('{"t": 12, "n": 3, "o')
    calls = read_calls(tmp_path)
    assert [call.outcome for call in calls] == ["ok", "refused", "unknown"]
    assert calls[0].effects == [["book", 1]]
    assert [call.maybe for call in calls] == [True, False, True]
