"""Pages of a list of absences: paste it or choose a file, say which column is which, look at it, say yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import FileStorage

from booking.core import clock
from booking.core.access_log import CARE
from booking.core.db import unit_of_work
from booking.core.errors import NotFound
from booking.core.words import counted
from booking.office import kept_files
from booking.office.absence_forms import AbsenceListForm, YesForm, absence_columns, name_of, yes_form
from booking.office.absence_plan import (
    AbsencePlan,
    PlanChanged,
    apply_absences,
    columns_said_before,
    plan_absences,
)
from booking.office.absence_reading import ReadList, field_of, headings_of, read_absences, squared
from booking.office.forms import PressForm
from booking.office.kept_files import KeptFile
from booking.people.import_problems import ColumnsUnknown, ImportProblem, ImportRefused
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.seen import note_seen

LARGEST, MOST_PROBLEMS = 20 * 1024 * 1024, 200
PASTED = "The pasted list"


@dataclass(frozen=True)
class Chosen:
    """What was said beside a list: its day, whether it is whole, where it came from, and its columns."""

    day: date
    is_whole: bool
    source: str
    columns: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the kept file."""
        return {
            "day": self.day.isoformat(),
            "is_whole": self.is_whole,
            "source": self.source,
            "columns": self.columns,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Chosen:
        """As it was kept."""
        return cls(date.fromisoformat(told["day"]), told["is_whole"], told["source"], told["columns"])


def _folder() -> Path:
    return Path(current_app.instance_path) / "absences"


def _kept(token: str) -> tuple[KeptFile, Chosen]:
    kept = kept_files.find(_folder(), token, user_id=current_user.id)
    return kept, Chosen.from_json(kept.choices)


@for_roles("manager")
def enter_absences(on: date) -> ResponseReturnValue:
    """Paste a list or choose a file; nothing is changed before the preview was looked at."""
    if on < clock.today():
        raise NotFound
    form = AbsenceListForm()
    if not form.validate_on_submit():
        return _entry_page(form, on, [])
    content, name, source = _given(form)
    if form.errors or form.rows.errors or form.file.errors:
        return _entry_page(form, on, [])
    goes_on, columns = "office.absences_preview", {}
    try:
        columns = _read(content, name)[1]
    except ColumnsUnknown as unknown:
        if not headings_of(content, name):
            return _entry_page(form, on, unknown.problems)
        goes_on = "office.absences_columns"
    except ImportRefused as refused:
        return _entry_page(form, on, refused.problems)
    chosen = Chosen(on, form.scope.data == "whole", source, columns)
    token = kept_files.keep(
        _folder(), content, name, user_id=current_user.id, at=clock.now(), choices=chosen.as_json()
    )
    return redirect(url_for(goes_on, token=token))


def _given(form: AbsenceListForm) -> tuple[bytes, str, str]:
    """The bytes, the name and whether they were pasted; what is wrong stands at the field."""
    upload = form.file.data
    if isinstance(upload, FileStorage) and upload.filename:
        content = upload.read(LARGEST + 1)
        if len(content) > LARGEST:
            form.file.errors = ["This file is larger than 20 MB. Export today’s absences only."]
        return content, upload.filename, "file"
    if not (form.rows.data or "").strip():
        form.rows.errors = [
            "Paste the list, or choose a file. If nobody is away, say so on the page of the day."
        ]
    return squared(form.rows.data or "").encode(), PASTED, "pasted"


def _read(content: bytes, name: str) -> tuple[ReadList, dict[str, str]]:
    """The list, by headings that we know, or as somebody said before of such columns."""
    try:
        return read_absences(content, name), {}
    except ColumnsUnknown:
        for columns in columns_said_before():
            try:
                return read_absences(content, name, mapping=columns), columns
            except ColumnsUnknown:
                continue
        raise


def _entry_page(form: AbsenceListForm, on: date, problems: list[ImportProblem]) -> ResponseReturnValue:
    is_wrong = form.is_submitted()
    page = render_template(
        "office/absences_enter.html",
        form=form,
        on=on,
        problem=None,
        problems=problems[:MOST_PROBLEMS],
        more=max(0, len(problems) - MOST_PROBLEMS),
        has_errors=is_wrong,
    )
    return page, 422 if is_wrong else 200


@for_roles("manager")
def absences_columns(token: str) -> ResponseReturnValue:
    """Say which column is which, once for all lists with these headings."""
    kept, chosen = _kept(token)
    headings = headings_of(kept.content, kept.name)
    known = {found: heading for heading in reversed(headings) if (found := field_of(heading))}
    form = absence_columns(headings, {**known, **chosen.columns})
    problems: list[ImportProblem] = []
    if form.validate_on_submit():
        said = Chosen(chosen.day, chosen.is_whole, chosen.source, form.mapping())
        try:
            read_absences(kept.content, kept.name, mapping=said.columns)
        except ImportRefused as refused:
            problems = refused.problems
        else:
            kept_files.choose(_folder(), token, said.as_json(), user_id=current_user.id)
            return redirect(url_for("office.absences_preview", token=token))
    is_wrong = form.is_submitted()
    page = render_template(
        "office/absences_columns.html",
        form=form,
        on=chosen.day,
        token=token,
        problem=None,
        problems=problems[:MOST_PROBLEMS],
        more=max(0, len(problems) - MOST_PROBLEMS),
        file=kept.name,
        has_errors=is_wrong,
    )
    return page, 422 if is_wrong else 200


@for_roles("manager")
def absences_preview(token: str) -> ResponseReturnValue:
    """What would change, child by child; the yes does exactly that, or shows it afresh."""
    kept, chosen = _kept(token)
    try:
        read = read_absences(kept.content, kept.name, mapping=chosen.columns or None)
        plan = plan_absences(read, chosen.day, is_whole=chosen.is_whole)
        form, problem = yes_form(plan), None
        if form.validate_on_submit():
            answers = form.answers(plan)
            said = plan_absences(read, chosen.day, is_whole=chosen.is_whole, answers=answers)
            if said.asked:
                form.complain(plan)
            elif form.seen.data != plan.digest:
                problem = str(PlanChanged())
            else:
                try:
                    return _apply(said, chosen, answers, token)
                except PlanChanged as changed:
                    problem = str(changed)
                    plan = plan_absences(read, chosen.day, is_whole=chosen.is_whole)
    except ImportRefused as refused:
        return _entry_page(AbsenceListForm(formdata=None), chosen.day, refused.problems)
    return _preview_page(plan, form, chosen, token, problem)


def _apply(plan: AbsencePlan, chosen: Chosen, answers: dict[int, int], token: str) -> ResponseReturnValue:
    with unit_of_work():
        apply_absences(
            plan,
            is_whole=chosen.is_whole,
            answers=answers,
            seen=plan.digest,
            source=chosen.source,
            columns=chosen.columns,
            at=clock.now(),
            user_id=current_user.id,
        )
    kept_files.forget(_folder(), token, user_id=current_user.id)
    number = len(plan.added) + len(plan.changed) + len(plan.same)
    flash(f"The list is entered: {counted(number, 'child', 'children')} on it.")
    return redirect(url_for("office.in_school", on=chosen.day))


def _preview_page(
    plan: AbsencePlan, form: YesForm, chosen: Chosen, token: str, problem: str | None
) -> ResponseReturnValue:
    """The preview; what is shown of children is logged, and those closed to this person are only counted."""
    closed = closed_pupils(current_user.id, clock.today())
    if plan.pupil_ids - closed:
        note_seen(plan.pupil_ids - closed, [CARE], reason="absences")
    is_wrong = form.is_submitted()
    page = render_template(
        "office/absences_preview.html",
        plan=plan,
        closed=closed,
        asked=[(line, form[name_of(line.line)]) for line, _ in plan.asked],
        form=form,
        chosen=chosen,
        token=token,
        press=PressForm(),
        problem=problem,
        has_errors=is_wrong,
    )
    return page, 422 if is_wrong else 200


@for_roles("manager")
def forget_absences(token: str) -> ResponseReturnValue:
    """Throw the list away; nothing was changed."""
    _, chosen = _kept(token)
    kept_files.forget(_folder(), token, user_id=current_user.id)
    flash("The list is thrown away. Nothing was changed.")
    return redirect(url_for("office.in_school", on=chosen.day))
