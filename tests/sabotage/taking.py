"""Sabotages of what takes places: locks, keys, counting, holds, and the rules that say no."""

from __future__ import annotations

from tests.sabotage.kinds import BOTH, POSTGRESQL, Edit, Sabotage

HOLDS = "tests/bookings/test_holds.py"
RACES = "tests/bookings/test_races.py"
REASONS = "tests/bookings/test_rule_reasons.py"
RULES = "booking/bookings/rules.py"
PLACES = "booking/bookings/places.py"
DATABASE = "booking/core/db.py"
FIRST_MIGRATION = "booking/migrations/versions/0001_first_tables.py"

LOCKS = (
    Sabotage(
        "the rows of children, sessions and accounts are read and not locked",
        (Edit(DATABASE, ".with_for_update(key_share=True)", ""),),
        (RACES,),
        POSTGRESQL,
    ),
    Sabotage(
        "a kind of row without ids keeps the kinds before it from being locked",
        (
            Edit(DATABASE, "for model, found in wanted) if found}", "for model, found in wanted)}"),
            Edit(DATABASE, "*map(_number_of, locked)", "*map(_number_of, locked[-1:])"),
        ),
        ("tests/core/test_db.py::test_what_is_named_is_locked_whichever_kinds_have_nothing",),
        POSTGRESQL,
    ),
    Sabotage(
        "rows are locked where a lock is gone with its own statement",
        (Edit(DATABASE, "if driver.autocommit:", "if not driver:"),),
        ("tests/core/test_db.py::test_locks_that_would_be_gone_at_once_are_refused",),
        POSTGRESQL,
    ),
    Sabotage(
        "a basket locks its sessions and not its children",
        (
            Edit(
                PLACES,
                "lock_rows((Pupil, pupils), (Session, sessions), (FamilyAccount, [account_id]), (Pot, facts.pots))",
                "lock_rows((Session, sessions), (FamilyAccount, [account_id]), (Pot, facts.pots))",
            ),
        ),
        (f"{RACES}::test_not_even_when_each_waits_for_the_other_to_look",),
        POSTGRESQL,
    ),
    Sabotage(
        "rows are locked in any order",
        (Edit(DATABASE, ".order_by(key)", '.order_by(__import__("sqlalchemy").func.random())'),),
        (f"{RACES}::test_rows_are_locked_in_one_order_whatever_order_they_are_asked_for",),
        POSTGRESQL,
    ),
    Sabotage(
        "a lock stops the foreign keys of others",
        (Edit(DATABASE, "with_for_update(key_share=True)", "with_for_update()"),),
        (f"{RACES}::test_choosing_and_holding_in_one_transaction_does_not_deadlock",),
        POSTGRESQL,
    ),
    Sabotage(
        "a unit of work on SQLite begins as a reader",
        (
            Edit(
                DATABASE,
                'connection.exec_driver_sql("BEGIN IMMEDIATE")',
                'connection.exec_driver_sql("BEGIN DEFERRED")',
            ),
        ),
        (RACES,),
    ),
    Sabotage(
        "the database lets a child have one place twice",
        (
            Edit(
                "booking/bookings/models.py",
                '"pupil_id",\n            "session_id",\n            unique=True,\n            sqlite_where=text(LIVE)',
                '"pupil_id",\n            "session_id",\n            unique=False,\n            sqlite_where=text(LIVE)',
            ),
            Edit(
                FIRST_MIGRATION,
                "'uq_place_pupil_session_live', ['pupil_id', 'session_id'], unique=True",
                "'uq_place_pupil_session_live', ['pupil_id', 'session_id'], unique=False",
            ),
        ),
        (f"{RACES}::test_the_database_itself_refuses_a_second_live_place",),
        BOTH,
    ),
)

COUNTING = (
    Sabotage(
        "one place more than there are",
        (Edit(RULES, "if self.left(session_id) <= 0:", "if self.left(session_id) < 0:"),),
        (HOLDS,),
    ),
    Sabotage(
        "held places are not counted as taken",
        (Edit(RULES, 'LIVE = ("held", "booked")', 'LIVE = ("booked",)'),),
        (HOLDS,),
        BOTH,
    ),
    Sabotage(
        "a basket that asks for all keeps half",
        (Edit(PLACES, 'if refused and mode == "all":', 'if refused and mode == "half":'),),
        (HOLDS,),
    ),
    Sabotage(
        "the request log forgets who was turned away",
        (Edit(PLACES, "note([*asked, *took, *turned_away]", "note([*asked, *took]"),),
        (HOLDS,),
    ),
)

