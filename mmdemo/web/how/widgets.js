/** Small things that the interactive parts of "How it works" are made of. */

import { make, svg } from "../core/dom.js";

/** Two decimals and a true minus sign; never a minus before nothing. */
export const number = (value, digits = 2) => (Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toFixed(digits).replace("-", "−");

/** The colour of a letter of the equations; g and h have none of their own in the drawing. */
export const hueOf = (key) => `var(--mm-${{ g: "mute", h: "good" }[key] ?? key})`;

/** A slider with its name and its value in sight; `set` moves it from outside. */
export function slider({ name, hue, low, high }, changed) {
  const value = make("output");
  const input = make("input", { type: "range", min: low, max: high, step: 0.01 });
  const label = make("label", { className: "mmh-slider" }, make("span", {}, name), input, value);
  label.style.setProperty("--hue", hueOf(hue));
  const show = () => {
    value.textContent = number(input.valueAsNumber);
  };
  label.set = (to) => {
    input.value = to;
    show();
  };
  input.addEventListener("input", () => {
    show();
    changed(input.valueAsNumber);
  });
  return label;
}

/** A row of a chart: what its colours mean, [[hue, words], ...], and the drawing. */
export function lane(keys, drawing) {
  const names = keys.map(([hue, words]) => {
    const key = make("span", { className: "mmh-key" }, words);
    key.style.setProperty("--hue", hueOf(hue));
    return key;
  });
  return [make("div", { className: "mmh-keys" }, ...names), drawing];
}

/**
 * Places in a chart of values: `x(step)` of so many steps, in the middle of each, and `y(value)`, up to `most` either way.
 * They are shares of the chart's own size: nothing is stretched, so that lines are as thick as they say in every browser
 * (WebKit scales the strokes of a stretched drawing, non-scaling-stroke or not).
 */
export const placed = (steps, most) => ({
  x: (step) => `${((100 * (step + 0.5)) / steps).toFixed(3)}%`,
  y: (value) => `${(50 * (1 - value / most)).toFixed(3)}%`,
});

/** Values as a line. */
export function traced(values, { x, y }, className) {
  return values.slice(1).map((value, k) => svg("line", { x1: x(k), y1: y(values[k]), x2: x(k + 1), y2: y(value), class: `mmh-line ${className}` }));
}

/** A mark at a place. */
export const dot = (step, value, { x, y }, className) => svg("circle", { cx: x(step), cy: y(value), r: 4.5, class: `mmh-dot ${className}` });

/** A formula: "c_t" and "h_{t−1}" with their indices below the line. */
export function formula(text) {
  const pieces = text.split(/_(\{[^}]*\}|\w+)/);
  return make("code", { className: "mmh-formula" }, ...pieces.map((piece, k) => (k % 2 ? make("sub", {}, piece.replace(/[{}]/g, "")) : piece)));
}
