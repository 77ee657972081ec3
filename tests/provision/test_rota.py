"""A session's rota: who is on it, who counts, who is a first-aider, and each way in which it is not enough."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from sqlalchemy import event

from booking.core.db import db
from booking.provision.models import Session
from booking.provision.rota import Staffing, staffing_of
from booking.provision.staff_models import StaffCertificate
from tests.builders import AT, a_room, a_run, a_seller, a_session, an_activity
from tests.staff_builders import (
    a_rule,
    a_staff_record,
    a_staffed_run,
    change,
    for_the_day,
    on_rota,
    papers_in_date,
)

pytestmark = pytest.mark.usefixtures("app")
WEDNESDAY = date(2026, 11, 25)
LATER = date(2028, 1, 1)


def staffing(session: Session, **children: int) -> Staffing:
    """The staffing of one session with children given as `y3=20`."""
    given = {session.id: {year.removeprefix("y"): n for year, n in children.items()}}
    return staffing_of([session.id], given)[session.id]


def test_two_adults_with_a_first_aider_are_enough_for_a_club_of_twenty() -> None:
    session = a_session(capacity=20)
    a_staffed_run(session.run)
    found = staffing_of([session.id])[session.id]
    assert found.problems == ()
    assert (found.children, found.required, len(found.counting), found.allowed) == (20, 2, 2, 60)
    assert found.leader == found.first_aiders[0].name


def test_a_session_without_a_rota_says_so_before_anything_else() -> None:
    assert staffing(a_session(), y3=20).problems == ("Nobody is on the rota.",)


def test_one_adult_is_never_alone_until_the_school_says_otherwise() -> None:
    session = a_session()
    a_staffed_run(session.run, 1)
    assert staffing(session, y3=4).problems == ("4 children need 2 adults who count. The rota has 1.",)
    a_rule(least_adults=1)
    assert staffing(session, y3=4).problems == ()


def test_each_rule_holds_from_its_day_on() -> None:
    a_rule({"3": 10}, from_on=WEDNESDAY)
    run = a_run(year_groups=["3"])
    tuesday, wednesday = a_session(WEDNESDAY - timedelta(days=1), run=run), a_session(WEDNESDAY, run=run)
    assert (staffing(tuesday, y3=30).required, staffing(wednesday, y3=30).required) == (2, 3)


def test_nursery_children_bring_their_own_ratio_and_mixed_ages_are_added_up() -> None:
    session = a_session(year_groups=["N2", "R"])
    staff = a_staffed_run(session.run, 3)
    assert staffing(session, N2=16, R=15).required == 3
    assert staffing(session, N2=16, R=15).problems == (
        "Nursery children need an adult with a level 3 qualification.",
    )
    for one, level in zip(staff, (3, 2, 0), strict=True):
        change(one, level=level)
    assert staffing(session, N2=16, R=15).problems == ()
    change(staff[1], level=0)
    assert staffing(session, N2=16, R=15).problems == (
        "With nursery children half of the other adults need a level 2 qualification.",
    )
    assert staffing(session, R=30).problems == ()


def test_a_child_of_unknown_year_counts_as_the_youngest() -> None:
    session = a_session()
    assert staffing_of([session.id], {session.id: {"": 17}})[session.id].required == 3


def test_who_does_not_count_is_named_with_the_reason() -> None:
    session = a_session()
    a_staffed_run(session.run)
    on_rota(session.run_id, a_staff_record("Ann", dbs_checked_on=None))
    on_rota(session.run_id, a_staff_record("Bo", counts_in_ratio=False))
    on_rota(session.run_id, a_staff_record("Cy", ratio_role="apprentice"))
    on_rota(session.run_id, a_staff_record("Di", ends_on=date(2026, 11, 20)))
    on_rota(session.run_id, a_staff_record("Ed", dbs_checked_on=date(2026, 11, 26)))
    on_rota(session.run_id, a_staff_record("Flo", ratio_role="volunteer", first_aid=LATER))
    found = staffing(session, y3=20)
    assert found.problems == (
        "Ann has no DBS check on record.",
        "Bo does not count in the ratio.",
        "Cy is an apprentice without a paediatric first-aid certificate in date.",
        "Di is not here on that day by their record.",
        "Ed has no DBS check on record.",
    )
    assert len(found.counting) == 3


def test_a_certificate_is_good_on_its_last_day_and_not_on_the_next() -> None:
    run = a_run()
    staff = a_staffed_run(run)
    change(staff[0].certificates[0], expires_on=WEDNESDAY)
    last, next_day = a_session(WEDNESDAY, run=run), a_session(WEDNESDAY + timedelta(days=1), run=run)
    assert staffing(last, y3=20).problems == ()
    assert staffing(next_day, y3=20).problems == (
        "From 15:30 to 16:30 the site has not a first-aider: a paediatric certificate that is in date.",
    )


def test_first_aid_at_work_and_the_short_course_make_nobody_a_first_aider_for_children() -> None:
    session = a_session()
    staff = a_staffed_run(session.run)
    others = ("first_aid_at_work", "emergency_paediatric_first_aid")
    held = [StaffCertificate(kind=kind, expires_on=LATER, seen_at=AT) for kind in others]
    change(staff[0], certificates=held)
    assert "has not a first-aider" in staffing(session, y3=20).problems[0]


def test_a_first_aider_next_door_will_do_for_a_club_and_only_while_they_are_there() -> None:
    with_one, without = a_session(), a_session(ends_at=time(17, 0))
    a_staffed_run(with_one.run)
    on_rota(without.run_id, a_staff_record(), a_staff_record())
    assert staffing(without, y3=20).problems == (
        "From 16:30 to 17:00 the site has not a first-aider: a paediatric certificate that is in date.",
    )
    change(with_one, status="called_off")
    assert staffing(without, y3=20).problems[0].startswith("From 15:30 to 17:00")


@pytest.mark.parametrize("kind", ["breakfast", "extended_care"])
def test_where_children_eat_a_first_aider_is_on_that_rota(kind: str) -> None:
    a_staffed_run(a_session().run)
    eats = a_session(activity_id=an_activity(kind=kind).id)
    on_rota(eats.run_id, a_staff_record(), a_staff_record())
    assert staffing(eats, y3=20).problems == (
        "This rota needs a first-aider: a paediatric certificate that is in date. It has 0.",
    )


def test_away_from_the_site_and_by_the_schools_own_rule_each_session_has_its_first_aider() -> None:
    a_staffed_run(a_session().run)
    pool, club = a_session(room_id=a_room(minutes_away=12).id), a_session()
    for session in (pool, club):
        on_rota(session.run_id, a_staff_record(), a_staff_record())
    assert len(staffing(pool, y3=20).problems) == 1
    assert staffing(club, y3=20).problems == ()
    a_rule(first_aider_each_session=True)
    assert len(staffing(club, y3=20).problems) == 1


def test_a_day_is_changed_without_touching_the_standing_rota() -> None:
    run = a_run()
    leader, helper = a_staffed_run(run)
    cover = a_staff_record("Kit", first_aid=LATER)
    today, tomorrow = a_session(WEDNESDAY, run=run), a_session(WEDNESDAY + timedelta(days=1), run=run)
    for_the_day(today, leader, is_here=False)
    assert "The rota has 1." in staffing(today, y3=20).problems[0]
    for_the_day(today, cover, is_here=True, is_leader=True)
    found = staffing(today, y3=20)
    assert found.problems == ()
    assert [one.name for one in found.away] == [leader.name]
    assert [(one.name, one.is_for_the_day) for one in found.people] == [(helper.name, False), ("Kit", True)]
    assert found.leader == "Kit"
    assert [one.name for one in staffing(tomorrow, y3=20).people] == [leader.name, helper.name]


def test_a_standing_line_holds_on_its_weekdays_and_between_its_days() -> None:
    run = a_run()
    on_rota(run.id, a_staff_record("Mondays"), weekdays=[0])
    on_rota(run.id, a_staff_record("Until"), to_on=date(2026, 11, 24))
    on_rota(run.id, a_staff_record("From"), from_on=date(2026, 11, 25))
    days = [a_session(date(2026, 11, 23) + timedelta(days=n), run=run) for n in range(3)]
    found = staffing_of([one.id for one in days])
    assert [[person.name for person in found[one.id].people] for one in days] == [
        ["Mondays", "Until"],
        ["Until"],
        ["From"],
    ]


def test_one_adult_in_two_rooms_at_once_is_a_problem_of_both() -> None:
    chess, art, later = a_session(), a_session(), a_session(starts_at=time(16, 30), ends_at=time(18, 0))
    sam = a_staff_record("Sam")
    for session in (chess, art, later):
        a_staffed_run(session.run)
        on_rota(session.run_id, sam)
    assert staffing(chess).problems == (f"Sam is on the rota of {art.run.activity.name} at the same time.",)
    assert staffing(art).problems == (f"Sam is on the rota of {chess.run.activity.name} at the same time.",)
    assert staffing(later).problems == ()


def test_sessions_that_share_a_room_and_an_adult_are_looked_at_together() -> None:
    hall = a_room()
    early = a_session(room_id=hall.id, starts_at=time(7, 30), ends_at=time(8, 45))
    free = a_session(room_id=hall.id, starts_at=time(8, 15), ends_at=time(8, 45))
    staff = a_staffed_run(early.run)
    on_rota(free.run_id, *staff)
    both = {early.id: {"3": 40}, free.id: {"3": 30}}
    found = staffing_of([early.id, free.id], both)
    assert found[early.id].problems == (
        f"70 children (with {free.run.activity.name} in the same room) need 3 adults who count. The rota has 2.",
    )
    assert staffing_of([early.id], {early.id: {"3": 40}})[early.id].problems == ()


def test_an_outside_firm_vouches_for_its_people_while_its_papers_are_in_date() -> None:
    firm = a_seller(name="Striders", is_school=False)
    session = a_session(activity_id=an_activity(seller_id=firm.id).id)
    a_staffed_run(session.run, 1)
    on_rota(session.run_id, a_staff_record("Coach Liam", seller_id=firm.id, dbs_checked_on=None))
    papers_in_date(firm, WEDNESDAY - timedelta(days=1))
    assert staffing(session, y3=20).problems == (
        "20 children need 2 adults who count. The rota has 1.",
        "Coach Liam has no DBS check on record.",
        "Papers of Striders not in date: DBS assurance, insurance, safeguarding policy, "
        "first-aid certificate, agreement with the school.",
    )
    papers_in_date(firm)
    assert staffing(session, y3=20).problems == ()


def test_a_called_off_session_needs_nobody() -> None:
    session = a_session()
    change(session, status="called_off")
    found = staffing(session, y3=20)
    assert (found.required, found.problems) == (0, ())


def test_a_week_of_sessions_takes_as_many_queries_as_one() -> None:
    sessions = []
    for _ in range(6):
        run = a_run()
        a_staffed_run(run)
        sessions += [a_session(WEDNESDAY + timedelta(days=n), run=run) for n in (0, 1, 2)]
    one, many = _queries([sessions[0].id]), _queries([session.id for session in sessions])
    assert one == many <= 14


def _queries(session_ids: list[int]) -> int:
    """How many statements a question takes."""
    db.session.expire_all()
    db.session.rollback()
    seen: list[object] = []

    def note(*arguments: object) -> None:
        seen.append(arguments[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        staffing_of(session_ids)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)
