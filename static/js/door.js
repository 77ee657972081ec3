// The door: shows the day, keeps each mark before it shows it, and brings marks to the server whenever that answers.
import { makeAlarms, makeAsking } from "./door/asking.js";
import { makeBanner, showHere, showRefused } from "./door/banner.js";
import { makeList } from "./door/rows.js";
import { count, derive, isOut, mayMark, missing, nameOf, newChecks, sessionNow, wallTime } from "./door/states.js";
import { askToStay, canKeep, forgetDay, keepDay, keepMark, keptDay, keptMarks, isWaiting, letGo } from "./door/store.js";
import { makeServer, SignedOut } from "./door/sync.js";

const EVERY = 30_000;
const root = document.querySelector("[data-door]");
const part = (name) => root.querySelector(`[data-${name}]`);
const parts = Object.fromEntries(
  ["tabs", "list", "search", "shows", "counts", "empty", "said", "undo-last", "register", "panel", "locked", "none"].map((name) => [
    name,
    part(name),
  ]),
);
const seen = { day: null, endsAt: 0, marks: [], sessions: [], session: 0, show: "all", refused: [], alarms: [] };
const net = { isReached: null, isLocked: false, at: 0, stuck: 0, isReady: false };
let touchedAt = Date.now();
let offset = 0;
let lastDone = null;

const server = makeServer(root.dataset, () => touchedAt);
const banner = makeBanner(part("net"));
const list = makeList(parts.list, root.querySelector("template"), pressed);
const asking = makeAsking(root, mark);
const alarms = makeAlarms(part("alarm-box"), (alarm) => {
  seen.alarms = seen.alarms.filter((one) => one !== alarm);
  keep().catch(() => {});
});

const here = () => seen.sessions.find((session) => session.id === seen.session);
const today = () =>
  new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/London" }).format(new Date(Date.now() + offset));

// --- what is on the screen -------------------------------------------------------------------------------------------

function elsewhere() {
  const own = new Set(here().children.map((child) => child.id));
  const found = new Map();
  for (const session of seen.sessions) {
    for (const child of session.children) {
      if (!own.has(child.id) && !found.has(child.id)) found.set(child.id, { ...child, where: session.name });
    }
  }
  return [...found.values()];
}

function choose() {
  if (!here()) return;
  const typed = parts.search.value;
  const shown = list.choose(here().children, elsewhere(), { show: seen.show, typed });
  parts.empty.hidden = shown > 0;
  parts.empty.textContent = here().children.length ? "Nobody here fits." : "Nobody is booked in this session.";
  for (const button of parts.shows.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === seen.show));
  }
}

function tab(session) {
  const button = parts.tabs.querySelector(`[data-session="${session.id}"]`) ?? parts.tabs.appendChild(newTab(session));
  const [name, line] = button.children;
  name.textContent = session.name;
  line.textContent = `${wallTime(session.starts)} to ${wallTime(session.ends)} · ${count(session, "in")} in`;
  if (session.id === seen.session) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
}

function newTab(session) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `door-tab door-tab-${session.kind}`;
  button.dataset.session = session.id;
  button.append(document.createElement("strong"), document.createElement("span"));
  button.addEventListener("click", () => go(session.id));
  return button;
}

function go(id) {
  seen.session = id;
  seen.show = "all";
  parts.search.value = "";
  list.clear();
  draw();
  choose();
}

