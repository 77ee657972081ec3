"""Pages of the files: a statement or a remittance is read and taken up, and what came of each line is seen."""

from __future__ import annotations

from pathlib import Path

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.words import counted
from booking.office import kept_files
from booking.office.bank_forms import RemittanceForm, StatementForm, statement_columns
from booking.payments.bank_file_kinds import LARGEST, read_statement
from booking.payments.bank_intake import (
    FileKnown,
    LinesKnown,
    columns_said_before,
    make_ready,
    take_back_file,
    take_up,
)
from booking.payments.bank_lines import ReadFile
from booking.payments.bank_models import BankFile, BankLine
from booking.payments.remittance import read_remittance
from booking.payments.remittance_paying import pay_remittance, payment_of, payments_that_fit
from booking.payments.statement_csv import field_of, knows
from booking.payments.voucher_firms import voucher_firms
from booking.people.import_problems import ColumnsUnknown, ImportProblem, ImportRefused
from booking.people.import_table import guess_headings
from booking.web.audience import for_roles
from booking.web.form_pages import answer_press
from booking.web.forms import BaseForm

MOST_PROBLEMS, MOST_LINES, MOST_FILES = 200, 500, 100
STATEMENT, REMITTANCE, COLUMNS = (
    "office/bank_add.html",
    "office/bank_remittance.html",
    "office/bank_columns.html",
)


def _folder() -> Path:
    return Path(current_app.instance_path) / "bank"


@for_roles("manager")
def add_statement() -> ResponseReturnValue:
    """Read a statement; where its headings are strange, ask which column is which."""
    form = StatementForm()
    if not form.validate_on_submit():
        return _page(STATEMENT, form, [])
    content, name = _uploaded(form)
    if form.file.errors:
        return _page(STATEMENT, form, [])
    try:
        read, columns = _read(content, name)
    except ColumnsUnknown as unknown:
        if not _headings(content, name):
            return _page(STATEMENT, form, unknown.problems)
        token = kept_files.keep(_folder(), content, name, user_id=current_user.id, at=clock.now())
        return redirect(url_for("office.bank_columns", token=token))
    except ImportRefused as refused:
        return _page(STATEMENT, form, refused.problems)
    return _take(read, content, name, form, STATEMENT, columns=columns)


@for_roles("manager")
def bank_columns(token: str) -> ResponseReturnValue:
    """Say which column is which, once for all files with these headings."""
    kept = kept_files.find(_folder(), token, user_id=current_user.id)
    headings = _headings(kept.content, kept.name)
    form = statement_columns(
        headings, {known: heading for heading in headings if (known := field_of(heading))}
    )
    if not form.validate_on_submit():
        return _page(COLUMNS, form, [], file=kept.name)
    mapping = form.mapping()
    try:
        read = read_statement(kept.content, kept.name, today=clock.today(), mapping=mapping)
    except ImportRefused as refused:
        return _page(COLUMNS, form, refused.problems, file=kept.name)
    kept_files.forget(_folder(), token, user_id=current_user.id)
    return _take(read, kept.content, kept.name, form, COLUMNS, columns=mapping, file=kept.name)


@for_roles("manager")
def add_remittance() -> ResponseReturnValue:
    """Read a firm's remittance, all of it or nothing."""
    form = RemittanceForm().with_firms(voucher_firms())
    if not form.validate_on_submit():
        return _page(REMITTANCE, form, [])
    content, name = _uploaded(form)
    if form.file.errors:
        return _page(REMITTANCE, form, [])
    try:
        read = read_remittance(content, name, today=clock.today(), paid_on=form.paid_on.data)
    except ImportRefused as refused:
        return _page(REMITTANCE, form, refused.problems)
    return _take(read, content, name, form, REMITTANCE, firm_id=form.firm.data)


@for_roles("manager")
def bank_files() -> ResponseReturnValue:
    """The files that were taken up, the newest first."""
    files = db.session.scalars(select(BankFile).order_by(BankFile.id.desc()).limit(MOST_FILES)).all()
    return render_template("office/bank_files.html", files=files)


