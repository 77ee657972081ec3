// Counts a hold down, and says politely when five, two and one minutes are left.
const SAY = [300, 120, 60];

for (const clock of document.querySelectorAll("[data-held-until]")) {
  const end = Date.parse(clock.dataset.heldUntil);
  const said = new Set();
  const voice = document.createElement("span");
  voice.className = "visually-hidden";
  voice.setAttribute("role", "status");
  clock.after(voice);
  const left = document.createElement("span");
  left.setAttribute("aria-hidden", "true");
  clock.after(left);
  const tick = () => {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    left.textContent = ` (${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left)`;
    for (const mark of SAY) {
      if (seconds <= mark && seconds > mark - 5 && !said.has(mark)) {
        said.add(mark);
        voice.textContent = `Your places are kept for ${mark / 60} more ${mark === 60 ? "minute" : "minutes"}.`;
      }
    }
    if (seconds === 0) {
      voice.textContent = "Your places are not kept any more. Your choice is still in the basket.";
      clearInterval(timer);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
}