function draw() {
  const isShown = Boolean(seen.day) && !net.isLocked;
  const hasNone = !isShown && !net.isLocked && net.isReached === false;
  parts.panel.hidden = !isShown;
  parts.locked.hidden = !net.isLocked;
  parts.none.hidden = !hasNone;
  const waiting = seen.marks.filter(isWaiting).length;
  banner.show({ ...net, hasNone, waiting, made: seen.day?.made_at });
  if (!isShown) {
    list.clear();
    parts.tabs.replaceChildren();
    showRefused(part("refused"), [], () => "", read);
    return;
  }
  seen.sessions = derive(seen.day, seen.marks);
  if (!here()) seen.session = sessionNow(seen.sessions, wallTime(new Date(Date.now() + offset).toISOString()))?.id ?? 0;
  const ids = new Set(seen.sessions.map((session) => String(session.id)));
  for (const old of [...parts.tabs.children]) if (!ids.has(old.dataset.session)) old.remove();
  seen.sessions.forEach(tab);
  showRefused(part("refused"), seen.marks.filter((one) => one.refused), childName, read);
  parts.counts.hidden = !here();
  if (!here()) {
    parts.empty.textContent = "Nothing of yours runs today.";
    parts.empty.hidden = false;
    return;
  }
  const shown = [here().children.length, count(here(), "in"), count(here(), "out"), missing(here())];
  [...parts.counts.querySelectorAll("dd")].forEach((place, which) => (place.textContent = shown[which]));
  parts.register.href = root.dataset.register.replace("0", String(here().id));
  list.update(here().children, parts.search.value ? elsewhere().filter((child) => parts.search.value && child) : []);
}

function childName(id) {
  const found = seen.sessions.flatMap((session) => session.children).find((child) => child.id === id);
  return found ? nameOf(found) : "A child who is not in today’s list";
}

function say(words, made = null) {
  parts.said.textContent = words;
  lastDone = made;
  parts["undo-last"].hidden = !made;
}

// --- marking ---------------------------------------------------------------------------------------------------------

function pressed(child, what) {
  if (what === "out") {
    const others = seen.sessions.filter(
      (one) => one.id !== seen.session && one.starts > here().starts && one.children.some(({ id }) => id === child.id),
    );
    asking.askOut(child, others);
  } else if (what === "absent") asking.askAway(child);
  else mark(child, what, "");
}

async function mark(child, what, detail, undoes = "") {
  const session = seen.session;
  const now = here().children.find(({ id }) => id === child.id)?.now;
  const undone = what === "undone" ? undoes || now?.last : "";
  if (what === "undone" ? !undone : !mayMark(now?.state ?? "expected", what)) return;
  const made = {
    uid: crypto.randomUUID(),
    session_id: session,
    pupil_id: child.id,
    what,
    at: new Date().toISOString(),
    detail: detail || null,
    undoes: undone || null,
    by: seen.day.person,
  };
  try {
    seen.marks.push(await keepMark(made));
  } catch {
    say(`This tablet could not keep the mark for ${nameOf(child)}. Write it on paper.`);
    banner.shout();
    return;
  }
  draw();
  if (what === "walk_in" && seen.session === session) {
    parts.search.value = "";
    choose();
  }
  const state = { arrived: "is in", walk_in: "is in", absent: "is absent", undone: "is as before" }[what];
  say(`${nameOf(child)} ${isOut(what) ? "is out" : state}, ${wallTime(made.at)}`, what === "undone" ? null : { child, made });
  soon();
}

parts["undo-last"].addEventListener("click", () => {
  if (!lastDone) return;
  const { child, made } = lastDone;
  if (seen.session !== made.session_id) go(made.session_id);
  if (here().children.find(({ id }) => id === child.id)?.now.last === made.uid) mark(child, "undone", "", made.uid);
});

function read(uid) {
  letGo([uid]).then(round);
}

// --- the server ------------------------------------------------------------------------------------------------------

// The day goes onto the disk until its end; an end that has passed already keeps it on the screen alone.
function keep() {
  return Date.now() < seen.endsAt ? keepDay({ ...seen.day, alarms: seen.alarms }, seen.endsAt) : Promise.resolve();
}

async function take(day, serverNow) {
  offset = serverNow - Date.now();
  const old = seen.day;
  const warned = new Set(seen.alarms.map((alarm) => alarm.pupil_id));
  const fresh = old && old.person === day.person ? newChecks(old, day) : [];
  raise(fresh.filter((child) => !warned.has(child.id)).map(checkAlarm));
  seen.day = day;
  seen.endsAt = Date.parse(day.ends_at) - offset;
  await keep();
}

