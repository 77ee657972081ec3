// Puts a "Copy" button beside each value that a parent types into another page; without it the value can be selected.
for (const value of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-plain";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${value.dataset.copyName} ${value.dataset.copy}`);
  const said = document.createElement("span");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(value.dataset.copy);
    button.textContent = "Copied";
    said.textContent = `${value.dataset.copyName} copied`;
  });
  value.after(button, said);
}
