// Keeps the bar at the bottom of the week in step with what is ticked; without it the server says the same after saving.
const total = document.getElementById("total");
const boxes = [...document.querySelectorAll('#week input[name="pick"]:not([data-free])')];
const before = { count: Number(total?.dataset.count), pence: Number(total?.dataset.pence) };
const start = boxes.filter((box) => box.defaultChecked);

function sum(list) {
  return list.reduce((pence, box) => pence + Number(box.dataset.price), 0);
}

function show() {
  const ticked = boxes.filter((box) => box.checked);
  const count = before.count - start.length + ticked.length;
  const pence = Math.max(0, before.pence - sum(start) + sum(ticked));
  const pounds = new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP" }).format(pence / 100);
  total.textContent = `${count} ${count === 1 ? "session" : "sessions"} in your basket, ${pounds}`;
}

for (const box of boxes) box.addEventListener("change", show);
