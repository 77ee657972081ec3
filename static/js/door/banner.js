// The line that says how this tablet stands with the server, the marks that it refused, and who is in now.
import { nameOf, wallTime } from "./states.js";

const marks = (number) => `${number} ${number === 1 ? "mark" : "marks"}`;
const DONE = {
  arrived: "in",
  walk_in: "taken in",
  absent: "absent",
  undone: "taken back",
  collected: "collected",
  left_alone: "left alone",
  to_bus: "to the bus",
  to_activity: "to another activity",
};

function words({ isReached, isLocked, isBroken, isKept, isReady, hasNone, waiting, stuck, made }) {
  const wait = waiting ? `${marks(waiting)} not sent` : "";
  if (isBroken) return ["bad", "This device cannot keep marks now. Use paper, and ring the office."];
  if (isLocked) return ["bad", wait ? `Signed out: ${wait}. Sign in, and they are sent.` : "Signed out on this device."];
  if (hasNone) return ["bad", wait ? `Offline: ${wait}. They stay here until the server has them.` : "Offline."];
  if (isReached === null) return ["plain", wait ? `${wait} yet. Asking the server.` : "Asking the server."];
  if (!isReached) {
    const since = made ? ` The list is from ${wallTime(made)}.` : "";
    return ["bad", wait ? `Offline: ${wait}. Go on marking.${since}` : `Offline. Go on marking: nothing is lost.${since}`];
  }
  if (stuck) return ["bad", `${marks(stuck)} not sent: the server does not understand. Use paper too, and ring the office.`];
  if (waiting) return ["plain", `Sending ${marks(waiting)}.`];
  return ["good", `All sent.${isReady && isKept ? " Works offline too." : ""}`];
}

export function makeBanner(place) {
  const text = place.querySelector("span");
  return {
    show(net) {
      const [kind, said] = words(net);
      place.dataset.kind = kind;
      if (text.textContent !== said) text.textContent = said;
    },
  };
}

export function showRefused(place, refused, nameFor, read) {
  place.hidden = !refused.length;
  place.querySelector("ul").replaceChildren(
    ...refused.map((mark) => {
      const line = document.createElement("li");
      const name = document.createElement("bdi");
      name.textContent = nameFor(mark.pupil_id);
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button button-small";
      button.textContent = "I have read this";
      button.addEventListener("click", () => read(mark.uid));
      line.append(name, ` ${DONE[mark.what]} at ${wallTime(mark.at)}: ${mark.refused} `, button);
      return line;
    }),
  );
}

// Everyone who is in, by session, from what this device knows: on the screen at one tap, and on paper at two.
export function showHere(dialog, sessions, toldAt) {
  const rows = sessions
    .map((session) => [session, session.children.filter((child) => child.now.state === "in")])
    .filter(([, children]) => children.length);
  const total = new Set(rows.flatMap(([, children]) => children.map((child) => child.id))).size;
  dialog.querySelector("[data-total]").textContent = total;
  dialog.querySelector("[data-made]").textContent = `${wallTime(new Date().toISOString())}, and last heard of the server at ${
    toldAt > 0 ? wallTime(new Date(toldAt).toISOString()) : "no time since this page was opened"
  }`;
  dialog.querySelector("[data-rows]").replaceChildren(...rows.map(([session, children]) => group(session, children)));
  dialog.showModal();
}

function group(session, children) {
  const part = document.createElement("section");
  const head = document.createElement("h3");
  head.textContent = `${session.name}, ${session.room}: ${children.length}`;
  const list = document.createElement("ol");
  list.append(
    ...children.map((child) => {
      const line = document.createElement("li");
      const name = document.createElement("bdi");
      name.textContent = nameOf(child);
      line.append(name, `${child.class ? `, ${child.class}` : ""}, since ${wallTime(child.now.in)}`);
      return line;
    }),
  );
  part.append(head, list);
  return part;
}