HOLDING = (
    Sabotage(
        "holds that still run are let go, and those that are over kept",
        (
            Edit(
                "booking/bookings/expiry.py", "Place.held_until <= at, where", "Place.held_until >= at, where"
            ),
        ),
        (HOLDS,),
        BOTH,
    ),
    Sabotage(
        "a basket whose card page is open is let go",
        (
            Edit(
                "booking/bookings/expiry.py",
                "Place.held_until <= at, where",
                "Place.held_until.is_(None) | (Place.held_until <= at), where",
            ),
        ),
        (HOLDS,),
        BOTH,
    ),
    Sabotage(
        "a hold that is over can be booked",
        (Edit(PLACES, "query = query.where(Place.held_until > at)", "query = query.where(Place.id > 0)"),),
        (HOLDS,),
    ),
    Sabotage(
        "a hold lasts beyond an hour with extensions",
        (
            Edit(
                "booking/bookings/holds.py",
                "LONGEST_HOLD = timedelta(minutes=60)",
                "LONGEST_HOLD = timedelta(days=60)",
            ),
        ),
        (HOLDS,),
    ),
    Sabotage(
        "a family books for the child of another",
        (
            Edit(
                "booking/bookings/baskets.py",
                "if not {pupil for pupil, _ in shown} <= bookable:",
                "if not bookable:",
            ),
        ),
        (HOLDS,),
    ),
    Sabotage(
        "a place that is kept for a request for support runs out",
        (
            Edit(
                "booking/bookings/holds.py",
                "one.held_until = clock.instant(one.session.date, one.session.starts_at)",
                "one.held_until = at + HOLD_LASTS",
            ),
        ),
        ("tests/bookings/test_requests.py",),
    ),
)

SAYING_NO = (
    Sabotage(
        "sessions that touch are said to overlap",
        (
            Edit(
                RULES,
                "other.starts_at < session.ends_at and session.starts_at < other.ends_at",
                "other.starts_at <= session.ends_at and session.starts_at <= other.ends_at",
            ),
        ),
        (f"{HOLDS}::test_a_child_is_never_in_two_sessions_at_once_but_touching_ends_are_fine",),
    ),
    Sabotage(
        "a child may be in two sessions at once",
        (
            Edit(
                RULES,
                "other.starts_at < session.ends_at and session.starts_at < other.ends_at",
                "other.starts_at == session.starts_at and session.ends_at == other.ends_at",
            ),
            Edit(RULES, "if gap < walk:", "if 0 <= gap < walk:"),
        ),
        (f"{HOLDS}::test_a_child_is_never_in_two_sessions_at_once_but_touching_ends_are_fine",),
    ),
    Sabotage(
        "nobody needs time to walk",
        (Edit(RULES, "if gap < walk:", "if gap < 0:"),),
        (f"{REASONS}::test_the_walk_between_two_places_counts",),
    ),
    Sabotage(
        "booking goes on after the cut-off",
        (
            Edit(
                RULES, "if self.at >= session.cut_off:", "if self.at >= session.cut_off + timedelta(days=9):"
            ),
        ),
        (f"{HOLDS}::test_each_rule_refuses_with_words_that_name_child_session_and_reason",),
    ),
    Sabotage(
        "booking begins before it opens",
        (Edit(RULES, "if self.at < session.opens_at", "if self.at < session.opens_at - timedelta(days=9)"),),
        (f"{HOLDS}::test_each_rule_refuses_with_words_that_name_child_session_and_reason",),
    ),
    Sabotage(
        "the year group is that of today and not of the session",
        (
            Edit(
                RULES,
                "max(clock.today(self.at), pupil.joined_on or date.min), session.date",
                "max(clock.today(self.at), pupil.joined_on or date.min), clock.today(self.at)",
            ),
        ),
        ("tests/bookings/test_expected_children.py",),
    ),
    Sabotage(
        "families without debts are refused, and those with debts are not",
        (Edit(RULES, "owed <= limit", "owed >= limit"),),
        (f"{REASONS}::test_debt_beyond_the_schools_limit_refuses_what_costs_and_nothing_else",),
    ),
    Sabotage(
        "a consent that is lacking does not matter",
        (
            Edit(
                RULES,
                "if session.needs_consent and (pupil.id, session.needs_consent) not in self.consents:",
                "if session.needs_consent and (pupil.id, session.needs_consent) in self.consents:",
            ),
        ),
        (f"{REASONS}::test_a_club_that_needs_a_consent_says_which_and_where_to_give_it",),
    ),
)

TAKING = (*LOCKS, *COUNTING, *HOLDING, *SAYING_NO)
