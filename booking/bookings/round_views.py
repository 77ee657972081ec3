"""Pages of preference rounds: what is published for everybody, and ranking for whoever sits at the desk."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from booking.bookings.baskets import bookable_pupils
from booking.bookings.desk_views import Desk, parent_desk
from booking.bookings.forms import PressForm
from booking.bookings.matching import draw_number
from booking.bookings.round_models import PreferenceRound
from booking.bookings.round_results import reason_of
from booking.bookings.rounds import CRITERIA, find_round, preference_of, preferences_in, rank, runs_for
from booking.bookings.states import CHANNELS
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.provision.runs import DAY_NAMES
from booking.web.audience import for_anyone, for_roles

MOST_RANKS = 5


@for_anyone
def rounds() -> ResponseReturnValue:
    """Every round with its rules and its commitment."""
    found = db.session.scalars(select(PreferenceRound).order_by(PreferenceRound.closes_at.desc())).all()
    return render_template("bookings/rounds.html", rounds=found, at=clock.now())


@for_anyone
def round_page(round_id: int) -> ResponseReturnValue:
    """What is published of a round: rules, commitment, and once drawn the seed and every random id with its number."""
    one = find_round(round_id)
    numbers = []
    if one.open_seed is not None:
        seed = one.open_seed
        numbers = sorted((draw_number(seed, p.random_id), p.random_id) for p in preferences_in(round_id))
    return render_template(
        "bookings/round.html",
        one=one,
        at=clock.now(),
        numbers=numbers,
        criteria=CRITERIA,
        day_names=DAY_NAMES,
    )


def rank_page(desk: Desk, round_id: int) -> ResponseReturnValue:
    """Rank the clubs of a round for each child, or read what came of it."""
    one, at = find_round(round_id), clock.now()
    today = clock.today(at)
    children = []
    for pupil in bookable_pupils(desk.account.id, today):
        found = preference_of(round_id, pupil.id)
        mine = found if found is not None and found.account_id == desk.account.id else None
        is_theirs = found is not None and mine is None
        children.append(
            (pupil, runs_for(one, pupil, today), mine, is_theirs, reason_of(mine) if mine else "")
        )
    names = {link.run_id: link.run.activity.name for link in one.runs}
    return render_template(
        "bookings/rank.html",
        desk=desk,
        channels=CHANNELS,
        one=one,
        state=one.state(at),
        children=children,
        names=names,
        day_names=DAY_NAMES,
        most_ranks=MOST_RANKS,
    )


def keep_ranks(desk: Desk, round_id: int) -> ResponseReturnValue:
    """Keep the ranking of each child that the page showed."""
    if PressForm().validate_on_submit():
        at = clock.now()
        with unit_of_work():
            for pupil_id in request.form.getlist("child", type=int):
                ranks = [
                    request.form.get(f"rank-{pupil_id}-{n}", 0, type=int) for n in range(1, MOST_RANKS + 1)
                ]
                rank(
                    round_id,
                    pupil_id,
                    [run_id for run_id in ranks if run_id],
                    account_id=desk.account.id,
                    at=at,
                    user_id=desk.user_id,
                )
        flash("Your choices are kept. You can change them until the round closes.")
    return redirect(desk.url("rank", round_id=round_id), 303)


@for_roles("parent")
def choose_clubs(round_id: int) -> ResponseReturnValue:
    """A parent's page of a round."""
    return rank_page(parent_desk(), round_id)


@for_roles("parent")
def keep_choices(round_id: int) -> ResponseReturnValue:
    """Keep what a parent ranked."""
    return keep_ranks(parent_desk(), round_id)


ADDRESSES = (
    ("/rounds", rounds, ("GET",)),
    ("/rounds/<int:round_id>", round_page, ("GET",)),
    ("/rounds/<int:round_id>/choose", choose_clubs, ("GET",)),
    ("/rounds/<int:round_id>/choose", keep_choices, ("POST",)),
)
