"""The builders make rows that the database takes."""

from flask import Flask

from tests.builders import a_family, a_session


def test_a_family_and_a_session_can_be_built(app: Flask) -> None:
    family = a_family(children=2)
    assert len(family.pupils) == 2
    assert a_session().run.activity.kind == "club"
