// Asks for the day's figures every five seconds while the page is looked at, and writes what has changed into it.
const EVERY = 5000;
const state = document.querySelector("[data-live]");
const list = document.querySelector("[data-alarms]");
const row = document.querySelector("[data-alarm-row]");
const voice = document.querySelector("[data-alarm-voice]");
const calm = document.querySelector("[data-no-alarms]");
const shown = state.dataset.sessions;
let tag = "";
let known = list.children.length;

function say(words) {
  if (state.textContent !== words) state.textContent = words;
}

function clock() {
  return new Date().toLocaleTimeString("en-GB");
}

function write(figures) {
  for (const place of document.querySelectorAll("[data-figure]")) {
    const value = String(figures[place.dataset.figure] ?? "");
    if (place.textContent !== value) place.textContent = value;
  }
}

function writeStaff(staff) {
  for (const place of document.querySelectorAll("[data-staff]")) {
    const words = staff[place.dataset.staff] ?? "";
    if (place.textContent !== words) place.textContent = words;
  }
}

function ring(alarms) {
  const rows = alarms.map((alarm) => {
    const item = row.content.firstElementChild.cloneNode(true);
    const [words, step] = item.querySelectorAll("p");
    if (alarm.href) item.querySelector("a").href = alarm.href;
    else item.querySelector("a").removeAttribute("href");
    item.querySelector("strong").textContent = alarm.title;
    item.querySelector("bdi").textContent = alarm.name;
    words.textContent = alarm.words;
    step.textContent = alarm.step;
    return item;
  });
  if (list.innerText.trim() === rows.map((one) => one.innerText).join("").trim()) return;
  const focused = document.activeElement?.getAttribute("href");
  list.replaceChildren(...rows);
  if (focused) [...list.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  calm.hidden = alarms.length > 0;
  if (alarms.length > known) voice.textContent = `${alarms.length} children need somebody now.`;
  known = alarms.length;
}

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(state.dataset.live, { headers: tag ? { "If-None-Match": tag } : {} });
    if (answer.redirected || answer.status === 401) return say("You are signed out. Load this page again.");
    if (answer.status === 200) {
      tag = answer.headers.get("ETag") ?? "";
      const day = await answer.json();
      if (day.sessions.join(",") !== shown) return location.reload();
      write(day.figures);
      writeStaff(day.staff);
      ring(day.alarms);
    } else if (answer.status !== 304) {
      return say(`No new figures just now. These are from before ${clock()}.`);
    }
    say(`As of ${clock()}. The figures move by themselves.`);
  } catch {
    say(`No connection. These figures are from before ${clock()}.`);
  }
}

setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
look();
