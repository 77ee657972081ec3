"""What a sabotage is: one guard taken out of a copy of the source, and the tests of the suite that must notice."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

SQLITE = ("sqlite",)
POSTGRESQL = ("postgresql",)
BOTH = SQLITE + POSTGRESQL


class AnchorLost(RuntimeError):
    """The text that a sabotage changes is not in the source exactly once; the list has to follow the source."""


@dataclass(frozen=True)
class Edit:
    """One exact text for another in one file; `old` must be found there exactly once."""

    path: str
    old: str
    new: str

    def apply(self, source: str) -> str:
        """The text of the file with the guard taken out; raises `AnchorLost`, or `SyntaxError` for a clumsy edit."""
        if (found := source.count(self.old)) != 1:
            raise AnchorLost(f"{self.path} holds {self.old!r} {found} times, not once")
        changed = source.replace(self.old, self.new)
        if self.path.endswith(".py"):
            ast.parse(changed)
        return changed


@dataclass(frozen=True)
class Sabotage:
    """A guard by name in plain words, how it is taken out, and which of the suite's own tests have to fail then.

    `databases` are those where it can show: a row lock means nothing to SQLite. Only with `hang_counts` is a run that
    does not end counted as noticed.
    """

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    databases: tuple[str, ...] = SQLITE
    hang_counts: bool = False

    @property
    def is_fast(self) -> bool:
        """Whether a sample may take it: single tests on SQLite that start no other process."""
        is_alone = all("::" in one and "payments" not in one and "/e2e/" not in one for one in self.tests)
        return self.databases == SQLITE and is_alone


def read(root: Path, edit: Edit) -> str:
    """The file that an edit is about."""
    return (root / edit.path).read_text(encoding="utf-8")
