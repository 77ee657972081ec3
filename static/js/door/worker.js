// Lets the door open without the network. It keeps the empty page and its parts, never a child: the page fills itself
// from the sealed day. The server puts VERSION, PAGE, SHELL, SCOPE and ASSETS before these lines.
const KEPT = `door-${VERSION}`;
const PATIENCE = 4_000;

self.addEventListener("install", (event) => {
  const wanted = [SHELL, ...ASSETS].map((url) => new Request(url, { cache: "reload", credentials: "omit" }));
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(wanted)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

const kept = (url) => caches.open(KEPT).then((cache) => cache.match(url));

// The door from the server while that answers in time; else the empty page. Any other register leads to the door.
async function page(event, path) {
  try {
    const found = await fetch(event.request, { signal: AbortSignal.timeout(path === PAGE ? PATIENCE : 30_000) });
    if (found.status < 500) return found;
    return path === PAGE ? ((await kept(SHELL)) ?? found) : found;
  } catch {
    if (path !== PAGE) return Response.redirect(PAGE);
    return (await kept(SHELL)) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin) return;
  if (mode === "navigate") {
    if (pathname.startsWith(SCOPE)) event.respondWith(page(event, pathname));
  } else if (ASSETS.includes(pathname)) {
    event.respondWith(kept(pathname).then((found) => found ?? fetch(event.request)));
  }
});
