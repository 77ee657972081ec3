"""Pages of the staffing rule and outside firms' papers, and every address of staff, rotas and papers."""

from __future__ import annotations

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.words import plain_day
from booking.office import rota_views, staff_record_views
from booking.office.forms import YEAR_WORDS
from booking.office.rotas import places_follow, runs_of_seller, runs_to_come
from booking.office.staff_forms import DocumentForm, rule_form
from booking.provision.documents import (
    DOCUMENT_WORDS,
    DocumentDetails,
    documents_of,
    keep_document,
    papers_of,
    take_document_back,
)
from booking.provision.models import Seller
from booking.provision.staff_models import SellerDocument
from booking.provision.staffing_rules import Rule, add_rule, all_rules, published
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press

blueprint = Blueprint("staffing", __name__, url_prefix="/office")


@for_roles("manager")
def staffing_rule() -> ResponseReturnValue:
    """The rule in force, those before and after it, and the form for a new one."""
    today, rules = clock.today(), all_rules()
    now = rules.on(today)
    usual = {f"ratio_{year}": count for year, count in now.per_adult.items()}
    form = rule_form()(
        data={
            "least_adults": now.least_adults,
            "least_first_aiders": now.least_first_aiders,
            "first_aider_each_session": now.first_aider_each_session,
            "limits_places": now.limits_places,
            **usual,
        }
    )

    def save() -> str:
        at = clock.now()
        rule = Rule(
            {year: form[f"ratio_{year}"].data for year in published()},
            form.least_adults.data,
            form.least_first_aiders.data,
            form.first_aider_each_session.data,
            form.limits_places.data,
            decided_by=form.decided_by.data,
        )
        with places_follow(runs_to_come(clock.today(at)), at=at) as changed:
            add_rule(form.from_on.data, rule, at=at, user_id=current_user.id)
        told = f" {len(changed)} sessions have other places now." if changed else ""
        return f"The rule holds from {plain_day(form.from_on.data)}.{told}"

    return answer_form(
        form,
        save,
        template="office/staffing_rule.html",
        done=url_for("staffing.staffing_rule"),
        now=now,
        rules=rules.newest_first,
        published=published(),
        years=YEAR_WORDS,
        today=today,
    )


@for_roles("manager")
def seller_documents(seller_id: int) -> ResponseReturnValue:
    """The papers of an outside firm; the form writes down one more."""
    seller, today = db.session.get(Seller, seller_id), clock.today()
    if seller is None or seller.is_school:
        raise NotFound
    form, papers = DocumentForm(data={"from_on": today}), papers_of([seller_id])

    def save() -> str:
        at = clock.now()
        details = DocumentDetails(
            form.kind.data, form.from_on.data, form.good_until.data, form.reference.data or ""
        )
        with places_follow(runs_of_seller(seller_id, today), at=at):
            keep_document(seller_id, details, today=today, at=at, user_id=current_user.id)
        return f"{DOCUMENT_WORDS[form.kind.data]} of {seller.name}, good until {plain_day(form.good_until.data)}: saved."

    return answer_form(
        form,
        save,
        template="office/seller_documents.html",
        done=url_for("staffing.seller_documents", seller_id=seller_id),
        seller=seller,
        states=[
            (kind, words, papers.good_until(seller_id, kind, today)) for kind, words in DOCUMENT_WORDS.items()
        ],
        documents=documents_of(seller_id),
        words=DOCUMENT_WORDS,
        today=today,
    )


@for_roles("manager")
def take_paper_back(document_id: int) -> ResponseReturnValue:
    """Take back a paper that was entered by mistake."""
    found = db.session.get(SellerDocument, document_id)
    if found is None:
        raise NotFound
    seller_id = found.seller_id

    def act() -> str:
        at = clock.now()
        with places_follow(runs_of_seller(seller_id, clock.today(at)), at=at):
            take_document_back(document_id, at=at, user_id=current_user.id)
        return "That line is taken back."

    return answer_press(act, done=url_for("staffing.seller_documents", seller_id=seller_id))


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/staff", staff_record_views.staff, SHOW),
    ("/staff/add", staff_record_views.add_staff, FORM),
    ("/staff/<int:staff_id>", staff_record_views.staff_record, FORM),
    ("/staff/<int:staff_id>/certificates", staff_record_views.add_certificate, FORM),
    ("/staff/certificates/<int:certificate_id>/remove", staff_record_views.remove_certificate, PRESS),
    ("/rota", rota_views.rota_week, SHOW),
    ("/runs/<int:run_id>/rota", rota_views.run_rota, FORM),
    ("/rota/lines/<int:line_id>/end", rota_views.end_rota_line, FORM),
    ("/sessions/<int:session_id>/rota", rota_views.session_rota, FORM),
    ("/sessions/<int:session_id>/rota/<int:staff_id>", rota_views.change_session_rota, PRESS),
    ("/staffing-rule", staffing_rule, FORM),
    ("/sellers/<int:seller_id>/papers", seller_documents, FORM),
    ("/papers/<int:document_id>/take-back", take_paper_back, PRESS),
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
