/**
 * The input once more, over everything while something is selected and the row itself is out of sight: the words, so to
 * speak, stick. A click opens another step.
 */

import { make, zoomOf } from "../core/dom.js";
import { across } from "../drawing/axis.js";
import { openAt } from "../drawing/drawing.js";

/** The row for what is drawn in `frame`, above it; `follow(span, count)` shows it with these of its steps marked, null takes it away. */
export function inputRow(frame) {
  const row = make("div", { className: "mmi-input", ariaHidden: "true", hidden: true });
  frame.before(make("div", { className: "mmi-over" }, row));
  let [span, count, strip] = [null, 0, null];
  const seen = new IntersectionObserver(([{ isIntersecting, boundingClientRect }]) => {
    row.hidden = !span || !strip.isConnected || isIntersecting || boundingClientRect.top > 0; // not of a drawing that is gone
    if (!row.hidden) copy();
    frame.style.setProperty("--over", `${row.hidden ? 0 : row.offsetHeight}px`); // the drawing's head sticks below it
  });
  const copy = () => {
    const time = frame.querySelector(".mmd-time");
    if (!time || !strip.isConnected) return; // the drawing is being made anew, and is followed again then
    const twin = strip.cloneNode(true);
    twin.style.height = getComputedStyle(strip).height;
    for (const [k, canvas] of [...twin.querySelectorAll("canvas")].entries()) {
      const own = strip.querySelectorAll("canvas")[k];
      if (own.width) canvas.getContext("2d").drawImage(own, 0, 0);
    }
    const mark = across(make("i", { className: "mmi-here" }), span.start, span.stop - span.start, count);
    twin.append(mark);
    // Over its own columns, or over all of the width where those are wider.
    const [inner, own] = [frame.querySelector(".mmd-scroll"), time].map((node) => node.getBoundingClientRect());
    const { left, right } = own.width <= inner.width ? own : inner;
    const zoom = zoomOf(row);
    const whole = row.getBoundingClientRect();
    row.style.padding = `6px ${(whole.right - right) / zoom}px 6px ${(left - whole.left) / zoom}px`;
    row.replaceChildren(twin);
    twin.addEventListener("click", ({ clientX }) => {
      const box = twin.getBoundingClientRect();
      openAt(frame, Math.min(count - 1, Math.max(0, Math.floor(((clientX - box.left) / box.width) * count))));
    });
  };
  const follow = (steps, all) => {
    [span, count] = [steps, all];
    const now = frame.querySelector(".mmd-strip");
    if (now !== strip) {
      if (strip) seen.unobserve(strip);
      strip = now;
    }
    if (!strip) return;
    seen.unobserve(strip);
    seen.observe(strip); // it tells at once where it is
  };
  return { follow };
}
