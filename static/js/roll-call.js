// Says how many names of the roll call are ticked; the ticks themselves are plain boxes and work without this.
const boxes = [...document.querySelectorAll(".roll-names input")];
const voice = document.querySelector("[data-roll-voice]");

function count() {
  const ticked = boxes.filter((box) => box.checked).length;
  voice.textContent = `${ticked} of ${boxes.length} ticked`;
}

for (const box of boxes) box.addEventListener("change", count);
if (boxes.length) count();