@for_roles("manager")
def bank_file(file_id: int) -> ResponseReturnValue:
    """One file: what was wrong with it, and what came of each of its lines."""
    file = db.session.get(BankFile, file_id)
    if file is None:
        raise NotFound
    lines = db.session.scalars(
        select(BankLine).where(BankLine.file_id == file_id).order_by(BankLine.number).limit(MOST_LINES)
    ).all()
    is_remittance = file.kind == "remittance"
    payment = payment_of(file_id) if is_remittance else None
    return render_template(
        "office/bank_file.html",
        file=file,
        lines=lines,
        payment=payment,
        fitting=payments_that_fit(file) if is_remittance and payment is None else [],
        may_go=payment is None and all(line.state in {"waiting", "set_aside"} for line in lines),
    )


@for_roles("manager")
def forget_bank_file(file_id: int) -> ResponseReturnValue:
    """Take a file back whole, while nothing of it is posted."""

    def forget() -> str:
        take_back_file(file_id, at=clock.now(), user_id=current_user.id)
        return "The file is taken back, with all its lines."

    return answer_press(forget, done=url_for("office.bank_files"))


@for_roles("manager")
def tie_remittance(file_id: int) -> ResponseReturnValue:
    """Say which payment on a statement a remittance is about."""

    def tie() -> str:
        line_id = request.form.get("line_id", 0, type=int)
        pay_remittance(file_id, line_id, at=clock.now(), user_id=current_user.id)
        return "Now its lines can be posted to the families, one by one."

    return answer_press(tie, done=url_for("office.bank_file", file_id=file_id))


def _uploaded(form: StatementForm | RemittanceForm) -> tuple[bytes, str]:
    """The bytes and the name; what is wrong stands at the field."""
    upload = form.file.data
    if not isinstance(upload, FileStorage) or not upload.filename:
        form.file.errors = ["Choose a file first."]
        return b"", ""
    content = upload.read(LARGEST + 1)
    if len(content) > LARGEST:
        form.file.errors = ["This file is larger than 20 MB. Take a shorter time from your bank."]
    return content, upload.filename


def _read(content: bytes, name: str) -> tuple[ReadFile, dict[str, str]]:
    """The lines, by the headings that we know, or as somebody said before of such columns."""
    try:
        return read_statement(content, name, today=clock.today()), {}
    except ColumnsUnknown:
        for columns in columns_said_before():
            try:
                return read_statement(content, name, today=clock.today(), mapping=columns), columns
            except ColumnsUnknown:
                continue
        raise


def _headings(content: bytes, name: str) -> tuple[str, ...]:
    try:
        return guess_headings(content, name, knows=knows)
    except ImportRefused:
        return ()


def _take(
    read: ReadFile,
    content: bytes,
    name: str,
    form: BaseForm,
    template: str,
    *,
    firm_id: int | None = None,
    columns: dict[str, str] | None = None,
    **context: str,
) -> ResponseReturnValue:
    """Take the lines up and show the file; the same bytes lead to the file that they are."""
    ready = make_ready(read, content, name, voucher_firm_id=firm_id, columns=columns)
    try:
        with unit_of_work():
            file = take_up(ready, at=clock.now(), user_id=current_user.id)
            words = f"{counted(file.line_count, 'line')} taken up."
            if file.known_count:
                words += f" {counted(file.known_count, 'line')} came before, in another file."
            file_id = file.id
    except FileKnown as known:
        flash(str(known))
        return redirect(url_for("office.bank_file", file_id=known.file_id))
    except LinesKnown as known:
        return _page(template, form, [ImportProblem(name, 0, "", "", str(known))], **context)
    flash(words)
    return redirect(url_for("office.bank_file", file_id=file_id))


def _page(
    template: str, form: BaseForm, problems: list[ImportProblem], **context: str
) -> ResponseReturnValue:
    is_wrong = form.is_submitted()
    page = render_template(
        template,
        form=form,
        problem=None,
        problems=problems[:MOST_PROBLEMS],
        more=max(0, len(problems) - MOST_PROBLEMS),
        has_errors=is_wrong,
        **context,
    )
    return page, 422 if is_wrong else 200
