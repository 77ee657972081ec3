// Signing out waits for marks that the server does not have yet, says how many they are, and takes the list with it.
import { canKeep, forgetDay, isWaiting, keptMarks } from "./door/store.js";
import { makeServer } from "./door/sync.js";

const places = document.querySelector("script[data-sign-out]").dataset;
const form = document.querySelector(".menu form");

function say(words) {
  const place = document.querySelector("[data-sign-out-says]") ?? document.createElement("div");
  place.className = "problem";
  place.dataset.signOutSays = "";
  place.setAttribute("role", "alert");
  if (!place.isConnected) document.querySelector("main .shell").prepend(place);
  const line = document.createElement("p");
  line.textContent = words;
  place.replaceChildren(line);
}

async function waiting() {
  return (await keptMarks()).filter(isWaiting).length;
}

async function keepsNothing() {
  const all = (await indexedDB.databases?.()) ?? [{ name: "registers" }];
  return !all.some((one) => one.name === "registers");
}

async function leave() {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    if (await keepsNothing()) return form.submit();
    if (await waiting()) {
      say("Sending the last marks before you are signed out.");
      const server = makeServer(places, Date.now);
      server.useToken(form.querySelector("[name=csrf_token]").value);
      const { alarms } = await server.flush().catch((error) => ({ alarms: error.alarms ?? [] }));
      const left = await waiting();
      if (left || alarms.length) {
        say(
          left
            ? `You are still signed in: ${left} ${left === 1 ? "mark is" : "marks are"} not sent. They go as soon as the network is there.`
            : `You are still signed in. Read this first: ${alarms.map((alarm) => alarm.words).join(" ")}`,
        );
        button.disabled = false;
        return undefined;
      }
    }
    await forgetDay();
  } catch {
    // A store that does not open holds nothing that signing out could lose: what is on the disk stays there.
  }
  return form.submit();
}

if (form && canKeep()) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    leave();
  });
}
