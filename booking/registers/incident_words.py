"""The lists of the accident form, and what follows from them: head bumps, and the hint about RIDDOR.

Sources, for a school to check with its own advisers: the NHS on head injuries in children, and the Health and Safety
Executive on reporting accidents in schools (RIDDOR 2013: a pupil who is taken from the scene straight to hospital for
treatment, where the accident came of the work or of how the place was kept; and dangerous occurrences).
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from functools import cache
from pathlib import Path

ADVICE = Path(__file__).parent / "data" / "head_bump.csv"
KIND_WORDS = {"accident": "Accident", "near_miss": "Near miss"}
PARTS = {
    "head": "Head",
    "face": "Face",
    "eye": "Eye",
    "ear": "Ear",
    "nose": "Nose",
    "mouth": "Mouth or tooth",
    "neck": "Neck",
    "shoulder": "Shoulder",
    "arm": "Arm",
    "elbow": "Elbow",
    "wrist": "Wrist",
    "hand": "Hand",
    "finger": "Finger or thumb",
    "chest": "Chest",
    "back": "Back",
    "tummy": "Tummy",
    "hip": "Hip or bottom",
    "leg": "Leg",
    "knee": "Knee",
    "ankle": "Ankle",
    "foot": "Foot",
    "toe": "Toe",
    "none": "No one part",
}
SIDES = {"": "Does not matter", "left": "Left", "right": "Right", "both": "Both"}
INJURIES = {
    "bump": "Bump or bruise",
    "cut": "Cut or graze",
    "sprain": "Sprain or twist",
    "broken": "Maybe broken",
    "burn": "Burn or scald",
    "bite": "Bite",
    "sting": "Sting",
    "nosebleed": "Nosebleed",
    "allergy": "Allergic reaction",
    "choking": "Choking",
    "faint": "Faint or fit",
    "unconscious": "Knocked out",
    "unwell": "Unwell",
    "nothing": "Nothing to see",
}
AFTERWARDS = {
    "stayed": "Went on with the session",
    "rested": "Rested, then went on",
    "collected": "Was collected early",
    "doctor": "Family told to see a doctor",
    "hospital": "Taken to hospital from here",
    "ambulance": "Taken by ambulance",
}
TOLD = {
    "not_yet": "Not yet",
    "phone": "By telephone",
    "door": "In person",
    "no_answer": "Rang, nobody answered",
}
DANGERS = {
    "": "None of these",
    "collapse": "Something that lifts or carries a load fell or gave way",
    "electric": "A short circuit or overload with fire or explosion",
    "gas": "Gas or something dangerous got out",
    "building": "Part of a building or a scaffold came down",
}
ADDED_WORDS = {
    "correction": "Something is put right",
    "follow_up": "What happened since",
    "office": "A note for the office alone",
    "riddor_told": "Reported under RIDDOR",
    "riddor_not": "Need not be reported under RIDDOR",
}
_HEAD = frozenset({"head", "face", "eye", "ear", "nose", "mouth"})
_KNOCKS = frozenset({"bump", "unconscious", "broken"})
_FROM_THE_SCENE = frozenset({"hospital", "ambulance"})


def is_head_bump(parts: Collection[str], injuries: Collection[str]) -> bool:
    """Whether the family gets the head bump letter: any hurt of the head, and a knock anywhere in the face."""
    return "head" in parts or bool(_HEAD & set(parts) and _KNOCKS & set(injuries))


def riddor_hint(kind: str, afterwards: str, danger: str) -> str:
    """What the law on reporting may ask for, in words; empty where nothing points to it. A person decides."""
    if kind == "accident" and afterwards in _FROM_THE_SCENE:
        return (
            "This may have to be reported under RIDDOR: a child was taken from here straight to hospital. Report it "
            "if they were treated there and it came of the building, equipment, or how the activity was run or "
            "watched. Do it without delay, and within 10 days. Ring the Health and Safety Executive at once "
            "if somebody died."
        )
    if kind == "near_miss" and danger:
        return (
            "This may be a dangerous occurrence under RIDDOR, which is reported although nobody was hurt. Ask "
            "whoever is responsible for health and safety today. The report is due within 10 days."
        )
    return ""


@cache
def head_bump_advice() -> tuple[tuple[str, str], ...]:
    """What the head bump letter says, as (kind, sentence) in order: kinds are 999, hospital and home."""
    with ADVICE.open(encoding="utf-8", newline="") as file:
        return tuple((row["kind"], row["words"]) for row in csv.DictReader(file))
