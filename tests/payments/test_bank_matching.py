"""Whose money it is: by the whole reference first, then by name, amount and day; twins never by a guess."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.payments.expected import Child, Promise
from booking.payments.matching import DOUBLE, TWINS, Line, Matcher, Proposal
from booking.payments.reference_reading import whole_references

ON = date(2026, 11, 3)


def a_promise(amount_pence: int, due_on: date = date(2026, 11, 6), promise_id: int = 1) -> Promise:
    """What is owed."""
    return Promise(promise_id, amount_pence, due_on)


def a_child(pupil_id: int = 1, forename: str = "Kit", surname: str = "Robin", **values: Any) -> Child:
    """A child with a reference of its own and an adult called Alex."""
    said = {
        "account_id": 100 + pupil_id,
        "preferred_name": "",
        "born_on": date(2018, 1, pupil_id),
        "adults": (f"Alex {surname}",),
        "reference": f"{(forename[0] + surname[:3]).upper()}{12340 + pupil_id}TFC",
        **values,
    }
    return Child(pupil_id=pupil_id, forename=forename, surname=surname, **said)


KIT = a_child(own=(a_promise(5400),))
WREN = a_child(2, "Ada", "Wren", own=(a_promise(1350),))


def _propose(words: str, amount_pence: int = 5400, *children: Child, **values: Any) -> Proposal:
    line = Line(1, ON, amount_pence, words, **values)
    return Matcher(children or (KIT, WREN)).proposals([line])[0]


def _parts(proposal: Proposal) -> list[tuple[int, int | None, int]]:
    return [(part.account_id, part.pupil_id, part.amount_pence) for part in proposal.parts]


@pytest.mark.parametrize(
    "words",
    [
        "HMRC CHILDCARE KROB12341TFC",
        "hmrc krob12341tfc",
        "KROB 12341 TFC",
        "K ROB-12341/TFC 03NOV",
        "PAYMENTKROB12341TFCREF9",
        "KROBI2341TFC",
        "KROBl2341TFC",
    ],
)
def test_a_whole_reference_is_sure_however_it_is_written(words: str) -> None:
    proposal = _propose(words, 999)
    assert (proposal.kind, proposal.score) == ("sure", 100)
    assert _parts(proposal) == [(101, 1, 999)]
    assert "whole reference KROB12341TFC" in proposal.candidates[0].reasons[0]


@given(
    letters=st.text("ABCILOSTZ", min_size=4, max_size=4),
    digits=st.text("0123456789", min_size=5, max_size=5),
    data=st.data(),
)
def test_no_spelling_of_a_reference_is_read_as_another(
    letters: str, digits: str, data: st.DataObject
) -> None:
    """Spaces, small letters, glue before and behind, O for 0 and I or L for 1: always the same one."""
    spelled = "".join(data.draw(st.sampled_from({"0": "0O", "1": "1IL"}.get(sign, sign))) for sign in digits)
    signs = [data.draw(st.sampled_from((sign, sign.lower()))) for sign in f"{letters}{spelled}TFC"]
    text = "".join(sign + data.draw(st.sampled_from(("", " ", "-"))) for sign in signs)
    before = data.draw(st.sampled_from(("", "HMRC ", "REF", "FROM A ROBIN ")))
    behind = data.draw(st.sampled_from(("", " 03NOV", "99")))
    assert whole_references(before + text + behind) == [f"{letters}{digits}TFC"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("HMRC KROB12341", "without the end"),
        ("HMRC KROB12341TF", "without the end"),
        ("HMRC KROB123", "the beginning"),
        ("OB12341TFC", "the digits"),
        ("KROB12431TFC", "nearly"),
        ("KROB12351TFC", "nearly"),
    ],
)
def test_a_reference_that_is_cut_or_mistyped_is_a_hint_and_never_sure(words: str, reason: str) -> None:
    proposal = _propose(words)
    assert proposal.kind == "likely"
    assert _parts(proposal) == [(101, 1, 5400)]
    assert any(reason in one for one in proposal.candidates[0].reasons)


def test_a_reference_that_nobody_has_is_said() -> None:
    proposal = _propose("HMRC ZZZZ99999TFC", 777)
    assert (proposal.kind, proposal.parts) == ("open", ())
    assert proposal.why == ("Nobody here has the reference ZZZZ99999TFC.",)


def test_a_known_and_a_strange_reference_on_one_line_are_not_sure() -> None:
    assert _propose("KROB12341TFC ZZZZ99999TFC").kind == "likely"


def test_what_may_be_the_same_money_is_never_sure() -> None:
    proposal = _propose("KROB12341TFC", is_double=True)
    assert (proposal.kind, proposal.why) == ("likely", (DOUBLE,))


@pytest.mark.parametrize(
    ("words", "amount_pence", "kind"),
    [
        ("A ROBIN CLUB", 5400, "likely"),
        ("MR ALEX ROBIN", 5400, "likely"),
        ("KIT ROBIN BREAKFAST", 5400, "likely"),
        ("KIT ROBIN", 8000, "likely"),
        ("ROBIN", 5400, "likely"),
        ("ROBIN", 700, "open"),
        ("THE ROBINS NEST LTD", 5400, "open"),
        ("A SPARROW", 5400, "open"),
    ],
)
def test_name_and_amount_and_day_together_make_a_proposal(words: str, amount_pence: int, kind: str) -> None:
    proposal = _propose(words, amount_pence)
    assert proposal.kind == kind
    assert 0 <= proposal.score < 100
    assert _parts(proposal) == ([(101, 1, amount_pence)] if kind == "likely" else [])


def test_two_families_that_fit_alike_are_both_shown_and_none_is_proposed() -> None:
    other = a_child(3, "Kay", "Robin", own=(a_promise(5400),))
    proposal = _propose("A ROBIN", 5400, KIT, other)
    assert proposal.kind == "open"
    assert {one.child.pupil_id for one in proposal.candidates} == {1, 3}


def _twins(**values: Any) -> list[Child]:
    born = date(2018, 5, 1)
    one = a_child(1, "Ana", "Wren", account_id=7, born_on=born, own=(a_promise(5400),), **values)
    return [
        one,
        a_child(2, "Amy", "Wren", account_id=7, born_on=born, own=(a_promise(5400, promise_id=2),), **values),
    ]


@pytest.mark.parametrize(
    "words", ["ANA WREN", "ALEX WREN", "AWRE TFC", "AWRE12341", "AWRE12349TFC", "ANA AND AMY WREN"]
)
def test_twins_are_never_matched_without_the_whole_reference(words: str) -> None:
    for amount_pence in (5400, 10800, 100):
        proposal = _propose(words, amount_pence, *_twins())
        assert (proposal.kind, proposal.parts) == ("open", ())
        assert {one.child.pupil_id for one in proposal.candidates} == {1, 2}, "both are shown"
        assert TWINS in proposal.why


def test_twins_are_told_apart_by_the_whole_reference() -> None:
    for pupil_id in (1, 2):
        proposal = _propose(f"AWRE1234{pupil_id}TFC", 5400, *_twins())
        assert (proposal.kind, _parts(proposal)) == ("sure", [(7, pupil_id, 5400)])


def test_twins_of_two_families_are_twins_too() -> None:
    one, other = _twins()
    apart = a_child(2, "Amy", "Wren", account_id=8, born_on=other.born_on, adults=("Sam Wren",))
    assert TWINS in _propose("ANA WREN ALEX WREN", 5400, one, apart).why


def _siblings() -> list[Child]:
    return [
        a_child(1, account_id=7, own=(a_promise(5400),)),
        a_child(2, "Lee", account_id=7, own=(a_promise(1350, promise_id=2),)),
    ]


@pytest.mark.parametrize("words", ["A ROBIN BOTH", "KROB12341TFC LROB12342TFC", "KROB12341TFC"])
def test_one_payment_for_two_children_is_split_when_the_sums_agree(words: str) -> None:
    proposal = _propose(words, 6750, *_siblings())
    assert (proposal.kind, _parts(proposal)) == ("split", [(7, 1, 5400), (7, 2, 1350)])


def test_two_references_whose_sums_do_not_agree_are_shown_and_not_split() -> None:
    proposal = _propose("KROB12341TFC LROB12342TFC", 6000, *_siblings())
    assert (proposal.kind, proposal.parts, len(proposal.candidates)) == ("open", (), 2)


def test_money_of_a_family_whose_children_fit_alike_is_for_the_family() -> None:
    proposal = _propose(
        "ALEX ROBIN", 2000, *(a_child(n, name, account_id=7) for n, name in ((1, "Kit"), (2, "Lee"))), WREN
    )
    assert proposal.kind == "open", "nothing is owed: the name of an adult alone is too little"
    owed = [a_child(n, name, account_id=7, shared=(a_promise(2000),)) for n, name in ((1, "Kit"), (2, "Lee"))]
    assert _parts(_propose("ALEX ROBIN", 2000, *owed)) == [(7, None, 2000)]


def test_chunks_of_one_promise_find_it() -> None:
    matcher = Matcher([KIT, WREN])
    lines = [Line(n, ON, pence, f"A ROBIN 0{n}/11") for n, pence in ((1, 3000), (2, 2400))]
    for proposal in matcher.proposals(lines):
        assert proposal.kind == "likely"
        assert "With the other lines of the same words it makes £54.00." in proposal.candidates[0].reasons
    by_reference = matcher.proposals([Line(n, ON, 2700, "KROB12341TFC") for n in (1, 2)])
    assert [one.kind for one in by_reference] == ["sure", "sure"]
    assert "A part of £54.00 that is owed for Kit, due by 6/11." in by_reference[0].candidates[0].reasons


def test_more_than_is_owed_says_that_it_becomes_credit() -> None:
    assert "the rest becomes credit" in _propose("KROB12341TFC", 9900).candidates[0].reasons[1]


def test_the_same_words_lead_to_the_same_family_again() -> None:
    line = Line(1, ON, 5400, "STANDING ORDER 77 GRANDAD 11/26")
    assert Matcher([KIT, WREN]).propose(line).kind == "open"
    known = Matcher([KIT, WREN], before={"STANDING ORDER GRANDAD": KIT.key}).propose(line)
    assert (known.kind, _parts(known)) == ("likely", [(101, 1, 5400)])


def test_accents_and_apostrophes_are_read_as_banks_write_them() -> None:
    child = a_child(3, "Zoë", "O’Brien-Łuk", reference=None, own=(a_promise(5400),))
    assert _propose("ZOE OBRIEN LUK", 5400, child, WREN).kind == "likely"


def test_parts_always_sum_to_the_line_and_only_a_reference_is_sure() -> None:
    """Random schools and lines: whatever is proposed is whole pence of the line, and twins are never guessed."""
    draw = random.Random(4711)
    names, surnames = ["Ana", "Amy", "Kit", "Lee", "Zoe"], ["Wren", "Robin", "Finch"]
    for _ in range(60):
        children = [
            a_child(
                n,
                draw.choice(names),
                draw.choice(surnames),
                account_id=draw.randrange(1, 5),
                born_on=date(2018, 1, draw.randrange(1, 3)),
                own=tuple(
                    a_promise(draw.randrange(1, 4) * 450, promise_id=n) for _ in range(draw.randrange(2))
                ),
            )
            for n in range(1, 9)
        ]
        matcher = Matcher(children)
        for number in range(20):
            child = draw.choice(children)
            words = draw.choice(
                [child.reference or "", child.full_name, child.adults[0], child.surname, "CLUB"]
            )
            proposal = matcher.propose(Line(number, ON, draw.randrange(1, 8) * 450, words))
            if proposal.parts:
                assert sum(part.amount_pence for part in proposal.parts) == proposal.line.amount_pence
            assert (proposal.kind == "sure") <= (words == child.reference)
            if words != child.reference:
                assert not {part.pupil_id for part in proposal.parts} & {
                    i for ids in matcher.twins.values() for i in ids
                }
