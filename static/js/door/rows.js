// The list of children at the door: one row a child, made once and then only changed, so that nothing moves under a
// thumb and the keyboard stays where it is.
import { fits, nameOf, wallTime } from "./states.js";

const SHOWS = {
  all: () => true,
  expected: (child) => child.now.state === "expected",
  in: (child) => child.now.state === "in",
  gone: (child) => child.now.state === "out" || child.now.state === "absent",
};
const MAIN = { expected: ["arrived", "In"], absent: ["arrived", "In"], in: ["out", "Out"], out: ["arrived", "Back in"] };
const TAGS = { held: "Not yet paid", walk_in: "Walk-in" };
const DOUBLE_TAP = 600;

export function stateWords(now) {
  if (now.state === "in") return `In since ${wallTime(now.in)}`;
  if (now.state === "absent") return now.how ? `Absent: ${now.how}` : "Absent";
  if (now.state === "out") {
    const how = [now.how || "Out", wallTime(now.out)].filter(Boolean).join(" at ");
    return now.detail ? `${how}: ${now.detail}` : how;
  }
  return "Not here yet";
}

// `press(child, what)` is called with arrived, out, absent, undone or walk_in.
export function makeList(list, template, press) {
  const rows = new Map();
  let shown = [];
  let touched = { id: 0, at: 0 };

  function made(child) {
    const row = template.content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-${name}]`);
    const parts = Object.fromEntries(
      ["name", "class", "tag", "away", "check", "shape", "words", "waits", "undo", "absent", "main"].map((name) => [
        name,
        part(name),
      ]),
    );
    const found = { row, parts, child };
    row.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-what]");
      if (!button) return;
      const isTwice = touched.id === child.id && event.timeStamp - touched.at < DOUBLE_TAP;
      touched = { id: child.id, at: event.timeStamp };
      if (!isTwice) press(found.child, button.dataset.what, button);
    });
    return found;
  }

  function button(element, what, words, name) {
    element.hidden = !what;
    element.dataset.what = what;
    element.firstChild.data = words;
    element.lastElementChild.textContent = ` ${name}`;
  }

  function fill(found, child, isElsewhere) {
    const { row, parts } = found;
    const name = nameOf(child);
    found.child = child;
    row.dataset.state = isElsewhere ? "elsewhere" : child.now.state;
    parts.name.textContent = name;
    parts.class.textContent = child.class ?? "";
    parts.tag.textContent = TAGS[child.status] ?? "";
    parts.tag.hidden = !TAGS[child.status];
    parts.away.textContent = child.away || "";
    parts.away.hidden = !child.away;
    parts.check.hidden = !child.check;
    parts.shape.setAttribute("href", `#shape-${isElsewhere ? "expected" : child.now.state}`);
    parts.words.textContent = isElsewhere ? `In the list of ${child.where}` : stateWords(child.now);
    parts.waits.hidden = isElsewhere || !child.now.waits;
    const [what, words] = isElsewhere ? ["walk_in", "Take in"] : MAIN[child.now.state];
    // A focus on a button that goes is handed to the one that takes its place.
    const hadFocus = row.contains(document.activeElement);
    button(parts.main, what, words, name);
    button(parts.absent, !isElsewhere && child.now.state === "expected" ? "absent" : "", "Absent", name);
    button(parts.undo, !isElsewhere && child.now.last ? "undone" : "", "Undo", name);
    if (hadFocus && (document.activeElement?.hidden || document.activeElement === document.body)) {
      [parts.main, parts.undo, parts.absent].find((one) => !one.hidden)?.focus();
    }
  }

  function row(child, isElsewhere) {
    const id = `${isElsewhere ? "e" : ""}${child.id}`;
    if (!rows.has(id)) rows.set(id, made(child));
    fill(rows.get(id), child, isElsewhere);
    return rows.get(id).row;
  }

  // Chooses afresh who is listed; between two choices the list stays as it is, whatever is marked.
  function choose(children, elsewhere, { show, typed }) {
    shown = children.filter((child) => SHOWS[show](child) && fits(child, typed)).map((child) => child.id);
    update(children, typed ? elsewhere.filter((child) => fits(child, typed)) : []);
    return shown.length;
  }

  function update(children, elsewhere = []) {
    const by = new Map(children.map((child) => [child.id, child]));
    const wanted = shown.filter((id) => by.has(id)).map((id) => row(by.get(id), false));
    wanted.push(...elsewhere.map((child) => row(child, true)));
    for (const [place, element] of wanted.entries()) {
      if (list.children[place] !== element) list.insertBefore(element, list.children[place] ?? null);
    }
    while (list.children.length > wanted.length) list.lastElementChild.remove();
  }

  function clear() {
    rows.clear();
    shown = [];
    list.replaceChildren();
  }

  // Children who came into the list since it was chosen: a walk-in, or a booking that the server just told of.
  function add(children) {
    const known = new Set(shown);
    shown.push(...children.filter((child) => !known.has(child.id)).map((child) => child.id));
  }

  // Those of other sessions who are listed now: what is typed decides, not what is marked.
  function stillElsewhere(children) {
    return children.filter((child) => rows.get(`e${child.id}`)?.row.isConnected);
  }

  return { choose, update, clear, add, stillElsewhere };
}
