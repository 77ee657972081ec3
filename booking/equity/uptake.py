"""Who took part: counts of each group on one frozen roll, and the working view that shows them unprotected.

A pupil took part who came to at least one session. Nothing in this file is protected: the working view is for the
head and the SENCO, on screen, and is never exported. What may leave the school is made in `protected_uptake.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from booking.core.errors import BookingError
from booking.equity.discovery import CLEAR, benjamini_hochberg
from booking.equity.intervals import fisher, koopman, newcombe, wilson

UNKNOWN = "Not known"
LAST = ("Other", "Not known", "Unknown")

GroupKey = tuple[str, str]
ALL: GroupKey = ("", "All pupils")


class NotARoll(BookingError):
    """The frozen rows cannot be counted: a pupil is there twice, or came to fewer than no sessions."""


@dataclass(frozen=True)
class PupilRow:
    """One pupil on the frozen roll: year group, and the pupil's value of each characteristic."""

    pupil_id: int
    year_group: str
    groups: Mapping[str, str]


@dataclass(frozen=True)
class Characteristic:
    """How one characteristic is told: `merged` renames groups in what is released, `reference` ones are not compared.

    `phrases` says a group in a sentence. `sensitive` protects "nobody" and "everybody" too in a public edition.
    """

    key: str
    label: str
    merged: Mapping[str, str] = field(default_factory=dict)
    reference: frozenset[str] = frozenset()
    phrases: Mapping[str, str] = field(default_factory=dict)
    phrase: str = "pupils in the group “{}”"
    sensitive: bool = True

    def in_words(self, group: str) -> str:
        """The group as it is called in the middle of a sentence."""
        return self.phrases.get(group) or self.phrase.format(group)


NO_PREMIUM = "Not pupil premium"
NO_EAL = "Not EAL, or not known"
NO_SEN = "No SEN, or not known"
SEN = "SEN support or EHC plan"
CHARACTERISTICS = (
    Characteristic(
        "pupil_premium",
        "Pupil premium",
        reference=frozenset({NO_PREMIUM}),
        phrases={"Pupil premium": "pupils with the pupil premium", NO_PREMIUM: "pupils without it"},
    ),
    Characteristic(
        "eal",
        "English as an additional language",
        merged={"Not EAL": NO_EAL, UNKNOWN: NO_EAL},
        reference=frozenset({"Not EAL", UNKNOWN, NO_EAL}),
        phrases={"EAL": "pupils with English as an additional language"},
    ),
    Characteristic(
        "sen",
        "Special educational needs",
        merged={"SEN support": SEN, "EHC plan": SEN, "No SEN": NO_SEN, UNKNOWN: NO_SEN},
        reference=frozenset({"No SEN", UNKNOWN, NO_SEN}),
        phrases={
            SEN: "pupils with SEN support or an EHC plan",
            "SEN support": "pupils with SEN support",
            "EHC plan": "pupils with an EHC plan",
        },
    ),
    Characteristic(
        "ethnicity",
        "Ethnic group",
        reference=frozenset({"Unknown", UNKNOWN}),
        phrase="pupils whose ethnic group is {}",
    ),
    Characteristic("sex", "Sex", phrases={"Girls": "girls", "Boys": "boys"}, sensitive=False),
    Characteristic("phase", "Part of the school", phrase="pupils in {}", sensitive=False),
)


@dataclass(frozen=True)
class GroupCount:
    """How many of a group are on the roll, how many took part, and how many sessions they came to together."""

    on_roll: int
    took_part: int
    sessions: int = 0

    @property
    def stayed_away(self) -> int:
        """Those who took part in nothing."""
        return self.on_roll - self.took_part


Counts = dict[GroupKey, GroupCount]


@dataclass(frozen=True)
class WorkingRow:
    """A group in the working view, with every statistic of its uptake against all other pupils; None is undefined."""

    characteristic: str
    label: str
    group: str
    on_roll: int
    took_part: int
    rate: float | None
    interval: tuple[float, float] | None
    rest_rate: float | None
    difference: float | None
    difference_interval: tuple[float, float] | None
    ratio: float | None
    ratio_interval: tuple[float | None, float | None]
    p: float | None
    q: float | None
    is_clear: bool
    sessions_per_pupil: float | None


def characteristics(keys: Sequence[str] | None = None) -> list[Characteristic]:
    """The characteristics asked for, in the house's order; a key that is not known is told by its own name."""
    known = {characteristic.key: characteristic for characteristic in CHARACTERISTICS}
    if keys is None:
        return list(CHARACTERISTICS)
    order = [key for key in known if key in keys] + [key for key in dict.fromkeys(keys) if key not in known]
    return [known.get(key) or Characteristic(key, key.replace("_", " ").capitalize()) for key in order]


