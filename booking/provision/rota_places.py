"""How many places the standing rota lets a run sell on each day, where the school's rule says that it limits them.

Who stays away for a day takes no place from anybody: that is a problem that people are told, and settle.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from booking.core.db import db
from booking.provision.documents import papers_of
from booking.provision.duties import why_not_counted
from booking.provision.models import Activity, Run
from booking.provision.rota import stands_on
from booking.provision.staff_models import RotaLine, StaffRecord
from booking.provision.staffing_rules import Rules, all_rules


def places_by_rota(run: Run, days: Iterable[date], rules: Rules | None = None) -> dict[date, int]:
    """The most places of a run on each of these days by the rota's ratio; a day that it does not limit is left out.

    The free breakfast is owed to every pupil, so that no rota limits it.
    """
    activity = db.session.get_one(Activity, run.activity_id)
    rules = rules or all_rules()
    limited = [day for day in days if rules.on(day).limits_places]
    if activity.is_free_slot or not limited:
        return {}
    lines = db.session.scalars(
        select(RotaLine)
        .options(joinedload(RotaLine.staff).options(selectinload(StaffRecord.certificates)))
        .where(RotaLine.run_id == run.id)
    ).all()
    papers = papers_of({line.staff.seller_id for line in lines if line.staff.seller_id})
    found = {}
    for day in limited:
        people = {line.staff_id: line.staff for line in lines if stands_on(line, day)}
        counting = [
            one
            for one in people.values()
            if not why_not_counted(
                one,
                day,
                is_vetted_by_firm=one.seller_id is not None
                and papers.has(one.seller_id, "dbs_assurance", day),
            )
        ]
        found[day] = rules.on(day).children_for(len(counting), run.year_groups)
    return found
