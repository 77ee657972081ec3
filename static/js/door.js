// The door: keeps each mark before it shows it, and brings marks to the server whenever that answers.
import { makeAlarms, makeAsking } from "./door/asking.js";
import { makeScreen } from "./door/screen.js";
import { isOut, mayMark, nameOf, newChecks, wallTime } from "./door/states.js";
import { askToStay, canKeep, forgetDay, keepDay, keepMark, keptDay, keptMarks, letGo } from "./door/store.js";
import { makeServer, SignedOut, Unreachable } from "./door/sync.js";

const EVERY = 30_000;
const SOON = 250;
const STATES = { arrived: "is in", walk_in: "is in", absent: "is absent", undone: "is as before" };
const CHANGED = "Something changed: look at the leader’s sheet before you release this child.";
const root = document.querySelector("[data-door]");
const seen = { day: null, endsAt: 0, marks: [], sessions: [], session: 0, alarms: [] };
const net = { isReached: null, isLocked: false, isBroken: false, isKept: false, isReady: false, at: 0, stuck: 0 };
let touchedAt = Date.now();
let offset = 0;
let lastDone = null;

const server = makeServer(root.dataset, () => touchedAt);
const screen = makeScreen(root, seen, net, { press, read, undoLast, serverNow: () => Date.now() + offset });
const asking = makeAsking(root, mark);
const alarms = makeAlarms(root.querySelector("[data-alarm-box]"), (alarm) => {
  seen.alarms = seen.alarms.filter((one) => one !== alarm);
  keep();
});

const today = () =>
  new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/London" }).format(new Date(Date.now() + offset));

// --- marking ---------------------------------------------------------------------------------------------------------

function press(child, what) {
  const here = screen.here();
  if (what === "out") {
    const isNext = (one) => one.starts > here.starts && one.children.some(({ id }) => id === child.id);
    asking.askOut(child, seen.sessions.filter(isNext));
  } else if (what === "absent") asking.askAway(child);
  else mark(child, what, "");
}

async function mark(child, what, detail) {
  const now = screen.here()?.children.find(({ id }) => id === child.id)?.now;
  const undoes = what === "undone" ? now?.last : null;
  if (what === "undone" ? !undoes : !mayMark(now?.state ?? "expected", what)) return;
  const made = {
    uid: crypto.randomUUID(),
    session_id: seen.session,
    pupil_id: child.id,
    what,
    at: new Date().toISOString(),
    detail: detail || null,
    undoes,
    by: seen.day.person,
  };
  try {
    const kept = await keepMark(made);
    net.isBroken = false;
    if (!seen.marks.some(({ uid }) => uid === kept.uid)) seen.marks = [...seen.marks, kept];
  } catch {
    net.isBroken = true;
    screen.draw();
    screen.say(`The mark for ${nameOf(child)} was not kept. Write it on paper.`, false);
    return;
  }
  screen.draw();
  if (what === "walk_in") screen.endSearch();
  lastDone = what === "undone" ? null : { child, made };
  screen.say(`${nameOf(child)} ${isOut(what) ? "is out" : STATES[what]}, ${wallTime(made.at)}`, Boolean(lastDone));
  soon();
}

function undoLast() {
  if (!lastDone) return;
  const { child, made } = lastDone;
  if (seen.session !== made.session_id) screen.go(made.session_id);
  if (screen.here()?.children.find(({ id }) => id === child.id)?.now.last === made.uid) mark(child, "undone", "");
}

function read(uid) {
  letGo([uid]).then(round);
}

// --- the server ------------------------------------------------------------------------------------------------------

// The day goes onto the disk until its end; when that has passed already, or the disk says no, it is on the screen alone.
async function keep() {
  if (!seen.day || Date.now() >= seen.endsAt) net.isKept = false;
  else net.isKept = await keepDay({ ...seen.day, alarms: seen.alarms }, seen.endsAt).then(() => true, () => false);
}

