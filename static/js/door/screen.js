// What stands on the screen of the door: sessions, counts, the list, and how the device stands with the server.
import { makeBanner, showHere, showRefused } from "./banner.js";
import { makeList } from "./rows.js";
import { count, derive, missing, nameOf, sessionNow, wallTime } from "./states.js";
import { isWaiting } from "./store.js";

const NAMES = ["tabs", "list", "search", "shows", "counts", "empty", "said", "undo-last", "register", "panel", "locked",
  "none", "refused", "here-box"];

// `seen` is the day and its marks, `net` how the server was last found; both belong to the caller, who calls `draw`.
export function makeScreen(root, seen, net, { press, read, undoLast, serverNow }) {
  const parts = Object.fromEntries(NAMES.map((name) => [name, root.querySelector(`[data-${name}]`)]));
  const banner = makeBanner(root.querySelector("[data-net]"));
  const list = makeList(parts.list, root.querySelector("template"), press);
  let show = "all";

  const here = () => seen.sessions.find((session) => session.id === seen.session);
  const typed = () => parts.search.value.trim();

  // Children of the day's other sessions: whoever turns up unbooked is found among them.
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

  // Lists afresh who fits what was asked for; until the next choice nobody leaves the list, whatever is marked.
  function choose() {
    if (!here()) return;
    const shown = list.choose(here().children, elsewhere(), { show, typed: typed() });
    parts.empty.hidden = shown > 0;
    parts.empty.textContent = here().children.length ? "Nobody in this list." : "Nobody is booked in this session.";
    for (const button of parts.shows.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.show === show));
    }
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

  function drawTab(session) {
    const known = parts.tabs.querySelector(`[data-session="${session.id}"]`);
    const button = known ?? parts.tabs.appendChild(newTab(session));
    const [name, line] = button.children;
    name.textContent = session.name;
    line.textContent = `${wallTime(session.starts)} to ${wallTime(session.ends)} · ${count(session, "in")} in`;
    if (session.id === seen.session) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }

  function drawTabs() {
    const ids = new Set(seen.sessions.map((session) => String(session.id)));
    for (const old of [...parts.tabs.children]) if (!ids.has(old.dataset.session)) old.remove();
    seen.sessions.forEach(drawTab);
  }

  function drawList() {
    const children = here().children;
    const shown = [children.length, count(here(), "in"), count(here(), "out"), missing(here())];
    [...parts.counts.querySelectorAll("dd")].forEach((place, which) => (place.textContent = shown[which]));
    parts.register.href = root.dataset.register.replace("0", String(here().id));
    if (!parts.list.children.length) choose();
    else if (show === "all" && !typed()) {
      list.add(children);
      list.update(children);
    } else list.update(children, typed() ? list.stillElsewhere(elsewhere()) : []);
  }

  function go(id) {
    seen.session = id;
    show = "all";
    parts.search.value = "";
    list.clear();
    draw();
    parts.tabs.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function draw() {
    const isShown = Boolean(seen.day) && !net.isLocked;
    const hasNone = !isShown && !net.isLocked && net.isReached === false;
    parts.panel.hidden = !isShown;
    parts.locked.hidden = !net.isLocked;
    parts.none.hidden = !hasNone;
    banner.show({ ...net, hasNone, waiting: seen.marks.filter(isWaiting).length, made: seen.day?.made_at });
    seen.sessions = isShown ? derive(seen.day, seen.marks) : [];
    showRefused(parts.refused, seen.marks.filter((one) => one.refused), childName, read);
    if (!here()) seen.session = sessionNow(seen.sessions, wallTime(new Date(serverNow()).toISOString()))?.id ?? 0;
    drawTabs();
    parts.counts.hidden = !here();
    if (here()) return drawList();
    list.clear();
    parts.empty.hidden = false;
    parts.empty.textContent = "Nothing of yours runs today.";
    return undefined;
  }

  function childName(id) {
    const found = seen.sessions.flatMap((session) => session.children).find((child) => child.id === id);
    return found ? nameOf(found) : "A child who is not in this list";
  }

  function say(words, canUndo) {
    parts.said.textContent = words;
    parts["undo-last"].hidden = !canUndo;
  }

  function endSearch() {
    parts.search.value = "";
    choose();
  }

  parts.search.addEventListener("input", choose);
  parts.shows.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    show = button.dataset.show;
    choose();
  });
  parts["undo-last"].addEventListener("click", undoLast);
  root.querySelector("[data-here]").addEventListener("click", () => showHere(parts["here-box"], seen.sessions, net.at));
  parts["here-box"].addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
    if (event.target.closest("[data-close]")) parts["here-box"].close();
  });

  return { draw, go, here, say, childName, endSearch };
}
