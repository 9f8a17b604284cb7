/** The explanation of a term, beside it, while it is pointed at. */

import { zoomOf } from "./dom.js";

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
  const zoom = zoomOf(root);
  const height = (tip.offsetHeight + 6) * zoom;
  const top = box.bottom + height < innerHeight ? box.bottom + 6 * zoom : box.top - height;
  tip.style.top = `${(top - frame.top) / zoom}px`;
  tip.style.left = `${Math.max(0, Math.min((box.left - frame.left) / zoom, root.offsetWidth - tip.offsetWidth))}px`;
}