def count_uptake(
    rows: Sequence[PupilRow], sessions: Mapping[int, int], wanted: Sequence[Characteristic], *, merged: bool
) -> Counts:
    """The counts of every group that has anyone, and of all pupils; sessions of pupils not on the roll do not count.

    `merged` counts small groups of one kind together, as they are released.
    """
    if len({row.pupil_id for row in rows}) < len(rows):
        raise NotARoll("A pupil is on the roll twice.")
    if any(count < 0 for count in sessions.values()):
        raise NotARoll("A pupil cannot have come to fewer than no sessions.")
    found: dict[GroupKey, list[int]] = {ALL: [0, 0, 0]}
    for row in rows:
        came = sessions.get(row.pupil_id, 0)
        keys = [ALL]
        for characteristic in wanted:
            value = row.groups.get(characteristic.key) or UNKNOWN
            keys.append((characteristic.key, characteristic.merged.get(value, value) if merged else value))
        for key in keys:
            count = found.setdefault(key, [0, 0, 0])
            count[0] += 1
            count[1] += came > 0
            count[2] += came
    return {key: GroupCount(*count) for key, count in found.items()}


def groups_of(counts: Counts, characteristic: Characteristic) -> list[str]:
    """The groups of a characteristic in the order that they are told: by name, the reference and "other" last."""
    names = [group for key, group in counts if key == characteristic.key]
    return sorted(names, key=lambda name: (name in characteristic.reference, name.startswith(LAST), name))


def working_view(
    rows: Sequence[PupilRow], sessions: Mapping[int, int], keys: Sequence[str] | None = None
) -> list[WorkingRow]:
    """Every group with its figures, unprotected, q over all compared groups; never to be exported or stored."""
    wanted = characteristics(keys)
    counts = count_uptake(rows, sessions, wanted, merged=False)
    everyone = counts[ALL]
    places = [
        (characteristic, group) for characteristic in wanted for group in groups_of(counts, characteristic)
    ]
    p_values = {
        (characteristic.key, group): against_rest_p(counts[characteristic.key, group], everyone)
        for characteristic, group in places
        if group not in characteristic.reference
    }
    q_values = family_q(counts, p_values)
    return [
        _working_row(characteristic, group, counts, p_values, q_values) for characteristic, group in places
    ]


def against_rest_p(count: GroupCount, everyone: GroupCount) -> float | None:
    """Fisher's p of a group against all other pupils; None when there are no others."""
    return fisher(
        count.took_part,
        count.on_roll,
        everyone.took_part - count.took_part,
        everyone.on_roll - count.on_roll,
    )


def family_q(counts: Counts, p_values: Mapping[GroupKey, float | None]) -> dict[GroupKey, float]:
    """The q of each p, corrected over the family; the two halves of one characteristic are one test."""
    everyone = counts[ALL]
    tests: dict[tuple[str, frozenset[tuple[int, int]]], float] = {}
    test_of = {}
    for key, p in p_values.items():
        if p is not None:
            mine = (counts[key].took_part, counts[key].on_roll)
            theirs = (everyone.took_part - mine[0], everyone.on_roll - mine[1])
            alone = sum(other[0] == key[0] for other in counts) == 2
            test_of[key] = (key[0] if alone else repr(key), frozenset({mine, theirs}))
            tests[test_of[key]] = p
    q_values = dict(zip(tests, benjamini_hochberg(list(tests.values())), strict=True))
    return {key: q_values[test] for key, test in test_of.items()}


def _working_row(
    characteristic: Characteristic,
    group: str,
    counts: Counts,
    p_values: Mapping[GroupKey, float | None],
    q_values: Mapping[GroupKey, float],
) -> WorkingRow:
    key, count, everyone = (characteristic.key, group), counts[characteristic.key, group], counts[ALL]
    x, n = count.took_part, count.on_roll
    rest_x, rest_n = everyone.took_part - x, everyone.on_roll - n
    q = q_values.get(key)
    return WorkingRow(
        characteristic=characteristic.key,
        label=characteristic.label,
        group=group,
        on_roll=n,
        took_part=x,
        rate=x / n,
        interval=wilson(x, n),
        rest_rate=rest_x / rest_n if rest_n else None,
        difference=x / n - rest_x / rest_n if rest_n else None,
        difference_interval=newcombe(x, n, rest_x, rest_n),
        ratio=(x * rest_n) / (n * rest_x) if rest_x else None,
        ratio_interval=koopman(x, n, rest_x, rest_n),
        p=p_values.get(key),
        q=q,
        is_clear=q is not None and q <= CLEAR,
        sessions_per_pupil=count.sessions / n,
    )
