"""Pages of staff records and their certificates."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.words import plain_day
from booking.office.rotas import keep_record, people_to_tie, places_follow, runs_of_staff
from booking.office.staff_forms import CertificateForm, StaffForm
from booking.provision.documents import papers_of
from booking.provision.duties import is_first_aider, why_not_counted
from booking.provision.models import Seller
from booking.provision.rota import rotas_of
from booking.provision.staff import (
    CERTIFICATE_WORDS,
    LEVEL_WORDS,
    RATIO_ROLE_WORDS,
    StaffDetails,
    all_staff,
    forget_certificate,
    running_out,
    see_certificate,
)
from booking.provision.staff_models import StaffCertificate, StaffRecord
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press


@for_roles("manager")
def staff() -> ResponseReturnValue:
    """Everybody who looks after children, what they hold, and whose certificate runs out."""
    today, with_former = clock.today(), request.args.get("all") == "1"
    people, papers = all_staff(today, with_former=with_former), papers_of()
    sellers = {seller.id: seller for seller in db.session.scalars(select(Seller))}
    rows = [
        (
            one,
            sellers.get(one.seller_id) if one.seller_id else None,
            why_not_counted(
                one,
                today,
                is_vetted_by_firm=one.seller_id is not None
                and papers.has(one.seller_id, "dbs_assurance", today),
            ),
            is_first_aider(one, today),
        )
        for one in people
    ]
    return render_template(
        "office/staff.html",
        rows=rows,
        ending=running_out(today),
        today=today,
        with_former=with_former,
        roles=RATIO_ROLE_WORDS,
        levels=LEVEL_WORDS,
        certificates=CERTIFICATE_WORDS,
    )


def _found(staff_id: int) -> StaffRecord:
    found = db.session.get(StaffRecord, staff_id)
    if found is None:
        raise NotFound
    return found


def _form(record: StaffRecord | None) -> StaffForm:
    form = (
        StaffForm(obj=record)
        if record
        else StaffForm(data={"starts_on": clock.today(), "counts_in_ratio": True})
    )
    if record is not None and not form.is_submitted():
        form.user_id.data, form.seller_id.data = record.user_id or 0, record.seller_id or 0
    sellers = db.session.scalars(select(Seller).where(~Seller.is_school).order_by(Seller.name))
    users = [(user.id, f"{user.name} ({user.email})") for user in people_to_tie(record)]
    return form.with_choices(users, [(one.id, one.name) for one in sellers])


def _save(form: StaffForm, staff_id: int | None) -> str:
    details = StaffDetails(
        name=form.name.data,
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        ratio_role=form.ratio_role.data,
        counts_in_ratio=form.counts_in_ratio.data,
        level=form.level.data,
        dbs_checked_on=form.dbs_checked_on.data,
        user_id=form.user_id.data or None,
        seller_id=form.seller_id.data or None,
    )
    record = keep_record(staff_id, details, at=clock.now(), user_id=current_user.id)
    return f"{record.name} is saved."


@for_roles("manager")
def add_staff() -> ResponseReturnValue:
    """Enter somebody who looks after children."""
    form = _form(None)
    return answer_form(
        form,
        lambda: _save(form, None),
        template="office/staff_record.html",
        done=url_for("staffing.staff"),
        record=None,
    )


@for_roles("manager")
def staff_record(staff_id: int) -> ResponseReturnValue:
    """One person's record, certificates and rotas."""
    record = _found(staff_id)
    form = _form(record)
    return answer_form(
        form,
        lambda: _save(form, staff_id),
        template="office/staff_record.html",
        done=url_for("staffing.staff_record", staff_id=staff_id),
        record=record,
        certificate_words=CERTIFICATE_WORDS,
        today=clock.today(),
        rotas=rotas_of(staff_id, clock.today()),
    )


@for_roles("manager")
def add_certificate(staff_id: int) -> ResponseReturnValue:
    """Write down a certificate that was seen."""
    record, form = _found(staff_id), CertificateForm()

    def save() -> str:
        at = clock.now()
        with places_follow(runs_of_staff(staff_id), at=at):
            see_certificate(
                staff_id,
                form.kind.data,
                form.expires_on.data,
                today=clock.today(at),
                at=at,
                user_id=current_user.id,
            )
        return f"{CERTIFICATE_WORDS[form.kind.data]}, good until {plain_day(form.expires_on.data)}: saved."

    return answer_form(
        form,
        save,
        template="office/certificate.html",
        done=url_for("staffing.staff_record", staff_id=staff_id),
        record=record,
    )


@for_roles("manager")
def remove_certificate(certificate_id: int) -> ResponseReturnValue:
    """Take away a certificate that was entered by mistake."""
    found = db.session.get(StaffCertificate, certificate_id)
    if found is None:
        raise NotFound
    staff_id = found.staff_id

    def act() -> str:
        at = clock.now()
        with places_follow(runs_of_staff(staff_id), at=at):
            forget_certificate(certificate_id, at=at, user_id=current_user.id)
        return "The certificate is taken away."

    return answer_press(act, done=url_for("staffing.staff_record", staff_id=staff_id))
