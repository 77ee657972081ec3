"""Pages of the import: choose a file, say which column is which, look at what would change, say yes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.access_log import CONTACTS, GROUPS
from booking.core.db import unit_of_work
from booking.core.words import counted
from booking.office import kept_files
from booking.office.forms import PressForm
from booking.office.import_forms import AnswersForm, ImportForm, answers_form, name_of, pupil_columns
from booking.office.import_jobs import AT_ONCE, ask_import
from booking.office.kept_files import KeptFile
from booking.people.import_file import Choices, PlanChanged, import_content, kind_of, preview
from booking.people.import_headings import field_of
from booking.people.import_plan import ImportPlan
from booking.people.import_problems import ColumnsUnknown, ImportProblem, ImportRefused
from booking.people.import_report import Unanswered
from booking.people.import_table import guess_headings
from booking.people.premium_reading import is_premium
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.seen import note_seen

LARGEST = 20 * 1024 * 1024
MOST_SHOWN = 500


def _folder() -> Path:
    return Path(current_app.instance_path) / "imports"


@for_roles("manager")
def imports() -> ResponseReturnValue:
    """Choose a file; it is read, and only a file without a problem goes on to the preview."""
    form = ImportForm()
    if not form.validate_on_submit():
        return _upload_page(form, [], 422 if form.is_submitted() else 200)
    upload = form.file.data
    content = upload.read(LARGEST + 1) if upload else b""
    name = (upload.filename if upload else "") or ""
    if not name:
        form.file.errors = ["Choose a file first."]
        return _upload_page(form, [], 422)
    if len(content) > LARGEST:
        form.file.errors = ["This file is too big. Export only the pupils, as CSV or a transfer file."]
        return _upload_page(form, [], 422)
    at, goes_on = clock.now(), "office.import_preview"
    choices = Choices(is_expected=form.is_for.data == "expected")
    try:
        preview(content, name, at=at, choices=choices)
    except ColumnsUnknown as unknown:
        if not _headings(content, name):
            return _upload_page(form, unknown.problems, 422)
        goes_on = "office.import_columns"
    except ImportRefused as refused:
        return _upload_page(form, refused.problems, 422)
    user_id = current_user.id
    token = kept_files.keep(_folder(), content, name, user_id=user_id, at=at, choices=choices.as_json())
    return redirect(url_for(goes_on, token=token))


def _headings(content: bytes, name: str) -> tuple[str, ...]:
    """What a person may choose from; nothing when the file is no table."""
    try:
        return guess_headings(content, name, knows=lambda text: field_of(text) is not None)
    except ImportRefused:
        return ()


def _upload_page(form: ImportForm, problems: list[ImportProblem], status: int) -> ResponseReturnValue:
    page = render_template(
        "office/import.html",
        form=form,
        problem=None,
        problems=problems[:200],
        more=max(0, len(problems) - 200),
        has_errors=status == 422,
    )
    return page, status


def _kept(token: str) -> tuple[KeptFile, Choices]:
    """The signed-in person's own upload, with what was chosen beside it; raises `NotFound`."""
    kept = kept_files.find(_folder(), token, user_id=current_user.id)
    return kept, Choices.from_json(kept.choices)


@for_roles("manager")
def import_columns(token: str) -> ResponseReturnValue:
    """Say which column of a CSV file holds what; then the preview."""
    kept, choices = _kept(token)
    is_roll = kind_of(kept.content, choices) == "csv" and not is_premium(kept.content)
    headings = _headings(kept.content, kept.name) if is_roll else ()
    if not headings:
        return redirect(url_for("office.import_preview", token=token))
    known = {found: heading for heading in reversed(headings) if (found := field_of(heading))}
    form = pupil_columns(headings, {**known, **choices.mapping})
    if form.validate_on_submit():
        chosen = replace(choices, mapping=form.mapping())
        kept_files.choose(_folder(), token, chosen.as_json(), user_id=current_user.id)
        return redirect(url_for("office.import_preview", token=token))
    is_wrong = form.is_submitted()
    page = render_template(
        "office/import_columns.html",
        form=form,
        problem=None,
        file=kept.name,
        token=token,
        press=PressForm(),
        has_errors=is_wrong,
    )
    return page, 422 if is_wrong else 200


@for_roles("manager")
def import_preview(token: str) -> ResponseReturnValue:
    """What would change, pupil by pupil, and who is meant; the yes applies exactly that, or shows it afresh."""
    kept, choices = _kept(token)
    at, problem = clock.now(), None
    try:
        plan = preview(kept.content, kept.name, at=at, choices=choices)
        form = answers_form(plan)
        if form.validate_on_submit():
            said = replace(choices, answers=form.answers(plan))
            try:
                return _import(kept, said, plan, token, form.seen.data)
            except PlanChanged as changed:
                problem = str(changed)
                plan = preview(kept.content, kept.name, at=at, choices=choices)
                form = answers_form(plan)
            except Unanswered:
                form.complain(preview(kept.content, kept.name, at=at, choices=said))
    except ImportRefused as refused:
        return _upload_page(ImportForm(formdata=None), refused.problems, 422)
    return _preview_page(plan, form, token, problem)


def _import(kept: KeptFile, said: Choices, plan: ImportPlan, token: str, seen: str) -> ResponseReturnValue:
    """Import a small file now, and let the worker import a large one; either way its own page follows."""
    at, user_id = clock.now(), current_user.id
    if plan.rows > AT_ONCE:
        if preview(kept.content, kept.name, at=at, choices=said).open_questions:
            raise Unanswered(plan)
        with unit_of_work():
            run = ask_import(
                kept, said, folder=_folder(), token=token, seen_digest=seen, at=at, user_id=user_id
            )
        return redirect(url_for("office.import_run", run_id=run.id))
    done = import_content(kept.content, kept.name, at=at, user_id=user_id, seen_digest=seen, choices=said)
    kept_files.forget(_folder(), token, user_id=user_id)
    flash(
        f"{counted(len(done.added), 'pupil')} added and {len(done.changed)} changed. {done.same} stayed the same."
    )
    if done.run_id is None:
        return redirect(url_for("office.pupils"))
    return redirect(url_for("office.import_run", run_id=done.run_id))


def _preview_page(
    plan: ImportPlan, form: AnswersForm, token: str, problem: str | None
) -> ResponseReturnValue:
    """The preview, less the children of whom this person may see nothing; what is shown is logged."""
    closed = closed_pupils(current_user.id, clock.today())
    changed = [one for one in plan.changed if one.pupil_id not in closed]
    note_seen(
        {one.pupil_id for one in changed[:MOST_SHOWN]} | ({one.pupil_id for one in plan.questions} - closed),
        [CONTACTS, *([GROUPS] if current_user.sees_groups else [])],
        reason="import",
    )
    page = render_template(
        "office/import_preview.html",
        plan=plan,
        changed=changed,
        most=MOST_SHOWN,
        closed=closed,
        asked=[(question, form[name_of(question.key)]) for question in plan.questions],
        form=form,
        token=token,
        problem=problem,
        has_errors=form.is_submitted(),
    )
    return page, 422 if form.is_submitted() else 200


@for_roles("manager")
def forget_import(token: str) -> ResponseReturnValue:
    """Throw the uploaded file away; nothing was changed."""
    kept_files.forget(_folder(), token, user_id=current_user.id)
    flash("The file is thrown away. Nothing was changed.")
    return redirect(url_for("office.imports"))
