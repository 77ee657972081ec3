"""Twenty-nine sensitive fields, each with a word of its own, and who may see it on any page or paper.

Principals: anonymous, parent (the child's), restricted (the child's other parent, under a restriction), unrelated
(another family's), club (leader of this child's club), other club, office, head (office who sees groups), admin and
governor.
"""

from __future__ import annotations

OFFICE = {"office", "head"}
DOOR = OFFICE | {"club"}
FAMILY = OFFICE | {"parent"}
NOBODY: set[str] = set()

FIELDS: dict[str, tuple[str, set[str]]] = {
    "surname": ("Quillfeather", FAMILY | {"club"}),
    "upn": ("A999100022001", OFFICE),
    "date of birth": ("14 July 2017", OFFICE),
    "medical": ("Heronwort", FAMILY | {"club"}),
    "support": ("Lapwinging", FAMILY | {"club"}),
    "allergy": ("puffinberry", FAMILY | {"club"}),
    "diet": ("no cormorant", FAMILY | {"club"}),
    "school's contact": ("Nana Oystercatcher", OFFICE),
    "school's contact's telephone": ("01632 960777", OFFICE),
    "school's contact's e-mail": ("oystercatcher@families.example", OFFICE),
    "parent's own contact": ("Uncle Dunlin", FAMILY | {"club"}),
    "parent's own contact's telephone": ("01632 960778", FAMILY),
    "collection password": ("gannetword", FAMILY | {"club"}),
    "parent's name": ("Robin Thistledown", DOOR | {"admin", "parent"}),
    "parent's e-mail": ("robin.thistledown@families.example", FAMILY | {"admin"}),
    "parent's telephone": ("07700 900941", FAMILY),
    "restricted adult": ("Sam Marshtit", DOOR),
    "evidence": ("Order of the court of Whimbrel", OFFICE),
    "ethnicity": ("BSOM", {"head"}),
    "language": ("TWIX", {"head"}),
    "booking reference": ("KITTIWAK", {"parent"}),
    "care said by the other adult": ("Godwitling", FAMILY | {"club"}),
    "password": ("argon2", NOBODY),
    "token of an invitation": ("", NOBODY),
    "words of a request": ("Turnstone told me", OFFICE),
    "pot that pays": ("Heronpot", OFFICE),
    "words of a newcomer": ("Redshank shifts", OFFICE),
    "why a child is away": ("Bitternpox", OFFICE),
    "who collects today": ("Egretta Plover", FAMILY | {"club"}),
}
"""A parent's name is at the door (who may collect), on the list of who signs in, and on their receipts: who paid."""


def word(field: str) -> str:
    """The word by which a field is found in what a page shows."""
    return FIELDS[field][0]
