"""Questions put to the evidence of a race: was anything sold twice, lost, done twice, or kept back without a reason?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.races.evidence import OF_BOOKED, Evidence
from tests.races.history import NEVER, Call
from tests.races.lives import Life, bound

BUCKET = 5 * 10**9
FACTS = {"hold": "held", "offer": "offered", "book": "booked", "refused": "turned_away", "wait": "waiting"}
"""What the request log keeps of an effect; an end is `cancelled`, or `expired` when a card page ran out."""


@dataclass
class Verdict:
    """What is wrong, and how much was looked at: intervals of places, and refusals as full that nothing excused."""

    problems: list[str]
    places: int
    full: int
    full_by_list: int


def judge(evidence: Evidence) -> Verdict:
    """Ask everything."""
    problems = [*evidence.problems, *(f"the engine's own books: {one}" for one in evidence.rows.problems)]
    problems += [
        f"an error: {call.reason} {_of(call)}" for call in evidence.calls if call.outcome == "broken"
    ]
    problems += [*lost(evidence), *odd_ends(evidence), *oversold(evidence), *twice(evidence)]
    problems += [*lists(evidence), *money(evidence), *log(evidence), *capacities(evidence)]
    kept_back, full, by_list = undersold(evidence)
    return Verdict([*problems, *kept_back], len(evidence.lives), full, by_list)


def lost(evidence: Evidence) -> Iterator[str]:
    """Whatever was answered with yes stands in the rows, unless something later undid it."""
    for call in evidence.calls:
        for word, *rest in call.effects:
            life = evidence.lives.get(rest[0]) if word in {"hold", "offer", "book", "end"} else None
            if life is None:
                continue
            column = {"book": "booked_at", "end": "ended_at"}.get(word, "held_at")
            was_revived = word == "end" and life.booked is not None and life.booked.kind == "pay_late"
            if life.row[column] != call.at and not was_revived:
                yield f"place {rest[0]}: {word} was answered with yes, and the row knows nothing of it {_of(call)}"
            elif word != "end" and life.pair != (rest[1], rest[2]):
                yield f"place {rest[0]}: {word} was answered for another child or session {_of(call)}"


def odd_ends(evidence: Evidence) -> Iterator[str]:
    """A booked place ends only with its price given back, and a hold does not run out before its time."""
    for life in evidence.lives.values():
        row, is_booked = life.row, life.booked is not None
        if (row["state"] == "booked") != (is_booked and life.ended is None):
            yield f"place {row['id']}: its state {row['state']} does not go with what was booked and ended"
        if is_booked and life.ended is not None and life.ended.kind not in OF_BOOKED:
            yield f"place {row['id']}: booked, and ended by what ends no booking {_of(life.ended)}"
        by_clock = row["state"] == "expired" and life.ended is not None and life.ended.kind != "give_up"
        if by_clock and (row["held_until"] is None or row["held_until"] > row["ended_at"]):
            yield f"place {row['id']}: ran out before its time {_of(life.ended)}"


def oversold(evidence: Evidence) -> Iterator[str]:
    """At no moment are more places taken beyond doubt than there may have been."""
    moments: dict[int, list[tuple[int, int, Life]]] = defaultdict(list)
    for life in evidence.lives.values():
        for start, end in life.certain(evidence.fast):
            moments[life.pair[1]] += [(start, 1, life), (end, -1, life)]
    for session, events in moments.items():
        there: list[Life] = []
        for moment, step, life in sorted(events, key=lambda one: one[:2]):
            if step < 0:
                there.remove(life)
                continue
            there.append(life)
            allowed = max(evidence.numbers[session].between(moment, moment))
            if len(there) > allowed:
                ids = [one.row["id"] for one in there]
                yield f"session {session} at {moment}: {len(there)} taken, {allowed} allowed: places {ids}"


def twice(evidence: Evidence) -> Iterator[str]:
    """No child has two places in one session at once."""
    by_pair: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
    for place, life in evidence.lives.items():
        by_pair[life.pair] += [(start, end, place) for start, end in life.certain(evidence.fast)]
    for pair, spans in by_pair.items():
        spans.sort()
        for (_, end, one), (start, _, other) in pairwise(spans):
            if start < end and one != other:
                yield f"pupil {pair[0]} has places {one} and {other} in session {pair[1]} at {start}"


def lists(evidence: Evidence) -> Iterator[str]:
    """Waiting entries are there because somebody joined, and end as somebody answered."""
    rows = {row["id"]: row for row in evidence.rows.entries}
    by_at = evidence.by_at
    for row in rows.values():
        joined, ended = by_at.get(row["joined_at"]), by_at.get(row["ended_at"])
        wanted = {"accepted": "accept", "left": "leave"}.get(row["state"])
        if joined is None or joined.kind != "join":
            yield f"waiting entry {row['id']}: nobody who was not refused joined then"
        if row["ended_at"] is not None and (ended is None or wanted not in {None, ended.kind}):
            yield f"waiting entry {row['id']}: {row['state']}, and nobody asked for that then"
        if row["state"] == "accepted" and not _is_booked_by(evidence, row["offered_place_id"], ended):
            yield f"waiting entry {row['id']}: accepted, and its place was not booked by that"
    for call in evidence.calls:
        for word, *rest in call.effects:
            found = rows.get(rest[0] if word in {"wait", "answered"} else 0)
            if word == "wait" and (found is None or found["joined_at"] != call.at):
                yield f"waiting entry {rest[0]}: joining was answered with yes, and it is not there {_of(call)}"
            if word == "answered" and (found is None or found["ended_at"] != call.at):
                yield f"waiting entry {rest[0]}: the answer to the offer or place was lost {_of(call)}"


def _is_booked_by(evidence: Evidence, place: int | None, call: Call | None) -> bool:
    life = evidence.lives.get(place or 0)
    return life is not None and life.booked is call


def money(evidence: Evidence) -> Iterator[str]:
    """What each family owes is what the answers say; of calls without an answer, what the rows name counts."""
    owed: Counter[int] = Counter()
    for call in evidence.calls:
        for word, *rest in call.effects:
            life = evidence.lives.get(rest[0]) if word in {"book", "end"} else None
            if life is not None:
                owed[life.row["account_id"]] += rest[4] if word == "book" else -rest[1]
    for life in evidence.lives.values():
        price, account = life.row["price_pence"], life.row["account_id"]
        if life.booked is not None and not life.booked.done:
            owed[account] += price
        if life.booked is not None and life.ended is not None and not life.ended.done:
            owed[account] -= price
    for account in {*owed, *evidence.rows.owed}:
        if owed[account] != evidence.rows.owed.get(account, 0):
            found = evidence.rows.owed.get(account, 0)
            yield f"account {account} owes {found} pence in the ledger, {owed[account]} by the answers"


def log(evidence: Evidence) -> Iterator[str]:
    """The request log has a row for each yes and each refusal, and none that nobody asked for."""
    facts = {tuple(fact) for fact in evidence.rows.facts}
    for at, what, pupil, session in facts:
        if at not in evidence.by_at:
            yield f"the log says {what} for pupil {pupil} in session {session} at {at}, and nobody did it"
    for call in evidence.calls:
        for effect in call.effects:
            wanted = _fact(evidence, call, effect)
            if wanted is not None and (call.at, *wanted) not in facts:
                yield f"the log lacks {wanted[0]} for pupil {wanted[1]} in session {wanted[2]} {_of(call)}"


def _fact(evidence: Evidence, call: Call, effect: list[object]) -> tuple[str, int, int] | None:
    word, *rest = effect
    if word == "end":
        life = evidence.lives.get(int(str(rest[0])))
        if life is None or call.kind in {"hold", "again"}:
            return None
        return ("expired" if call.kind == "give_up" else "cancelled", *life.pair)
    if word not in FACTS:
        return None
    pupil, session = rest[:2] if word == "refused" else rest[1:3]
    return FACTS[str(word)], int(str(pupil)), int(str(session))


def capacities(evidence: Evidence) -> Iterator[str]:
    """Changes of the number of places are on record, and the last one holds."""
    for call in evidence.calls:
        if call.kind == "capacity" and call.done and call.at not in evidence.rows.changes:
            yield f"a change of places was answered with yes, and is not on record {_of(call)}"
    for session, number in evidence.rows.capacity.items():
        if number not in evidence.numbers[session].between(NEVER, NEVER):
            yield f"session {session} has {number} places in the end, and nobody said so last"


def undersold(evidence: Evidence) -> tuple[list[str], int, int]:
    """Refusals as full while there was room throughout and nobody waited; how many were looked at, and left to a list."""
    near: dict[tuple[int, int], list[Life]] = defaultdict(list)
    end = max((bound(call) for call in evidence.calls), default=0)
    for life in evidence.lives.values():
        since, until = life.perhaps()
        for bucket in range(since // BUCKET, min(until, end) // BUCKET + 1):
            near[life.pair[1], bucket].append(life)
    waits = _waits(evidence)
    problems, looked, by_list = [], 0, 0
    for call in evidence.calls:
        for word, *rest in call.effects:
            if word != "refused" or rest[2] != "full":
                continue
            session = rest[1]
            if any(since <= call.answered and until >= call.asked for since, until in waits[session]):
                by_list += 1
                continue
            looked += 1
            buckets = range(call.asked // BUCKET, call.answered // BUCKET + 1)
            lives = {life.row["id"]: life for b in buckets for life in near[session, b]}
            taken = sum(life.may_count_for(call) for life in lives.values())
            brothers = len(evidence.school.children[call.args["account"]]) - 1
            places = min(evidence.numbers[session].between(call.asked, call.answered))
            if taken + brothers < places:
                problems.append(
                    f"session {session}: full was said, with {taken} of {places} taken {_of(call)}"
                )
    return problems, looked, by_list


def _waits(evidence: Evidence) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in evidence.rows.entries:
        joined, ended = evidence.by_at.get(row["joined_at"]), evidence.by_at.get(row["ended_at"])
        if row["state"] == "offered":
            ended = next((c for c in [_offer_of(evidence, row)] if c is not None), None)
        since = joined.asked if joined is not None else 0
        found[row["session_id"]].append((since, NEVER if ended is None else bound(ended)))
    return found


def _offer_of(evidence: Evidence, row: dict[str, object]) -> Call | None:
    life = evidence.lives.get(int(str(row["offered_place_id"] or 0)))
    return None if life is None else life.made


def _of(call: Call) -> str:
    return f"({call.kind} asked at {call.asked}, answered at {call.answered}, with {call.args})"
