// Where each child is, from the day as the server told it and the marks that this tablet still holds. Nothing here
// touches the page or the store. The server's own rules decide in the end; this is what a person at the door sees.
export const HOW = {
  collected: "Collected",
  left_alone: "Left alone",
  to_bus: "To the bus",
  to_activity: "To another activity",
};
export const INS = new Set(["arrived", "walk_in"]);
export const isOut = (what) => what in HOW;

// What may be pressed from where a child is.
const NEXT = {
  expected: ["arrived", "absent", "walk_in"],
  in: Object.keys(HOW),
  absent: ["arrived", "walk_in"],
  out: ["arrived"],
};

export function mayMark(state, what) {
  return (NEXT[state] ?? []).includes(what);
}

const WALL = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/London", hour: "2-digit", minute: "2-digit" });

// "15:32" by the school's clock, from an instant or from a time that is one already.
export function wallTime(value) {
  if (!value) return "";
  return /^\d\d:\d\d/.test(value) ? value.slice(0, 5) : WALL.format(new Date(value));
}

const key = (session, child) => `${session}/${child}`;

function fromServer(child) {
  const { state, how, last } = child;
  return { state, in: child.in || "", out: child.out || "", how: how || "", last: last || "", waits: false };
}

function before(told) {
  if (told.state === "out" && told.in) return { ...told, state: "in", out: "", how: "", last: "", waits: true };
  return { state: "expected", in: "", out: "", how: "", last: "", waits: true };
}

// Who had moved on into the session that is taken back is where it came from again.
function takeBack(states, place, told, sessions) {
  states.set(place, before(told));
  const child = place.split("/")[1];
  for (const { id } of told.state === "in" ? sessions : []) {
    const there = states.get(key(id, child));
    if (there?.state === "out" && there.how === HOW.to_activity && there.out === told.in) {
      states.set(key(id, child), { ...before(there), last: "" });
    }
  }
}

function after(now, mark) {
  const next = { ...now, last: mark.uid, waits: !mark.sent };
  if (INS.has(mark.what)) return { ...next, state: "in", in: mark.at, out: "", how: "" };
  if (mark.what === "absent") return { ...next, state: "absent", how: mark.detail || "" };
  return { ...next, state: "out", out: mark.at, how: HOW[mark.what], detail: mark.detail || "" };
}

// The sessions of the day with each child's present state: marks that wait are laid over what the server told, in
// their order; a mark that was taken back counts as never made; who comes into one session is out of every other.
export function derive(day, marks) {
  const states = new Map();
  const known = new Map();
  for (const session of day.sessions) {
    for (const child of session.children) {
      known.set(child.id, child);
      states.set(key(session.id, child.id), fromServer(child));
    }
  }
  const told = new Map(states);
  const live = marks.filter((mark) => !mark.refused);
  const taken = new Set(live.filter((mark) => mark.what === "undone").map((mark) => mark.undoes));
  for (const [place, state] of told) {
    if (state.last && taken.has(state.last)) takeBack(states, place, state, day.sessions);
  }
  for (const mark of live) {
    if (mark.what === "undone" || taken.has(mark.uid)) continue;
    lay(states, known, mark, day.sessions);
  }
  return day.sessions.map((session) => ({ ...session, children: listed(session, states, known) }));
}

function lay(states, known, mark, sessions) {
  const place = key(mark.session_id, mark.pupil_id);
  if (!known.has(mark.pupil_id)) return;
  const told = states.get(place);
  // What the server has told of already is not laid over it a second time, nor is it over what came later.
  if (told?.last === mark.uid) return;
  if (told && !told.waits && wallTime(told.out || told.in) > wallTime(mark.at)) return;
  if (INS.has(mark.what)) {
    for (const other of sessions) {
      const there = key(other.id, mark.pupil_id);
      if (other.id !== mark.session_id && states.get(there)?.state === "in") {
        states.set(there, { ...states.get(there), state: "out", out: mark.at, how: HOW.to_activity, last: "", waits: true });
      }
    }
  }
  states.set(place, after(states.get(place) ?? { in: "", out: "", how: "" }, mark));
}

function listed(session, states, known) {
  const own = session.children.map((child) => ({ ...child, now: states.get(key(session.id, child.id)) }));
  const ids = new Set(own.map((child) => child.id));
  for (const [id, child] of known) {
    const now = states.get(key(session.id, id));
    if (!ids.has(id) && now && now.state !== "expected") {
      own.push({ ...child, status: "walk_in", away: "", now });
    }
  }
  return own.sort((one, other) => byName(one, other));
}

const order = new Intl.Collator("en-GB", { sensitivity: "base" });
function byName(one, other) {
  return (
    order.compare(one.first, other.first) ||
    order.compare(one.initial, other.initial) ||
    order.compare(one.mark || "", other.mark || "") ||
    one.id - other.id
  );
}

export function count(session, ...states) {
  return session.children.filter((child) => states.includes(child.now.state)).length;
}

// Not here yet, and nobody said why.
export function missing(session) {
  return session.children.filter((child) => child.now.state === "expected" && !child.away).length;
}

export function nameOf(child) {
  return [child.first, child.initial ? `${child.initial}.` : "", child.mark].filter(Boolean).join(" ");
}

const plain = (words) => words.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLocaleLowerCase("en-GB");

// Whether every word that was typed begins a word of the child's name or class.
export function fits(child, typed) {
  const own = plain(`${nameOf(child)} ${child.class ?? ""}`).split(/[\s.]+/);
  return plain(typed)
    .split(/[\s.]+/)
    .filter(Boolean)
    .every((word) => own.some((one) => one.startsWith(word)));
}

// The session that the door is about: the one that is on, else the next one, else the last.
export function sessionNow(sessions, wall) {
  return (
    sessions.find((one) => one.starts <= wall && wall < one.ends) ??
    sessions.find((one) => one.starts > wall) ??
    sessions.at(-1)
  );
}

// Children whom the server now marks "check before release" and did not before, and who are still here or to come.
export function newChecks(old, fresh) {
  const were = new Map(old.sessions.flatMap((session) => session.children.map((child) => [child.id, child.check])));
  const found = new Map();
  for (const child of fresh.sessions.flatMap((session) => session.children)) {
    if (child.check && were.get(child.id) === false) found.set(child.id, child);
  }
  return [...found.values()];
}
