// What the tablet keeps. Marks that wait for the server need no key of the shift and go only when the server has them.
// The day's list of children is sealed with a key that no script can read out, and that goes at the end of the shift.
// Who collected, or why a child is away, is sealed too: each such mark brings a key of its own, which goes with it.
const NAME = "registers";
const VERSION = 1;
const STRICT = { durability: "strict" };
let opened = null;

export function canKeep() {
  return Boolean(window.isSecureContext && window.indexedDB && window.crypto?.subtle);
}

function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("not kept"));
  });
}

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const made = request.result;
      made.createObjectStore("outbox", { keyPath: "uid" });
      for (const name of ["facts", "keys", "sealed"]) made.createObjectStore(name);
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      request.result.onclose = () => (opened = null);
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("the store is open elsewhere"));
  }).catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

async function act(stores, mode, work, options) {
  const transaction = (await database()).transaction(stores, mode, options);
  const done = finished(transaction);
  const [found] = await Promise.all([work(...stores.map((name) => transaction.objectStore(name))), done]);
  return found;
}

async function seal(key, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  return { iv, box: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain) };
}

async function unseal(key, { iv, box }) {
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, box);
  return JSON.parse(new TextDecoder().decode(plain));
}

function newKey() {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

// --- marks that wait -------------------------------------------------------------------------------------------------

// Keeps a mark on the disk with the next number of this device; only when this has come back may the page show it.
export async function keepMark({ detail, ...mark }) {
  if (detail) {
    const key = await newKey();
    mark.sealed = { key, ...(await seal(key, detail)) };
  }
  const kept = await act(
    ["facts", "outbox"],
    "readwrite",
    async (facts, outbox) => {
      const sequence = ((await answer(facts.get("sequence"))) ?? 0) + 1;
      facts.put(sequence, "sequence");
      const whole = { ...mark, sequence, sent: false, refused: "" };
      outbox.add(whole);
      return whole;
    },
    STRICT,
  );
  return { ...kept, detail };
}

// All that is still here, in the order in which it was marked.
export async function keptMarks() {
  const found = await act(["outbox"], "readonly", (outbox) => answer(outbox.getAll()));
  for (const mark of found) {
    // A mark whose words do not open any more is a mark all the same.
    if (mark.sealed) mark.detail = await unseal(mark.sealed.key, mark.sealed).catch(() => "");
  }
  return found.sort((one, other) => one.sequence - other.sequence);
}

// What the server said: kept ones are sent from now on, refused ones wait for a person who reads why.
export function noteAnswer(kept, refused) {
  return act(["outbox"], "readwrite", async (outbox) => {
    for (const uid of kept) {
      const mark = await answer(outbox.get(uid));
      if (mark) outbox.put({ ...mark, sent: true });
    }
    for (const { uid, why } of refused) {
      const mark = await answer(outbox.get(uid));
      if (mark && !mark.sent) outbox.put({ ...mark, refused: why || "The server gave no reason." });
    }
  });
}

// Lets go of marks that the server has (or whose refusal was read); one that was neither is never let go.
export function letGo(uids) {
  return act(["outbox"], "readwrite", async (outbox) => {
    for (const uid of uids) {
      const mark = await answer(outbox.get(uid));
      if (mark && (mark.sent || mark.refused)) outbox.delete(uid);
    }
  });
}

export function isWaiting(mark) {
  return !mark.sent && !mark.refused;
}

// The name of this browser among the school's devices, made once.
export function deviceName() {
  return act(["facts"], "readwrite", async (facts) => {
    const known = await answer(facts.get("device"));
    if (known) return known;
    const made = crypto.randomUUID();
    facts.put(made, "device");
    return made;
  });
}

// --- the day's list --------------------------------------------------------------------------------------------------

async function shiftKey(endsAt) {
  const made = await newKey();
  return act(["keys"], "readwrite", async (keys) => {
    const known = await answer(keys.get("shift"));
    const kept = { key: known?.key ?? made, endsAt };
    keys.put(kept, "shift");
    return kept.key;
  });
}

// Seals the day under the key of this shift. `endsAt` is an instant by this device's own clock, in milliseconds.
export async function keepDay(day, endsAt) {
  const box = await seal(await shiftKey(endsAt), day);
  await act(["keys", "sealed"], "readwrite", async (keys, sealed) => {
    if (await answer(keys.get("shift"))) sealed.put(box, "day");
  });
}

// The day as it was kept, or nothing: none was, the shift is over, or the box does not open.
export async function keptDay(now) {
  const [shift, kept] = await act(["keys", "sealed"], "readonly", (keys, sealed) =>
    Promise.all([answer(keys.get("shift")), answer(sealed.get("day"))]),
  );
  if (!shift || !kept || now >= shift.endsAt) return null;
  try {
    return { day: await unseal(shift.key, kept), endsAt: shift.endsAt };
  } catch {
    return null;
  }
}

// Throws the key and the list away, at once or when the shift is over; marks that wait are not touched.
export function forgetDay(now = Infinity) {
  return act(["keys", "sealed"], "readwrite", async (keys, sealed) => {
    const shift = await answer(keys.get("shift"));
    if (shift && now < shift.endsAt) return false;
    keys.clear();
    sealed.clear();
    return Boolean(shift);
  });
}

// Asks the browser not to clear this store when the disk is full; it may say no.
export async function askToStay() {
  return (await navigator.storage?.persist?.().catch(() => false)) ?? false;
}
