"""Who gets which club when families rank them: deferred acceptance, children proposing; pure, and replayed by anybody.

Gale and Shapley (1962) for many clubs a child; a club's reserved places come first for those they are for, and go to
everybody when too few ask (Hafalir, Yenmez and Yildirim 2013: "minority reserves"). Clubs of one slot (a weekday)
exclude each other, and a child gets `most` in all: the choices a child may hold form a matroid, so that both sides'
choices are substitutable and the result is stable. With `most` of 1 no family gains by ranking otherwise than it
wishes. Ties are broken by one draw for all clubs: HMAC-SHA-256 of a child's random id under a seed whose SHA-256 was
published before anybody ranked.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Applicant:
    """One child by random id: clubs in the order of liking, the published group (0 first), and reserves it may use."""

    id: str
    ranks: tuple[int, ...]
    group: int = 0
    reserves: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Club:
    """One run: its places, the slot in which it excludes others, and how many places are reserved for whom."""

    id: int
    places: int
    slot: str
    reserved: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """Clubs by applicant, in the order of liking, and for each club the ids that it turned away, best first."""

    got: dict[str, tuple[int, ...]]
    turned_away: dict[int, tuple[str, ...]]

    def digest(self) -> str:
        """SHA-256 over the whole result, for an observer to compare."""
        lines = [f"{one}:{','.join(map(str, clubs))}" for one, clubs in sorted(self.got.items())]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def commitment(seed: str) -> str:
    """What is published beforehand: nobody can change the seed afterwards, or know it before."""
    return hashlib.sha256(seed.encode()).hexdigest()


def draw_number(seed: str, applicant_id: str) -> str:
    """A child's number in the draw, as 64 hexadecimal figures; the smaller goes first."""
    return hmac.new(seed.encode(), applicant_id.encode(), hashlib.sha256).hexdigest()


def match(applicants: Sequence[Applicant], clubs: Sequence[Club], seed: str, *, most: int = 1) -> Outcome:
    """Run the round: every child asks for its best clubs that have not refused it; every club keeps its best askers.

    Ends when nobody is refused any more: at most one refusal for each child and club.
    """
    by_club = {club.id: club for club in clubs}
    number = {one.id: (one.group, draw_number(seed, one.id)) for one in applicants}
    people = {one.id: one for one in applicants}
    refused: dict[str, set[int]] = {one.id: set() for one in applicants}
    while True:
        asked: dict[int, list[str]] = {club.id: [] for club in clubs}
        for one in applicants:
            for club_id in wishes(one, by_club, refused[one.id], most):
                asked[club_id].append(one.id)
        is_settled = True
        for club_id, ids in asked.items():
            kept = choose(by_club[club_id], sorted(ids, key=number.__getitem__), people)
            for one_id in ids:
                if one_id not in kept:
                    refused[one_id].add(club_id)
                    is_settled = False
        if is_settled:
            got = {one.id: tuple(wishes(one, by_club, refused[one.id], most)) for one in applicants}
            away = {
                club.id: tuple(sorted((i for i in refused if club.id in refused[i]), key=number.__getitem__))
                for club in clubs
            }
            return Outcome(got, away)


def wishes(one: Applicant, clubs: Mapping[int, Club], refused: set[int], most: int) -> list[int]:
    """The best clubs that a child may hold together: down its list, one a slot, `most` in all."""
    found: list[int] = []
    slots: set[str] = set()
    for club_id in one.ranks:
        if len(found) == most:
            break
        if club_id in clubs and club_id not in refused and clubs[club_id].slot not in slots:
            found.append(club_id)
            slots.add(clubs[club_id].slot)
    return found


def choose(club: Club, in_order: Sequence[str], people: Mapping[str, Applicant]) -> set[str]:
    """Whom a club keeps of its askers (best first): reserved places first, then all that is left by order alone."""
    kept: set[str] = set()
    for reserve, number in sorted(club.reserved.items()):
        fitting = [i for i in in_order if i not in kept and reserve in people[i].reserves]
        kept |= set(fitting[: max(0, min(number, club.places - len(kept)))])
    rest = [i for i in in_order if i not in kept]
    return kept | set(rest[: club.places - len(kept)])
