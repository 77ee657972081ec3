"""What is withheld of tables: the worked tables, the least that will do, and that nothing small shows through."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.equity.attack import attack_tables
from booking.equity.protection import Need, NotAThreshold, choose
from booking.equity.publication import broken, published_cells, with_withheld
from booking.equity.table_protection import Protected, protect_tables, table_problem
from booking.equity.tables import Table, TableError
from tests.equity.invented import CLUBS, a_table, hiding

FISCHETTI_SALAZAR = [[20, 50, 10], [8, 19, 22], [17, 32, 12]]


def value_of(table: Table, name: tuple[str, str]) -> int:
    row, column = next(
        (r, c) for r in table.rows for c in table.columns if {r, c} == set(name) or (r, c) == name
    )
    found = table.counts[table.rows.index(row)][table.columns.index(column)]
    assert found is not None
    return found


def test_the_published_example_of_three_rows_gives_its_cost_and_interval() -> None:
    table = a_table(FISCHETTI_SALAZAR)
    names, problem = table_problem([table], 5)
    cell = next(place for place, name in enumerate(names) if value_of(table, name) == 22)
    weights = [
        value + (10_000 if "total" in name else 0) for value, name in zip(problem.values, names, strict=True)
    ]
    chosen = choose(replace(problem, needs=[Need(cell, 5, 5)], forced=frozenset({cell}), weights=weights))
    assert sorted(problem.values[unit] for unit in chosen) == [8, 12, 17, 22]
    assert sum(problem.values[unit] for unit in chosen) == 59
    assert attack_tables(hiding([table], frozenset(names[unit] for unit in chosen)))[names[cell]] == (5, 30)


def test_the_four_clubs_give_four_more_cells_and_the_worked_intervals() -> None:
    table = a_table(CLUBS)
    protected = protect_tables([table], 5)
    assert sorted(value_of(table, name) for name in protected.primary) == [2, 3, 4]
    assert sorted(value_of(table, name) for name in protected.withheld - protected.primary) == [6, 6, 7, 8]
    found = attack_tables(hiding([table], protected.withheld))
    assert {value_of(table, name): found[name] for name in protected.primary} == {
        3: (0, 16),
        4: (0, 11),
        2: (0, 8),
    }


def test_without_the_further_cells_each_small_one_is_recovered() -> None:
    table = a_table(CLUBS)
    protected = protect_tables([table], 5)
    found = attack_tables(hiding([table], protected.primary))
    assert {found[name] for name in protected.primary} == {(2, 2), (3, 3), (4, 4)}


def test_the_ethnicity_table_also_hides_mixed_beside_other() -> None:
    rows = ["White", "Asian", "Black", "Mixed", "Other"]
    took_part = a_table([[58], [20], [11], [8], [2]], "part.csv", rows, ["took part"])
    protected = protect_tables([took_part], 5)
    cells = {name for name in protected.withheld if "total" not in name}
    assert cells == {("Other", "took part"), ("Mixed", "took part")}
    found = attack_tables(hiding([took_part], protected.withheld))
    assert found["Other", "took part"] == (0, 10)
    assert found["Mixed", "took part"] == (0, 10)


def test_totals_are_withheld_only_where_nothing_else_helps() -> None:
    assert not any("total" in name for name in protect_tables([a_table(CLUBS)], 5).withheld)
    single = protect_tables([a_table([[3, 20]], rows=["Chess"])], 5)
    assert any("total" in name for name in single.withheld)


@pytest.mark.parametrize("counts", [[[0, 0], [0, 0]], [[5, 9], [0, 12]], [[0]]])
def test_noughts_and_large_counts_are_left_alone(counts: list[list[int]]) -> None:
    assert protect_tables([a_table(counts)], 5) == Protected(frozenset(), frozenset())


@pytest.mark.parametrize(
    "counts",
    [[[1]], [[4, 1]], [[1, 1], [1, 1]], [[0, 1], [1, 0]], [[3], [0]], [[1, 0, 0], [0, 40, 2], [0, 2, 40]]],
)
def test_even_the_least_tables_are_protected(counts: list[list[int]]) -> None:
    assert_safe([a_table(counts)], 5)


def assert_safe(tables: list[Table], k: int) -> None:
    """Every small count can be 1 or less (0 for a 1) and k or more; every true count is in its interval."""
    cells = published_cells(tables, k)
    true = {
        (table.name, row, column): count
        for table in tables
        for row, line in zip(table.rows, table.counts, strict=True)
        for column, count in zip(table.columns, line, strict=True)
    }
    assert len(cells) == len(true)
    for cell in cells:
        value = true[cell["table"], cell["row"], cell["column"]]
        assert value is not None
        assert cell["low"] <= value
        assert cell["high"] is None or value <= cell["high"]
        assert cell["primary"] == (1 <= value < k)
        assert cell["value"] in {"c", value}
        if cell["primary"]:
            assert cell["value"] == "c"
            assert cell["low"] <= min(1, value - 1)
            assert cell["high"] is None or cell["high"] >= k


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.one_of(st.integers(0, 9), st.integers(0, 40)), min_size=width, max_size=width),
            min_size=1,
            max_size=4,
        )
    ),
    st.sampled_from([2, 5, 10]),
)
@settings(max_examples=40, deadline=None)
def test_no_small_count_of_any_table_can_be_pinned(counts: list[list[int]], k: int) -> None:
    assert_safe([a_table(counts)], k)


def linked_tables(seed: int) -> list[Table]:
    """Three faces of one small three-way count: clubs by year, clubs by group, years by group."""
    chance = random.Random(seed)
    cube = [[[chance.choice([0, 1, 2, 3, 5, 8, 13]) for _ in range(2)] for _ in range(3)] for _ in range(3)]
    clubs, years, groups = ["Chess", "Art", "Choir"], ["Y1", "Y2", "Y3"], ["PP", "not PP"]
    return [
        a_table([[sum(cell) for cell in row] for row in cube], "years.csv", clubs, years),
        a_table(
            [[sum(cell[g] for cell in row) for g in range(2)] for row in cube], "groups.csv", clubs, groups
        ),
        a_table(
            [[sum(row[y][g] for row in cube) for g in range(2)] for y in range(3)], "both.csv", years, groups
        ),
    ]


@pytest.mark.parametrize("seed", range(8))
def test_linked_tables_are_protected_together(seed: int) -> None:
    assert_safe(linked_tables(seed), 5)


def test_a_cell_is_withheld_in_every_table_that_has_it() -> None:
    clubs = a_table([[3, 20], [17, 30]], "a.csv", ["Chess", "Art"], ["PP", "not PP"])
    years = a_table([[12, 28], [8, 22]], "b.csv", ["Y1", "Y2"], ["PP", "not PP"])
    turned = a_table([[3, 17], [20, 30]], "c.csv", ["PP", "not PP"], ["Chess", "Art"])
    cells = published_cells([clubs, years, turned], 5)
    where = {(cell["table"], cell["row"], cell["column"]): cell["value"] for cell in cells}
    assert where["a.csv", "Chess", "PP"] == "c" == where["c.csv", "PP", "Chess"]
    assert where["a.csv", "total", "PP"] == where["b.csv", "total", "PP"] == 20
    assert_safe([clubs, years, turned], 5)


def test_tables_that_disagree_are_refused_with_both_places() -> None:
    one = a_table([[6, 20]], "a.csv", ["Chess"], ["PP", "not PP"])
    other = a_table([[7, 19]], "b.csv", ["Chess"], ["PP", "not PP"])
    with pytest.raises(
        TableError, match=r'b.csv, row "Chess", column "PP" says 7, but a.csv, row "Chess".* says 6'
    ):
        published_cells([one, other], 5)


def test_a_table_without_totals_is_refused() -> None:
    with pytest.raises(TableError, match='the last column must be headed "total"'):
        protect_tables([Table("a.csv", ("Chess", "Art", "total"), ("Y1", "Y2"), ((1, 2), (3, 4), (4, 6)))], 5)
    with pytest.raises(TableError, match='the last row must be headed "total"'):
        protect_tables([Table("a.csv", ("Chess",), ("Y1", "total"), ((1, 1),))], 5)


def test_a_threshold_below_two_protects_nobody_and_is_refused() -> None:
    with pytest.raises(NotAThreshold, match="k is 1"):
        protect_tables([a_table(CLUBS)], 1)


def _least(table: Table, k: int) -> int:
    """The least weight of inner cells that protects the table, by trying all choices from the lightest on."""
    names, problem = table_problem([table], k)
    protected = Protected(frozenset(), frozenset(names[need.cell] for need in problem.needs))
    inner = [unit for unit, name in enumerate(names) if "total" not in name and unit not in problem.forced]
    choices = sorted(
        (sum(problem.weights[unit] for unit in (*problem.forced, *more)), more)
        for size in range(len(inner) + 1)
        for more in combinations(inner, size)
    )
    for weight, more in choices:
        withheld = frozenset(names[unit] for unit in (*problem.forced, *more))
        found = attack_tables([with_withheld(table, [table], withheld)])
        if not broken([table], protected, found, k):
            return round(weight)
    return -1


def assert_least(seed: int) -> None:
    """The chosen cells weigh as little as the best of all choices of inner cells."""
    chance = random.Random(seed)
    height, small = chance.randint(2, 3), chance.randint(1, 3)
    counts = [[chance.randint(5, 30) for _ in range(3)] for _ in range(height)]
    for place in chance.sample(range(height * 3), small):
        counts[place // 3][place % 3] = chance.randint(1, 4)
    table = a_table(counts)
    names, problem = table_problem([table], 5)
    weight = sum(problem.weights[names.index(name)] for name in protect_tables([table], 5).withheld)
    best = _least(table, 5)
    assert weight == best or (best == -1 and weight > 10_000)


@pytest.mark.parametrize("seed", range(12))
def test_no_lighter_choice_would_do(seed: int) -> None:
    assert_least(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12, 212))
def test_no_lighter_choice_would_do_on_two_hundred_tables(seed: int) -> None:
    assert_least(seed)
