/** A span of steps: how it is marked, what is said about it, and how the axis zooms to it. */

import { make, send } from "../core/dom.js";
import { number } from "../core/numbers.js";
import { decode, unpack } from "../core/packed.js";
import { across } from "./axis.js";

const LEAST = { words: 17, others: 5 }; // pixels a step; where they do not fit, the drawing scrolls
const WIDEST = 16_000; // pixels: browsers refuse a canvas that is much wider
const NAMED = 3; // of the busiest units

/** The line about the span, with its buttons; made once. */
export function spanLine(drawing) {
  const line = { words: make("span") };
  const button = (name, action) => {
    line[name] = make("button", { type: "button", className: "mmd-button", onclick: action });
  };
  button("zoom", () => zoom(drawing, drawing.span));
  button("clear", () => select(drawing, null));
  button("whole", () => zoom(drawing, null));
  drawing.line = line;
  return make("div", { className: "mmd-line" }, Object.values(line));
}

/** Select the steps from `start` to before `stop`, or none; while the mouse still drags, the page is not told. */
export function select(drawing, span, tell = true) {
  const { payload, tint } = drawing;
  drawing.span = span;
  tint.hidden = !span;
  if (span) across(tint, span.start, span.stop - span.start, payload.steps.length);
  showLine(drawing);
  if (tell) send(drawing, "span", span);
}

/** From one step to another, in either direction, both included. */
export const between = (one, other) => ({ start: Math.min(one, other), stop: Math.max(one, other) + 1 });

/** The units whose memory changes most over a span: [[unit, mean |change of c| a step], ...], from the 8-bit map of c. */
export function busiest(drawing, { start, stop }) {
  const map = drawing.maps().find(({ meta }) => meta.key === "c");
  const changes = unpack(map.z).map((codes, unit) => {
    const c = Array.from(codes.slice(Math.max(0, start - 1), stop), (code) => decode(map, code));
    if (start === 0) c.unshift(0); // the memory is empty before the first step
    const moved = c.slice(1).reduce((sum, value, k) => sum + Math.abs(value - c[k]), 0);
    return [unit, moved / (stop - start)];
  });
  return changes.sort((a, b) => b[1] - a[1]).slice(0, NAMED);
}

export function showLine(drawing) {
  const { line, say, span, zoomed } = drawing;
  for (const name of ["zoom", "clear", "whole"]) line[name].textContent = say(name);
  line.zoom.hidden = line.clear.hidden = !span;
  line.whole.hidden = !zoomed;
  drawing.root.classList.toggle("mmd-spanned", Boolean(span));
  line.words.textContent = "";
  if (!span) return;
  const [first, ...rest] = busiest(drawing, span).map(([unit, moved]) => [unit + 1, number(moved)]);
  const others = rest.map(([unit, moved]) => `${unit} (${moved})`).join(", ");
  const values = { count: span.stop - span.start, from: span.start + 1, to: span.stop, unit: first[0], moved: first[1] };
  line.words.textContent = say(values.count === 1 ? "span_one" : "span", { ...values, others });
}

/** Zoom the axis to a span, or back to the whole where null. */
export function zoom(drawing, span) {
  const { scroll, time, payload } = drawing;
  drawing.zoomed = span;
  stretch(drawing);
  scroll.scrollLeft = span ? (time.offsetWidth * span.start) / payload.steps.length : 0;
  showLine(drawing);
}

/** Make the column of time as wide as its steps need, or as the zoom asks. */
export function stretch({ payload, sheet, scroll, time, zoomed }) {
  const { steps } = payload;
  const wordy = steps.some(({ modality }) => modality === "text");
  const least = steps.length * (wordy ? LEAST.words : LEAST.others);
  const room = scroll.clientWidth - (time.offsetLeft - sheet.offsetLeft);
  const wanted = zoomed ? Math.min(WIDEST, (room * steps.length) / (zoomed.stop - zoomed.start)) : 0;
  const width = `${Math.max(least, wanted)}px`;
  if (sheet.style.getPropertyValue("--least") !== width) sheet.style.setProperty("--least", width);
}
