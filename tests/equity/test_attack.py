"""What a reader can work out, held against trying every possibility."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.equity.attack import Impossible, Sum, attack_tables, intervals
from booking.equity.tables import Table, TableError
from tests.equity.invented import a_table, hiding


@given(
    st.lists(st.lists(st.integers(0, 5), min_size=2, max_size=2), min_size=2, max_size=3),
    st.sets(st.tuples(st.integers(0, 2), st.integers(0, 1)), max_size=5),
)
@settings(max_examples=40, deadline=None)
def test_intervals_are_those_found_by_trying_everything(
    counts: list[list[int]], places: set[tuple[int, int]]
) -> None:
    places = {(row, column) for row, column in places if row < len(counts)}
    table = a_table(counts)
    call = {place: (f"row {place[0]}", f"column {place[1]}") for place in places}
    found = attack_tables(hiding([table], frozenset(tuple(sorted(name)) for name in call.values())))  # type: ignore[misc]
    fits = []
    for values in product(range(11), repeat=len(places)):
        tried = [list(line) for line in counts]
        for (row, column), value in zip(places, values, strict=True):
            tried[row][column] = value
        if [sum(line) for line in tried] == [sum(line) for line in counts] and [
            sum(line) for line in zip(*tried, strict=True)
        ] == [sum(line) for line in zip(*counts, strict=True)]:
            fits.append(values)
    for number, place in enumerate(places):
        name = tuple(sorted(call[place]))
        assert found[name] == (min(f[number] for f in fits), max(f[number] for f in fits))  # type: ignore[index]


def test_a_shown_count_is_its_own_interval_and_one_withheld_alone_is_recovered() -> None:
    table = a_table([[3, 20], [17, 30]])
    found = attack_tables(hiding([table], frozenset({("column 0", "row 0")})))
    assert found["column 0", "row 0"] == (3, 3)
    assert found["column 1", "row 0"] == (20, 20)


def test_what_no_total_bounds_has_no_high_end() -> None:
    found = attack_tables([Table("a.csv", ("Chess", "Art"), ("Y1", "Y2"), ((None, 4), (2, 3)))])
    assert found["Chess", "Y1"] == (0, None)


def test_a_withheld_total_bounds_nothing_above_and_its_parts_bound_it_below() -> None:
    found = attack_tables([Table("a.csv", ("Chess",), ("Y1", "Y2", "total"), ((None, 4, None),))])
    assert found["Chess", "Y1"] == (0, None)
    assert found["Chess", "total"] == (4, None)


def test_a_second_table_narrows_the_first() -> None:
    clubs = hiding([a_table([[2, 18], [6, 30]], "a.csv", ["Chess", "Art"], ["PP", "not PP"])], frozenset())[0]
    hidden = Table("a.csv", clubs.rows, clubs.columns, ((None, None, 20), (None, None, 36), (8, 48, 56)))
    assert attack_tables([hidden])["Chess", "PP"] == (0, 8)
    earlier = Table("b.csv", ("Art",), ("PP",), ((6,),))
    assert attack_tables([hidden, earlier])["Chess", "PP"] == (2, 2)


def test_whole_numbers_are_used_where_fractions_would_seem_wider() -> None:
    sums = [Sum("ab", ("a", "b")), Sum("bc", ("b", "c")), Sum("ac", ("a", "c"))]
    assert intervals({"ab": 1, "bc": 1, "ac": 2}, sums, ["a", "b", "c"]) == {
        "a": (1, 1),
        "b": (0, 0),
        "c": (1, 1),
    }
    with pytest.raises(Impossible):
        intervals({"ab": 1, "bc": 1, "ac": 1}, sums, ["a"])


def test_knowing_of_one_child_narrows_from_below() -> None:
    sums = [Sum("total", ("mine", "theirs"))]
    assert intervals({"total": 6}, sums, ["mine", "theirs"], {"mine": 1}) == {
        "mine": (1, 6),
        "theirs": (0, 5),
    }


def test_tables_that_cannot_all_be_true_are_refused() -> None:
    one = Table("a.csv", ("Chess", "Art", "total"), ("Y1", "total"), ((None, 5), (3, None), (None, 7)))
    with pytest.raises(Impossible):
        attack_tables([one])
    with pytest.raises(TableError, match="says 4, but"):
        attack_tables([Table("a", ("x",), ("y",), ((3,),)), Table("b", ("x",), ("y",), ((4,),))])


def test_with_the_roll_public_other_and_mixed_have_the_worked_intervals() -> None:
    on_roll = {"White": 122, "Asian": 38, "Black": 24, "Mixed": 17, "Other": 9}
    shown = {"White": 58, "Asian": 20, "Black": 11, "all": 99}
    sums = [Sum("all", tuple(on_roll))]
    sums += [Sum(f"{group} on roll", (group, f"{group} stayed away")) for group in on_roll]
    roll = {f"{group} on roll": count for group, count in on_roll.items()}
    assert intervals(shown | roll, sums, ["Other", "Mixed"]) == {"Other": (0, 9), "Mixed": (1, 10)}
    assert intervals({**shown, **roll, "Mixed": 8}, sums, ["Other"]) == {"Other": (2, 2)}