function checkAlarm(child) {
  return { pupil_id: child.id, name: nameOf(child), words: "Something changed: look at the leader’s sheet before you release this child." };
}

function raise(found) {
  const whole = found.map((alarm) => ({ name: childName(alarm.pupil_id), ...alarm }));
  seen.alarms.push(...whole);
  alarms.raise(whole);
}

async function lock() {
  net.isLocked = true;
  net.isReached = true;
  seen.day = null;
  server.forgetTag();
  for (const dialog of root.querySelectorAll("dialog[open]")) dialog.close();
  await forgetDay();
}

async function exchange() {
  await endOfShift();
  try {
    const { alarms: found, stuck } = await server.flush();
    net.stuck = stuck;
    // The list may know a child only after the next line, and an alarm does not wait for it.
    if (found.length) raise(found);
    await server.fetchDay(today(), take);
    Object.assign(net, { isReached: true, isLocked: false, at: Date.now() });
  } catch (error) {
    if (error.alarms?.length) raise(error.alarms);
    if (error instanceof SignedOut) await lock();
    else net.isReached = false;
  }
  if (seen.alarms.length && seen.day) await keep().catch(() => {});
  const known = new Set(seen.marks.map((one) => one.uid));
  seen.marks = await keptMarks();
  // What was pressed meanwhile is on the disk, and so in what was just read.
  if (seen.marks.some((one) => !known.has(one.uid))) soon();
}

async function endOfShift() {
  if (seen.day && Date.now() >= seen.endsAt && net.isReached !== true) {
    seen.day = null;
    server.forgetTag();
  }
  await forgetDay(Date.now());
}

let running = null;
let again = false;
function round() {
  if (running) {
    again = true;
    return running;
  }
  const one = navigator.locks ? navigator.locks.request("registers", exchange) : exchange();
  running = one
    .catch(() => (net.isReached = false))
    .then(() => {
      running = null;
      const ids = here()?.children.length;
      draw();
      if (here() && (ids === undefined || !parts.list.children.length)) choose();
      else if (here()) addNew();
      if (again) {
        again = false;
        return round();
      }
      return undefined;
    });
  return running;
}

function addNew() {
  if (seen.show !== "all" || parts.search.value) return;
  list.add(here().children);
  list.update(here().children);
}

let soonTimer = 0;
function soon() {
  clearTimeout(soonTimer);
  soonTimer = setTimeout(round, 250);
}

// --- from here on it runs --------------------------------------------------------------------------------------------

async function begin() {
  server.useToken(root.dataset.token);
  await forgetDay(Date.now());
  const kept = await keptDay(Date.now());
  seen.marks = await keptMarks();
  if (kept && kept.day.date === today()) {
    seen.day = kept.day;
    seen.endsAt = kept.endsAt;
    draw();
    choose();
    raise(kept.day.alarms ?? []);
  }
  await round();
  await askToStay();
}

function listen() {
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => (touchedAt = Date.now()), { capture: true, passive: true });
  }
  parts.search.addEventListener("input", choose);
  parts.shows.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) {
      seen.show = button.dataset.show;
      choose();
    }
  });
  for (const button of root.querySelectorAll("[data-here]")) {
    button.addEventListener("click", () => showHere(part("here-box"), seen.sessions, net.at + offset));
  }
  window.addEventListener("online", round);
  window.addEventListener("offline", () => {
    net.isReached = false;
    draw();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && round());
  setInterval(round, EVERY);
}

if (canKeep()) {
  root.hidden = false;
  listen();
  begin();
  navigator.serviceWorker
    ?.register(root.dataset.worker, { scope: root.dataset.scope })
    .then(() => navigator.serviceWorker.ready)
    .then(() => {
      net.isReady = true;
      draw();
    })
    .catch(() => {});
} else {
  document.querySelector("[data-door-cannot]").hidden = false;
}
