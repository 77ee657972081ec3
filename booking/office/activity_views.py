"""Pages of what stands term after term: activities, sellers and rooms."""

from __future__ import annotations

from typing import TypeVar

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import Base, db
from booking.core.errors import NotFound
from booking.core.words import full_day
from booking.office.forms import ActivityForm, RoomForm
from booking.office.money_forms import REGISTRATIONS, SellerForm, VatForm
from booking.office.rotas import firms_to_ask
from booking.office.set_up import change_room
from booking.provision.areas import AREAS
from booking.provision.models import Activity, Room, Seller
from booking.provision.setup import (
    ActivityDetails,
    RoomDetails,
    SellerDetails,
    save_activity,
    save_room,
    save_seller,
)
from booking.provision.vat import Treatment, decide_vat, treatments_of
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form

Found = TypeVar("Found", bound=Base)


def _found(model: type[Found], row_id: int) -> Found:
    row = db.session.get(model, row_id)
    if row is None:
        raise NotFound
    return row


@for_roles("manager")
def activities() -> ResponseReturnValue:
    """All activities by name."""
    found = db.session.scalars(select(Activity).order_by(Activity.name)).all()
    return render_template("office/activities.html", activities=found, areas=AREAS)


def _activity_page(activity: Activity | None) -> ResponseReturnValue:
    sellers = db.session.scalars(select(Seller).order_by(Seller.is_school.desc(), Seller.name))
    form = ActivityForm(obj=activity).with_choices([(seller.id, seller.name) for seller in sellers])

    def save() -> str:
        details = ActivityDetails(
            name=form.name.data,
            kind=form.kind.data,
            seller_id=form.seller_id.data,
            area=form.area.data or None,
            description=form.description.data or "",
            is_free_slot=form.is_free_slot.data,
            runs_on_inset=form.runs_on_inset.data,
            runs_on_early_finish=form.runs_on_early_finish.data,
        )
        activity_id = activity.id if activity else None
        saved = save_activity(activity_id, details, at=clock.now(), user_id=current_user.id)
        return f"{saved.name} is saved."

    done = url_for("office.activities")
    return answer_form(form, save, template="office/activity.html", done=done, activity=activity)


@for_roles("manager")
def add_activity() -> ResponseReturnValue:
    """Enter an activity."""
    return _activity_page(None)


@for_roles("manager")
def activity(activity_id: int) -> ResponseReturnValue:
    """Change an activity."""
    return _activity_page(_found(Activity, activity_id))


@for_roles("manager")
def vat(activity_id: int) -> ResponseReturnValue:
    """How VAT looks at an activity, from when, and who decided; decisions are added, never changed."""
    activity, form = _found(Activity, activity_id), VatForm()
    decisions = treatments_of(activity_id)

    def save() -> str:
        decided = Treatment(form.treatment.data, form.rate.data or 0)
        row = decide_vat(
            activity_id,
            form.from_on.data,
            decided,
            decided_by=form.decided_by.data,
            evidence=form.evidence.data,
            at=clock.now(),
            user_id=current_user.id,
        )
        return f"{decided.words} from {full_day(row.from_on)} is written down."

    done = url_for("office.vat", activity_id=activity_id)
    return answer_form(
        form,
        save,
        template="office/vat.html",
        done=done,
        activity=activity,
        decisions=[(row, Treatment(row.treatment, row.rate_basis_points).words) for row in decisions],
    )


@for_roles("manager")
def sellers() -> ResponseReturnValue:
    """All sellers, the school first."""
    found = db.session.scalars(select(Seller).order_by(Seller.is_school.desc(), Seller.name)).all()
    to_ask = {one.id for one in firms_to_ask(clock.today())}
    return render_template("office/sellers.html", sellers=found, registrations=REGISTRATIONS, to_ask=to_ask)


def _seller_page(seller: Seller | None) -> ResponseReturnValue:
    form = SellerForm(obj=seller)

    def save() -> str:
        details = SellerDetails(
            name=form.name.data,
            is_school=form.is_school.data,
            address=form.address.data or "",
            phone=form.phone.data or "",
            email=form.email.data or "",
            registration=form.registration.data or None,
            registration_kind=form.registration_kind.data,
            vat_number=form.vat_number.data or "",
            account_code=form.account_code.data or "",
            fee_basis_points=form.fee_basis_points.data or 0,
        )
        saved = save_seller(seller.id if seller else None, details, at=clock.now(), user_id=current_user.id)
        return f"{saved.name} is saved."

    return answer_form(
        form, save, template="office/seller.html", done=url_for("office.sellers"), seller=seller
    )


@for_roles("manager")
def add_seller() -> ResponseReturnValue:
    """Enter a seller."""
    return _seller_page(None)


@for_roles("manager")
def seller(seller_id: int) -> ResponseReturnValue:
    """Change a seller."""
    return _seller_page(_found(Seller, seller_id))


@for_roles("manager")
def rooms() -> ResponseReturnValue:
    """All rooms by name."""
    found = db.session.scalars(select(Room).order_by(Room.name)).all()
    return render_template("office/rooms.html", rooms=found)


def _room_page(room: Room | None) -> ResponseReturnValue:
    form = RoomForm(obj=room)

    def save() -> str:
        details = RoomDetails(form.name.data, form.capacity.data, form.minutes_away.data)
        at = clock.now()
        if room is None:
            saved = save_room(None, details, at=at, user_id=current_user.id)
        else:
            saved = change_room(room.id, details, at=at, user_id=current_user.id)
        return f"{saved.name} is saved."

    return answer_form(form, save, template="office/room.html", done=url_for("office.rooms"), room=room)


@for_roles("manager")
def add_room() -> ResponseReturnValue:
    """Enter a room."""
    return _room_page(None)


@for_roles("manager")
def room(room_id: int) -> ResponseReturnValue:
    """Change a room; its size is carried to the sessions in it."""
    return _room_page(_found(Room, room_id))
