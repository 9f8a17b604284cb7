/** The explanation of a term, beside it, while it is pointed at. */

export function explainTerms(drawing) {
  const { root } = drawing;
  for (const type of ["pointerover", "focusin", "click"]) {
    root.addEventListener(type, (event) => explain(drawing, event.target.closest("[data-about]")));
  }
  root.addEventListener("pointerleave", () => explain(drawing, null));
  root.addEventListener("focusout", () => explain(drawing, null));
  root.addEventListener("keydown", (event) => event.key === "Escape" && explain(drawing, null));
}

/** Show the explanation of a term, or none. */
function explain({ tip, root }, about) {
  tip.hidden = !about;
  if (!about) return;
  tip.textContent = about.dataset.about;
  const [box, frame] = [about.getBoundingClientRect(), root.getBoundingClientRect()];
  const below = box.bottom + 6 + tip.offsetHeight < innerHeight;
  tip.style.top = `${(below ? box.bottom + 6 : box.top - 6 - tip.offsetHeight) - frame.top}px`;
  tip.style.left = `${Math.max(0, Math.min(box.left - frame.left, frame.width - tip.offsetWidth))}px`;
}
