"""Reads a bank's statement, whatever kind of file it is: the content says it, never the name's ending."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from booking.payments.bank_lines import ReadFile, TooManyLines
from booking.payments.statement_camt import is_camt, read_camt
from booking.payments.statement_csv import read_csv
from booking.payments.statement_ofx import is_ofx, read_ofx
from booking.people.import_problems import ImportProblem, ImportRefused

LARGEST = 20 * 1024 * 1024


def read_statement(
    content: bytes, file: str, *, today: date, mapping: Mapping[str, str] | None = None
) -> ReadFile:
    """The lines of a statement and what is wrong with others.

    Raises `ImportRefused` when nothing of the file can be read, and `ColumnsUnknown` when somebody has to say which
    column of a CSV file is which.
    """
    try:
        if len(content) > LARGEST:
            raise _refused(file, "This file is larger than 20 MB. Take a shorter time from your bank.")
        if is_ofx(content):
            read = read_ofx(content, file, today=today)
        elif is_camt(content):
            read = read_camt(content, file, today=today)
        else:
            read = read_csv(content, file, today=today, mapping=mapping)
    except TooManyLines as error:
        raise _refused(file, str(error)) from error
    if not read.lines and read.problems:
        raise ImportRefused(read.problems)
    if not read.lines:
        raise _refused(file, "There is no line with an amount in this file.")
    return read


def _refused(file: str, reason: str) -> ImportRefused:
    return ImportRefused([ImportProblem(file, 0, "", "", reason)])