async function take(day, now) {
  offset = now - Date.now();
  const isSame = seen.day && seen.day.person === day.person;
  const warned = new Set(seen.alarms.map((alarm) => alarm.pupil_id));
  const fresh = isSame ? newChecks(seen.day, day).filter((child) => !warned.has(child.id)) : [];
  if (seen.day && !isSame) seen.alarms = [];
  seen.day = day;
  seen.endsAt = Date.parse(day.ends_at) - offset;
  raise(fresh.map((child) => ({ pupil_id: child.id, name: nameOf(child), words: CHANGED })));
  await keep();
}

function raise(found) {
  const whole = found.map((alarm) => ({ name: screen.childName(alarm.pupil_id), ...alarm }));
  seen.alarms = [...seen.alarms, ...whole];
  alarms.raise(whole);
}

// Nobody is signed in any more: the list goes from the screen and from the disk. What was marked stays.
async function lock() {
  Object.assign(net, { isLocked: true, isReached: true });
  seen.day = null;
  seen.alarms = [];
  server.forgetTag();
  for (const dialog of root.querySelectorAll("dialog[open]")) dialog.close();
  await forgetDay();
}

async function endOfShift() {
  const isOver = await forgetDay(Date.now());
  if (!isOver && !(seen.day && Date.now() >= seen.endsAt)) return;
  net.isKept = false;
  if (net.isReached) return;
  seen.day = null;
  server.forgetTag();
}

async function exchange() {
  try {
    await endOfShift();
    const { alarms: found, stuck } = await server.flush();
    net.stuck = stuck;
    // An alarm does not wait for the list, which may be slow or not come at all.
    if (found.length) raise(found);
    await server.fetchDay(today(), take);
    Object.assign(net, { isReached: true, isLocked: false, isBroken: false, at: Date.now() });
  } catch (error) {
    if (error.alarms?.length) raise(error.alarms);
    if (error instanceof SignedOut) await lock();
    else if (error instanceof Unreachable) net.isReached = false;
    else net.isBroken = true;
  }
  if (seen.alarms.length) await keep();
  await readMarks();
}

// What waits on the disk, and what was kept while it was read.
async function readMarks() {
  const before = new Set(seen.marks.map(({ uid }) => uid));
  const found = await keptMarks();
  const known = new Set(found.map(({ uid }) => uid));
  const late = seen.marks.filter(({ uid }) => !before.has(uid) && !known.has(uid));
  seen.marks = [...found, ...late];
}

let running = null;
let isWanted = false;

// One exchange at a time, in this page and in any other page of the door; whoever asks meanwhile gets one more.
function round() {
  isWanted = true;
  running ??= (async () => {
    while (isWanted) {
      isWanted = false;
      await (navigator.locks ? navigator.locks.request("registers", exchange) : exchange()).catch(() => (net.isBroken = true));
      screen.draw();
    }
    running = null;
  })();
  return running;
}

let soonTimer = 0;
function soon() {
  clearTimeout(soonTimer);
  soonTimer = setTimeout(round, SOON);
}

// --- from here on it runs --------------------------------------------------------------------------------------------

async function begin() {
  server.useToken(root.dataset.token);
  try {
    await forgetDay(Date.now());
    const kept = await keptDay(Date.now());
    seen.marks = await keptMarks();
    if (kept?.day.date === today()) {
      Object.assign(seen, { day: kept.day, endsAt: kept.endsAt });
      net.isKept = true;
      screen.draw();
      raise(kept.day.alarms ?? []);
    }
  } catch {
    net.isBroken = true;
  }
  await round();
  await askToStay();
}

function listen() {
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => (touchedAt = Date.now()), { capture: true, passive: true });
  }
  window.addEventListener("online", round);
  window.addEventListener("offline", () => {
    net.isReached = false;
    screen.draw();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && round());
  setInterval(round, EVERY);
}

async function beReady() {
  await navigator.serviceWorker.register(root.dataset.worker, { scope: root.dataset.scope });
  await navigator.serviceWorker.ready;
  net.isReady = true;
  screen.draw();
}

if (canKeep()) {
  root.hidden = false;
  listen();
  begin();
  if (navigator.serviceWorker) beReady().catch(() => {});
} else {
  document.querySelector("[data-door-cannot]").hidden = false;
}
