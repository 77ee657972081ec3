// What the door asks before it marks: how a child goes out, why one is away, and the stop of whoever has to be checked.
import { HOW, nameOf, wallTime } from "./states.js";

const STOP = {
  check: "Look at the leader’s sheet before this child leaves. Something there decides who may take the child.",
  left_alone: "Only with a consent on the leader’s sheet that covers today and this hour.",
};

const A_BREATH = 300;
let openedAt = 0;

// The second tap of a double one is no answer to a question that has only just come up.
const isTooSoon = (event) => event.timeStamp - openedAt < A_BREATH;

function open(dialog, name) {
  openedAt = performance.now();
  for (const place of dialog.querySelectorAll("[data-who]")) place.textContent = name;
  dialog.showModal();
  dialog.scrollTop = 0;
}

// `done(child, what, detail)` is called once, and only after what had to be confirmed was confirmed.
export function makeAsking(root, done) {
  const out = root.querySelector("[data-ask-out]");
  const away = root.querySelector("[data-ask-away]");
  const stop = out.querySelector("[data-stop]");
  const ways = out.querySelector("[data-ways]");
  const onwards = out.querySelector("[data-onwards]");
  const by = out.querySelector("[data-by]");
  const reason = away.querySelector("[data-reason]");
  let asked = null;

  function show(part) {
    stop.hidden = part !== stop;
    ways.hidden = part !== ways;
    part.querySelector("button").focus();
  }

  function halt(why, goOn) {
    asked.goOn = goOn;
    stop.querySelector("[data-why]").textContent = why;
    show(stop);
  }

  function askOut(child, others) {
    asked = { child, isChecked: false };
    by.value = "";
    onwards.replaceChildren(
      ...others.map((session) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "door-way";
        Object.assign(button.dataset, { way: "to_activity", to: session.name });
        button.textContent = `To ${session.name}, ${wallTime(session.starts)}`;
        return button;
      }),
    );
    open(out, nameOf(child));
    if (child.check) halt(STOP.check, () => show(ways));
    else show(ways);
  }

  function finish(what, detail) {
    const { child, isChecked } = asked;
    const words = [detail, isChecked ? "leader’s sheet checked" : ""].filter(Boolean).join("; ");
    asked = null;
    out.close();
    done(child, what, words.slice(0, 160));
  }

  out.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !asked || isTooSoon(event)) return;
    if ("cancel" in button.dataset) out.close();
    if ("confirm" in button.dataset) {
      asked.isChecked = true;
      asked.goOn();
    }
    const way = button.dataset.way;
    if (!(way in HOW)) return;
    const detail = way === "to_activity" ? button.dataset.to : by.value.trim();
    if (way === "left_alone") halt(STOP.left_alone, () => finish(way, detail));
    else finish(way, detail);
  });

  function askAway(child) {
    asked = { child };
    reason.value = "";
    open(away, nameOf(child));
  }

  away.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !asked || isTooSoon(event)) return;
    if ("cancel" in button.dataset) away.close();
    if (!("why" in button.dataset)) return;
    const { child } = asked;
    asked = null;
    away.close();
    done(child, "absent", (button.dataset.why || reason.value.trim()).slice(0, 160));
  });

  return { askOut, askAway };
}

// Alarms stand over everything until a person has read them, one after the other.
export function makeAlarms(dialog, read) {
  let waiting = [];
  const words = dialog.querySelector("[data-alarm]");

  function next() {
    if (!waiting.length || dialog.open) return;
    words.textContent = waiting[0].words;
    open(dialog, waiting[0].name);
    navigator.vibrate?.([300, 100, 300]);
  }

  // A browser closes any dialog at the second Escape, whatever the page says: this one comes back until it was read.
  dialog.addEventListener("close", next);
  dialog.querySelector("button").addEventListener("click", (event) => {
    if (isTooSoon(event)) return;
    const seen = waiting.shift();
    dialog.close();
    read(seen);
    next();
  });

  return {
    raise(alarms) {
      const known = new Set(waiting.map((one) => `${one.pupil_id} ${one.words}`));
      waiting.push(...alarms.filter((one) => !known.has(`${one.pupil_id} ${one.words}`)));
      next();
    },
  };
}
