"""A plan of an import in lines for a terminal; values of group facts are left out, for not everybody may see them."""

from __future__ import annotations

from booking.people.import_plan import Change, ImportPlan, Question
from booking.people.import_problems import ImportProblem, ImportRefused
from booking.people.import_rows import PupilRow


def printable(plan: ImportPlan) -> list[str]:
    """The whole plan: who is new, who changes and how, what a person must say, who is missing."""
    add, change = ("would add", "would change") if plan.is_dry else ("added", "changed")
    lines = [
        f"{plan.file}: {add} {len(plan.added)}, {change} {len(plan.changed)}, same {plan.same}, "
        f"not in the file {len(plan.leavers)}"
    ]
    if plan.open_questions:
        lines[0] += f", to be asked {len(plan.open_questions)}"
    lines += [f"  + {row.full_name}, {_class_words(row)} (line {row.line})" for row in plan.added]
    for one in plan.changed:
        lines.append(f"  ~ {one.row.full_name} (line {one.row.line})")
        lines += [f"      {_change_words(change)}" for change in one.changes]
    for question in plan.open_questions:
        lines.append(f"  ! {question.row.full_name}: {asked_words(question)}")
    for leaver in plan.leavers:
        where = "expected" if leaver.is_expected else "on the roll"
        lines.append(f"  ? {leaver.name}, {leaver.class_name}: {where}, not in the file")
    if plan.unread:
        lines.append(f"  not read: {', '.join(plan.unread)}")
    if plan.run_id is not None:
        lines.append(f"  to take it back: booking pupils undo {plan.run_id}")
    return lines


def asked_words(question: Question) -> str:
    """One question with its two answers, as they are typed."""
    key, pupil_id = question.key, question.pupil_id
    return f"{question.reason} Is it {question.who}? --same {key}={pupil_id} or --new {key}"


class Unanswered(ImportRefused):
    """A person must say which children are meant; nothing was imported, and each question is a line."""

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__(
            [
                ImportProblem(plan.file, question.row.line, "", question.row.full_name, asked_words(question))
                for question in plan.open_questions
            ]
        )


def _change_words(change: Change) -> str:
    if change.is_group:
        return f"{change.words}: changed"
    return f"{change.words}: {change.old or 'none'} -> {change.new}"


def _class_words(row: PupilRow) -> str:
    year = row.year_group or ""
    return ", ".join(part for part in (row.class_name, f"year {year}" if year else "") if part) or "no class"
