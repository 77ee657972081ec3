"""Pages of one's own keys: passkeys, the code app and recovery codes; also on the way in, for whoever needs the first."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.people import code_apps, passkeys, recovery
from booking.people.models import School
from booking.people.second_step import refuse_last
from booking.people.sign_in import hashed
from booking.people.sign_in_browser import half_signed_in
from booking.people.sign_in_forms import ButtonForm, CodeAppForm, NameForm, NewPasskeyForm
from booking.people.sign_in_ways import begin, for_setting_up, this_site, who_sets_up
from booking.web.audience import for_anyone
from booking.web.form_pages import answer_press

PASSKEY = "new_passkey"


@for_anyone
def set_up() -> ResponseReturnValue:
    """The page on which staff land until they have a passkey or a code app."""
    row = half_signed_in()
    if row is None or row.stage != "set_up":
        return redirect(url_for("people.sign_in"))
    return render_template("people/set_up.html", form=NewPasskeyForm(formdata=None), name=row.user.name)


def _go_on(words: str) -> ResponseReturnValue:
    """After a new key: into the site for whoever was waiting for it, and to paper codes for those without."""
    row = half_signed_in()
    if row is not None:
        user, how = row.user, "passkey" if passkeys.has_passkey(row.user_id) else "code"
        begin(user, how=how, stage="whole", is_strong=True)
        flash(words + " Now make codes on paper, for the day when you lose it.")
        return redirect(url_for("people.recovery_codes"))
    flash(words)
    return redirect(url_for("people.your_sign_in"))


@for_setting_up
def new_passkey_options() -> ResponseReturnValue:
    """What the browser needs to make a passkey."""
    with unit_of_work():
        session[PASSKEY], options = passkeys.ask("add", user=who_sets_up(), site=this_site(), at=clock.now())
    return Response(options, mimetype="application/json")


@for_setting_up
def add_passkey() -> ResponseReturnValue:
    """Keep the passkey that the browser made."""
    form, at = NewPasskeyForm(), clock.now()
    way_back = "people.set_up" if half_signed_in() is not None else "people.your_sign_in"
    try:
        if not form.validate_on_submit():
            raise passkeys.PasskeyRefused
        with unit_of_work():
            asked = passkeys.take_challenge(session.pop(PASSKEY, None), "add", at=at)
        made = passkeys.read_new(form.answer.data, asked, site=this_site())
        with unit_of_work():
            user = who_sets_up()
            if asked.user_id != user.id:
                raise passkeys.PasskeyRefused
            passkeys.keep_new(made, user, name=form.name.data or "Passkey", at=at)
    except BookingError as error:
        flash(str(error))
        return redirect(url_for(way_back))
    return _go_on("Your passkey is ready.")


@for_setting_up
def rename_passkey(passkey_id: int) -> ResponseReturnValue:
    """Give a passkey another name."""
    form = NameForm()
    if not form.validate_on_submit():
        flash("A name has 1 to 60 characters. Nothing was changed.")
        return redirect(url_for("people.your_sign_in"))
    return answer_press(
        lambda: passkeys.rename(passkey_id, form.name.data, user=who_sets_up()),
        done=url_for("people.your_sign_in"),
    )


@for_setting_up
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Take a passkey away."""

    def take_away() -> str:
        user = who_sets_up()
        refuse_last(user, without_passkey=passkey_id)
        return f"“{passkeys.remove(passkey_id, user=user, at=clock.now())}” is removed."

    return answer_press(take_away, done=url_for("people.your_sign_in"))


@for_setting_up
def begin_code_app() -> ResponseReturnValue:
    """Make a fresh secret for a code app; it counts once a code of it was typed."""
    return answer_press(
        lambda: code_apps.begin(who_sets_up(), at=clock.now()), done=url_for("people.code_app")
    )


@for_setting_up
def code_app() -> ResponseReturnValue:
    """The square to scan (and the same as letters), and the first code."""
    user, form, problem = who_sets_up(), CodeAppForm(), None
    found = code_apps.app_of(user.id)
    if found is None or not found.next_secret:
        return redirect(url_for("people.your_sign_in" if current_user.is_authenticated else "people.set_up"))
    secret = found.next_secret
    if form.validate_on_submit():
        try:
            with unit_of_work():
                code_apps.confirm(who_sets_up(), form.code.data.replace(" ", ""), at=clock.now())
        except code_apps.WrongCode as error:
            problem = str(error)
        else:
            return _go_on("Your code app is ready.")
    school = db.session.scalar(select(School.name)) or ""
    side, path = code_apps.square(code_apps.address_of(user, secret, school=school))
    page = render_template(
        "people/code_app.html",
        form=form,
        problem=problem,
        side=side,
        path=path,
        secret=" ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
    )
    return page, 422 if form.is_submitted() else 200


@for_setting_up
def remove_code_app() -> ResponseReturnValue:
    """Take the code app away."""

    def take_away() -> str:
        user = who_sets_up()
        refuse_last(user, without_app=True)
        code_apps.remove(user, at=clock.now(), by=user.id)
        return "The code app is removed."

    return answer_press(take_away, done=url_for("people.your_sign_in"))


@for_setting_up
def recovery_codes() -> ResponseReturnValue:
    """Ten codes for paper, shown this once; those made before end."""
    form, codes = ButtonForm(), []
    if form.validate_on_submit():
        codes = recovery.fresh_codes()
        hashes = [(recovery.plain(code)[:4], hashed(recovery.plain(code))) for code in codes]
        with unit_of_work():
            recovery.keep_codes(who_sets_up(), hashes, at=clock.now())
    left = recovery.codes_left(who_sets_up().id)
    return render_template("people/recovery_codes.html", form=form, codes=codes, left=left)
