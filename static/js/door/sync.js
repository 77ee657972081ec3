// Brings marks to the server and the day back. Nothing here trusts `navigator.onLine`: the network is there when an
// answer came. Every try may be the second one: the server knows each mark by its own id.
import { deviceName, isWaiting, keptMarks, letGo, noteAnswer } from "./store.js";

const MOST_AT_ONCE = 50;
const PATIENCE = 10_000;
const NO_TOUCH_AFTER = 60_000;

export class SignedOut extends Error {}
export class Unreachable extends Error {}
export class NotUnderstood extends Error {}

// `places`: the addresses of the page, of the marks, and of a day; `touchedAt` says when a person last touched the page.
export function makeServer(places, touchedAt) {
  let token = "";
  let tag = { day: "", value: "" };

  async function ask(address, options = {}) {
    const headers = { Accept: "application/json", ...options.headers };
    // A page that asks by itself is no touch: the idle lock of a tablet goes on counting.
    if (Date.now() - touchedAt() > NO_TOUCH_AFTER) headers["X-Untouched"] = "1";
    let found;
    try {
      found = await fetch(address, {
        cache: "no-store",
        credentials: "same-origin",
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE),
        ...options,
        headers,
      });
    } catch (error) {
      throw new Unreachable(String(error));
    }
    if (found.type === "opaqueredirect" || found.status === 401) throw new SignedOut();
    if (found.status >= 500 || found.status === 403) throw new Unreachable(`the server answered ${found.status}`);
    return found;
  }

  async function body(found) {
    try {
      return await found.json();
    } catch (error) {
      throw new Unreachable(String(error));
    }
  }

  // The page as it is for whoever is signed in now carries a token that fits.
  async function freshToken() {
    const found = await ask(places.page, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await found.text(), "text/html");
    token = page.querySelector("[data-token]")?.dataset.token ?? "";
    if (!token) throw new SignedOut();
  }

  async function post(message) {
    for (const isLast of [false, true]) {
      if (!token) await freshToken();
      const found = await ask(places.marks, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify(message),
      });
      if (found.ok) return body(found);
      token = "";
      if (isLast || found.status !== 400) throw new NotUnderstood(`the server answered ${found.status}`);
    }
  }

  // Sends what waits, oldest first; gives the alarms that came back. A batch that the server does not understand goes
  // again one by one, so that no single mark keeps the others.
  async function flush() {
    const device = await deviceName();
    const alarms = [];
    let size = MOST_AT_ONCE;
    let stuck = 0;
    for (;;) {
      const waiting = (await keptMarks()).filter(isWaiting).slice(stuck, stuck + size);
      if (!waiting.length) break;
      try {
        const sentAt = new Date().toISOString();
        const said = await post({ device, sent_at: sentAt, marks: waiting.map(asSent) });
        const answered = new Set([...said.kept, ...said.refused.map((one) => one.uid)]);
        await noteAnswer(said.kept, said.refused);
        alarms.push(...(said.alarms ?? []));
        stuck += waiting.filter((mark) => !answered.has(mark.uid)).length;
      } catch (error) {
        if (!(error instanceof NotUnderstood)) throw Object.assign(error, { alarms });
        if (size === 1) stuck += 1;
        size = 1;
      }
    }
    return { alarms, stuck };
  }

  // The day as it stands, or null when nothing changed since it was last asked for. Marks that were with the server
  // before this was asked are in it, and are let go of once `keep` has it.
  async function fetchDay(date, keep) {
    const before = (await keptMarks()).filter((mark) => mark.sent).map((mark) => mark.uid);
    const known = tag.day === date ? tag.value : "";
    const found = await ask(places.day.replace(places.someday, date), known ? { headers: { "If-None-Match": known } } : {});
    if (found.status === 304) {
      await letGo(before);
      return null;
    }
    if (!found.ok) throw new Unreachable(`the server answered ${found.status}`);
    const asked = found.headers.get("Date");
    const day = await body(found);
    await keep(day, asked ? Date.parse(asked) : Date.now());
    tag = { day: date, value: found.headers.get("ETag") ?? "" };
    token = found.headers.get("X-CSRFToken") ?? token;
    await letGo(before);
    return day;
  }

  return {
    flush,
    fetchDay,
    useToken: (given) => (token = given),
    forgetTag: () => (tag = { day: "", value: "" }),
  };
}

function asSent({ uid, session_id, pupil_id, what, at, detail, undoes, sequence, by }) {
  return { uid, session_id, pupil_id, what, at, detail, undoes, sequence, by };
}
