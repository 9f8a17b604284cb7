/**
 * The one way in which something on the page explains itself: words beside it, while it is pointed at, pressed or in
 * focus. `title` only repeats the name of what is too small to show it.
 */

import { make, zoomOf } from "./dom.js";

/** Give an element words that explain it. They are shown where `offerTips` was called for an element around it. */
export function explain(element, words) {
  element.dataset.about = words;
  element.ariaDescription = words;
  return element;
}

/** A term that explains itself; a button, so that keys and fingers reach it. */
export const term = (words, about, className = "") =>
  explain(make("button", { type: "button", className: `mm-term ${className}`.trim() }, words), about);

/** Show the explanation of whatever inside `root` has one. Returns the element of the words, hidden while there are none. */
export function offerTips(root) {
  const tip = make("div", { className: "mm-tip", role: "tooltip", hidden: true });
  root.classList.add("mm-tips");
  root.append(tip);
  for (const type of ["pointerover", "focusin", "click"]) {
    root.addEventListener(type, (event) => show(root, tip, event.target.closest("[data-about]")));
  }
  for (const type of ["pointerleave", "focusout"]) root.addEventListener(type, () => show(root, tip, null));
  root.addEventListener("keydown", (event) => event.key === "Escape" && show(root, tip, null));
  return tip;
}

/** Put an element's explanation below it, or above it where there is no room; of no element, hide it. */
function show(root, tip, explained) {
  tip.hidden = !explained;
  if (!explained) return;
  tip.textContent = explained.dataset.about;
  const [box, frame] = [explained.getBoundingClientRect(), root.getBoundingClientRect()];
  const zoom = zoomOf(root);
  const height = (tip.offsetHeight + 6) * zoom;
  const top = box.bottom + height < innerHeight ? box.bottom + 6 * zoom : box.top - height;
  tip.style.top = `${(top - frame.top) / zoom}px`;
  tip.style.left = `${Math.max(0, Math.min((box.left - frame.left) / zoom, root.offsetWidth - tip.offsetWidth))}px`;
}
