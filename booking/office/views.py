"""The office's front door: what is worrying today, and every address of the office on one page."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from booking.core import clock
from booking.office import (
    activity_views,
    calendar_views,
    care_views,
    change_views,
    desk_views,
    early_views,
    erasure_views,
    export_views,
    family_views,
    import_run_views,
    import_views,
    joint_views,
    merge_views,
    private_views,
    pupil_views,
    request_views,
    restriction_views,
    roll_over_views,
    round_views,
    rules_views,
    run_views,
    tablet_views,
    tie_views,
    user_views,
)
from booking.office.worries import failed_messages, worries
from booking.web.audience import for_roles

blueprint = Blueprint("office", __name__, url_prefix="/office")


@for_roles("manager")
def home() -> ResponseReturnValue:
    """Today's worries first, then the ways to everything else."""
    return render_template("office/home.html", worries=worries(clock.now()), today=clock.today())


@for_roles("manager")
def failed_letters() -> ResponseReturnValue:
    """Letters that could not be sent, with the reason."""
    return render_template("office/failed_letters.html", messages=failed_messages())


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/", home, SHOW),
    ("/failed-letters", failed_letters, SHOW),
    ("/terms", calendar_views.terms, SHOW),
    ("/terms/add", calendar_views.add_period, FORM),
    ("/terms/<int:period_id>", calendar_views.period, FORM),
    ("/terms/<int:period_id>/remove", calendar_views.remove_period, PRESS),
    ("/days/add", calendar_views.add_day, FORM),
    ("/days/<int:day_id>", calendar_views.day, FORM),
    ("/days/<int:day_id>/remove", calendar_views.remove_day, PRESS),
    ("/activities", activity_views.activities, SHOW),
    ("/activities/add", activity_views.add_activity, FORM),
    ("/activities/<int:activity_id>", activity_views.activity, FORM),
    ("/activities/<int:activity_id>/vat", activity_views.vat, FORM),
    ("/sellers", activity_views.sellers, SHOW),
    ("/sellers/add", activity_views.add_seller, FORM),
    ("/sellers/<int:seller_id>", activity_views.seller, FORM),
    ("/rooms", activity_views.rooms, SHOW),
    ("/rooms/add", activity_views.add_room, FORM),
    ("/rooms/<int:room_id>", activity_views.room, FORM),
    ("/runs", run_views.runs, SHOW),
    ("/runs/add", run_views.add_run, FORM),
    ("/runs/copy", run_views.copy_term, FORM),
    ("/runs/<int:run_id>", run_views.run, FORM),
    ("/runs/<int:run_id>/open", run_views.open_for_booking, PRESS),
    ("/runs/<int:run_id>/close", run_views.close_for_booking, PRESS),
    ("/runs/<int:run_id>/sessions", run_views.make_sessions_afresh, PRESS),
    ("/sessions/<int:session_id>", change_views.session, SHOW),
    ("/sessions/<int:session_id>/call-off", change_views.call_session_off, FORM),
    ("/sessions/<int:session_id>/places", change_views.session_places, FORM),
    ("/sessions/<int:session_id>/hours", change_views.session_hours, FORM),
    ("/close-day", change_views.close_day, SHOW),
    ("/close-day", change_views.close_day_now, PRESS),
    ("/changes", change_views.changes, SHOW),
    ("/changes/<int:change_id>", change_views.change, SHOW),
    ("/changes/notices/<int:notice_id>", change_views.answer_for_family, PRESS),
    ("/pupils", pupil_views.pupils, SHOW),
    ("/pupils/<int:pupil_id>", pupil_views.pupil, FORM),
    ("/restrictions", restriction_views.restrictions, SHOW),
    ("/restrictions/<int:restriction_id>", restriction_views.restriction, FORM),
    ("/restrictions/<int:restriction_id>/confirm", restriction_views.confirm_restricting, PRESS),
    ("/pupils/<int:pupil_id>/restrict", restriction_views.restrict, FORM),
    ("/ties/<int:tie_id>", tie_views.tie, FORM),
    ("/ties/<int:tie_id>/end", tie_views.end_of_tie, FORM),
    ("/pupils/<int:pupil_id>/account", tie_views.account_by_hand, FORM),
    ("/users/<int:user_id>/merge", merge_views.merge, SHOW),
    ("/users/<int:user_id>/merge/<int:gone_id>", merge_views.merge_now, PRESS),
    ("/erasures", erasure_views.erasures, SHOW),
    ("/erasures/<int:request_id>/confirm", erasure_views.confirm_erasing, PRESS),
    ("/pupils/<int:pupil_id>/erase", erasure_views.erase_child, FORM),
    ("/users/<int:user_id>/erase", erasure_views.erase_adult, FORM),
    ("/pupils/<int:pupil_id>/hold", erasure_views.hold_child, FORM),
    ("/care", care_views.care_disputes, SHOW),
    ("/pupils/<int:pupil_id>/care", care_views.told_care, FORM),
    ("/pupils/<int:pupil_id>/care/settle", care_views.settle_care, FORM),
    ("/pupils/<int:pupil_id>/seen", private_views.who_saw, SHOW),
    ("/pupils/<int:pupil_id>/objection", private_views.objection, FORM),
    ("/pupils/<int:pupil_id>/back", pupil_views.back_on_roll, PRESS),
    ("/import", import_views.imports, FORM),
    ("/import/<token>", import_views.import_preview, FORM),
    ("/import/<token>/columns", import_views.import_columns, FORM),
    ("/import/<token>/forget", import_views.forget_import, PRESS),
    ("/imports", import_run_views.past_imports, SHOW),
    ("/imports/<int:run_id>", import_run_views.import_run, FORM),
    ("/imports/<int:run_id>/undo", import_run_views.undo_import, PRESS),
    ("/roll-over", roll_over_views.roll_over, FORM),
    ("/families", family_views.families, SHOW),
    ("/families/joining", family_views.joining, SHOW),
    ("/families/joining/everybody", family_views.invite_all, PRESS),
    ("/families/joining/<int:contact_id>", family_views.invite_one, PRESS),
    ("/families/<int:account_id>", family_views.family, FORM),
    ("/places.csv", export_views.places_csv, SHOW),
    ("/requests", request_views.family_requests, SHOW),
    ("/requests/<int:request_id>", request_views.family_request, FORM),
    ("/requests/newcomers/<int:newcomer_id>", request_views.newcomer_request, FORM),
    ("/rounds", round_views.preference_rounds, SHOW),
    ("/rounds/add", round_views.add_round, FORM),
    ("/rounds/<int:round_id>", round_views.preference_round, SHOW),
    ("/rounds/<int:round_id>/publish", round_views.publish_round, PRESS),
    ("/rounds/<int:round_id>/replay", round_views.replay_round, SHOW),
    ("/early", early_views.early_windows, SHOW),
    ("/early/add", early_views.add_early_window, FORM),
    ("/early/<int:window_id>", early_views.early_window, SHOW),
    ("/early/<int:window_id>/send", early_views.send_early_links, PRESS),
    ("/early/<int:window_id>/take-back", early_views.take_early_window_back, FORM),
    ("/early/<int:window_id>/families/<int:account_id>", early_views.early_link, FORM),
    ("/early/<int:window_id>/families/<int:account_id>/open", early_views.open_early_link, PRESS),
    ("/families/<int:account_id>/rounds/<int:round_id>", desk_views.desk_rank, SHOW),
    ("/families/<int:account_id>/rounds/<int:round_id>", desk_views.desk_keep_ranks, PRESS),
    ("/booking-rules", rules_views.booking_rules, FORM),
    ("/families/<int:account_id>/book", desk_views.desk_book, SHOW),
    ("/families/<int:account_id>/book", desk_views.desk_choose, PRESS),
    ("/families/<int:account_id>/book/month", desk_views.desk_month, SHOW),
    ("/families/<int:account_id>/book/pattern", desk_views.desk_keep_pattern, PRESS),
    ("/families/<int:account_id>/basket", desk_views.desk_basket, SHOW),
    ("/families/<int:account_id>/basket", desk_views.desk_change_basket, PRESS),
    ("/families/<int:account_id>/basket/book", desk_views.desk_pay, PRESS),
    ("/families/<int:account_id>/change", desk_views.desk_change, SHOW),
    ("/families/<int:account_id>/change", desk_views.desk_change_bookings, PRESS),
    ("/families/<int:account_id>/waiting", desk_views.desk_wait, PRESS),
    ("/families/<int:account_id>/share", joint_views.share_account, FORM),
    ("/families/<int:account_id>/part/<int:user_id>", joint_views.part_account, PRESS),
    ("/users", user_views.users, SHOW),
    ("/users/invite", user_views.invite_somebody, FORM),
    ("/users/<int:user_id>", user_views.user, FORM),
    ("/users/<int:user_id>/forget-keys", user_views.forget_keys, PRESS),
    ("/tablets", tablet_views.tablets, FORM),
    ("/tablets/<int:device_id>/end", tablet_views.end_tablet, PRESS),
    ("/day-passes", tablet_views.day_passes, FORM),
    ("/day-passes/<int:pass_id>/end", tablet_views.end_day_pass, PRESS),
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
