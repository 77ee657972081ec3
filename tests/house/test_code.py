"""The house's own rules, held against the source: sizes, one way to take a place, migrations, README and templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from jinja2 import TemplateNotFound, nodes

from booking.app import MIGRATIONS
from booking.core.db import Base, db

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in ("booking", "stripe_double", "tests", "tools", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
LONGEST_FILE = 300


def _names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("name", _names(SOURCES))
def test_a_file_holds_one_idea(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE, f"{name} has {lines} lines: look for the second idea in it"


def _makes_places(tree: ast.AST) -> Iterator[int]:
    """Lines that construct, insert or bulk-update a Place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names = {name.id for a in node.args for name in ast.walk(a) if isinstance(name, ast.Name)}
            is_place = node.func.id == "Place" or (node.func.id == "insert" and "Place" in names)
            if is_place:
                yield node.lineno


def test_only_the_place_function_makes_places() -> None:
    makers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "booking").rglob("*.py")
        if any(_makes_places(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert makers == {"booking/bookings/places.py"}


MONEY = sorted(
    path
    for pattern in (
        "ledger/*",
        "payments/*",
        "bookings/pric*",
        "bookings/pot*",
        "provision/rates",
        "core/money",
    )
    for path in (ROOT / "booking").glob(f"{pattern}.py")
    if path.name != "gateway.py"  # its seconds to wait are no money
)


def _fractions(tree: ast.AST) -> Iterator[int]:
    """Lines that could make a fraction of a penny: a float, or a division that is not of a path."""
    for node in ast.walk(tree):
        is_path = isinstance(node, ast.BinOp) and "Path" in ast.dump(node.left)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not is_path:
            yield node.lineno
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno
        if isinstance(node, ast.Name) and node.id in {"float", "round", "Decimal"}:
            yield node.lineno


@pytest.mark.parametrize("name", _names(MONEY))
def test_money_is_whole_pence_in_every_line_of_code(name: str) -> None:
    assert list(_fractions(ast.parse((ROOT / name).read_text(encoding="utf-8")))) == []


def test_a_fraction_would_be_found() -> None:
    for line in ("total / 3", "round(pence * 110)", "pence * 1.1", "float(text)"):
        assert list(_fractions(ast.parse(line))), line
    assert not list(_fractions(ast.parse("Path(__file__).parent / 'data'; (total * 10 + 50) // 100")))


WRITES_PLACES = re.compile(r"\b(INSERT INTO|UPDATE) place\b", re.IGNORECASE)


def _revives_places(tree: ast.AST) -> Iterator[int]:
    """Lines that set something's state to held or booked, by a statement or on an object, and raw SQL on places."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "state" and _is_live(node.value):
            yield node.value.lineno
        elif isinstance(node, ast.Assign) and any(_is_live(v) for v in ast.walk(node.value)):
            targets = [name for target in node.targets for name in ast.walk(target)]
            if any(isinstance(name, ast.Attribute) and name.attr == "state" for name in targets):
                yield node.lineno
        elif isinstance(node, ast.Constant) and WRITES_PLACES.search(str(node.value)):
            yield node.lineno


def _is_live(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in {"held", "booked"}


def test_only_the_place_function_revives_places() -> None:
    """`after_booking` sets a basket to booked, never a place; nothing else may say held or booked at all."""
    found = {
        str(path.relative_to(ROOT)): len(lines)
        for path in (ROOT / "booking").rglob("*.py")
        if (lines := list(_revives_places(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert found.pop("booking/bookings/places.py") >= 3
    assert found == {"booking/bookings/settling.py": 1}


def test_the_migrations_make_exactly_the_tables_of_the_models(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_the_newest_migration_is_known_to_the_app(app: Flask) -> None:
    assert app.config["MIGRATION_HEAD"] == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_readme_names_the_commands_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make run" in readme
    assert "make test" in readme
    assert re.search(r"^make test$", ci, re.MULTILINE)
    assert "REQUIRE_SERVICES=1" in ci


@pytest.mark.parametrize("name", _names(TEMPLATES))
def test_a_template_compiles_and_what_it_imports_exists(app: Flask, name: str) -> None:
    environment = app.jinja_env
    source = (ROOT / name).read_text(encoding="utf-8")
    tree = environment.parse(source, name)
    for kind in (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport):
        for node in tree.find_all(kind):
            if isinstance(node.template, nodes.Const):
                try:
                    module = environment.get_template(node.template.value)
                except TemplateNotFound:
                    pytest.fail(f"{name} wants {node.template.value}, which is not there")
                for wanted in getattr(node, "names", []):
                    macro = wanted[0] if isinstance(wanted, tuple) else wanted
                    assert hasattr(module.module, macro), f"{name}: {node.template.value} has no {macro}"
    environment.compile(source, name)


@pytest.mark.parametrize("name", _names(TEMPLATES))
def test_a_template_has_no_inline_style_or_handler_and_trusts_nothing(name: str) -> None:
    source = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"<[^>]*\s(style|on[a-z]+)\s*=", source), "inline style or handler"
    assert "|safe" not in source.replace(" ", ""), "a template must not trust text"
    assert "<script" not in source or "nonce=" in source


def test_nothing_names_a_machine_or_an_index() -> None:
    words = ("/" + "work/", "/" + "root/", "pypi" + ".org", "files.python" + "hosted")
    for path in [
        *SOURCES,
        *TEMPLATES,
        *ROOT.glob("*.md"),
        *ROOT.glob("*.lock"),
        ROOT / "pyproject.toml",
        ROOT / "Makefile",
    ]:
        text = path.read_text(encoding="utf-8")
        for word in words:
            assert word not in text, f"{path.name} holds {word}"


def test_the_locks_hold_a_hash_for_every_requirement() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
            assert "--hash=sha256:" in block, block.splitlines()[0]
        assert "--index" not in text
        assert "://" not in text
