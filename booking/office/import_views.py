"""Pages of the import: choose a file, look at what would change, say yes."""

from __future__ import annotations

from pathlib import Path

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.words import counted
from booking.office import kept_files
from booking.office.forms import ApplyForm, ImportForm, PressForm
from booking.people.import_file import PlanChanged, import_content, preview
from booking.people.import_plan import ImportPlan
from booking.people.import_problems import ImportProblem, ImportRefused
from booking.web.audience import for_roles

LARGEST = 20 * 1024 * 1024


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
    at = clock.now()
    try:
        preview(content, name, at=at)
    except ImportRefused as refused:
        return _upload_page(form, refused.problems, 422)
    token = kept_files.keep(_folder(), content, name, user_id=current_user.id, at=at)
    return redirect(url_for("office.import_preview", token=token))


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


@for_roles("manager")
def import_preview(token: str) -> ResponseReturnValue:
    """What would change, pupil by pupil; the yes applies exactly that, or shows it afresh."""
    kept = kept_files.find(_folder(), token, user_id=current_user.id)
    form, at, problem = ApplyForm(), clock.now(), None
    try:
        if form.validate_on_submit():
            plan = import_content(
                kept.content, kept.name, at=at, user_id=current_user.id, seen_digest=form.seen.data
            )
            kept_files.forget(_folder(), token, user_id=current_user.id)
            flash(_done_words(plan))
            return redirect(url_for("office.pupils"))
    except PlanChanged as changed:
        problem = str(changed)
    except ImportRefused as refused:
        return _upload_page(ImportForm(formdata=None), refused.problems, 422)
    try:
        plan = preview(kept.content, kept.name, at=at)
    except ImportRefused as refused:
        return _upload_page(ImportForm(formdata=None), refused.problems, 422)
    page = render_template(
        "office/import_preview.html", plan=plan, form=form, token=token, problem=problem, press=PressForm()
    )
    return page, 422 if form.is_submitted() else 200


def _done_words(plan: ImportPlan) -> str:
    return (
        f"{counted(len(plan.added), 'pupil')} added and {len(plan.changed)} changed. "
        f"{plan.same} stayed the same."
    )


@for_roles("manager")
def forget_import(token: str) -> ResponseReturnValue:
    """Throw the uploaded file away; nothing was changed."""
    kept_files.forget(_folder(), token, user_id=current_user.id)
    flash("The file is thrown away. Nothing was changed.")
    return redirect(url_for("office.imports"))
