/** Small things that the interactive parts of "How it works" are made of. */

import { make, svg } from "./dom.js";

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

/** Values as a line with a mark at each, in the middle of its step; up is positive. */
export function charted(values, className) {
  const points = values.map((value, k) => `${k + 0.5} ${-value}`);
  return [
    svg("path", { d: `M${points.join("L")}`, class: `mmh-line ${className}` }),
    svg("path", { d: points.map((point) => `M${point}h0`).join(""), class: `mmh-dots ${className}` }),
  ];
}

/** A formula: "c_t" and "h_{t−1}" with their indices below the line. */
export function formula(text) {
  const pieces = text.split(/_(\{[^}]*\}|\w+)/);
  return make("code", { className: "mmh-formula" }, ...pieces.map((piece, k) => (k % 2 ? make("sub", {}, piece.replace(/[{}]/g, "")) : piece)));
}
