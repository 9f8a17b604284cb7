/** Rows of bars below the figure, a bar for each step: above and below a line, or falling from it. */

import { make } from "../core/dom.js";
import { percent, signed } from "../core/numbers.js";
import { across } from "./axis.js";

const ROOM = 20; // steps, up to which every bar that falls has room for its number; of more, only the longest has it

/**
 * Signed bars around a line at zero, and the ends of their scale; `until`: the last step that has one; `ends`: of a scale
 * that has to hold more than these.
 */
export function showBars(place, scale, values, steps, until = steps.length - 1, ends = values) {
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const range = high - low || 1;
  const down = (value) => `${(100 * (high - value)) / range}%`;
  const bars = Array.from(values, (value, step) => {
    const bar = make("i", { className: value < 0 ? "mmd-minus" : "" });
    bar.style.top = down(Math.max(0, value));
    bar.style.height = `${(100 * Math.abs(value)) / range}%`;
    bar.style.setProperty("--hue", `var(--mm-${steps[step].modality})`);
    return across(make("span", { hidden: step > until }, bar), step, 1, steps.length);
  });
  const zero = make("hr");
  zero.style.top = down(0);
  place.replaceChildren(zero, ...bars);
  const marks = [0, ...[low, high].filter((end) => Math.abs(end) > range / 4)].map((value) => {
    const mark = make("span", { className: "mmd-at" }, value ? signed(value, Math.abs(value) < 10 ? 1 : 0) : "0");
    mark.style.top = down(value);
    return mark;
  });
  scale.replaceChildren(...marks);
}

/** What was let go: [share, class] or null for each step, as bars that fall; the longest is the strongest. */
export function showLetGo(place, shares) {
  const most = Math.max(...shares.map((gone) => gone?.[0] ?? 0));
  const bars = shares.flatMap((gone, step) => {
    if (!gone) return [];
    const [share] = gone;
    const named = shares.length <= ROOM || share === most;
    const bar = make("i", { className: share === most ? "mmd-most" : "" });
    const column = across(make("span", {}, named ? [bar, make("small", {}, percent(share))] : [bar]), step, 1, shares.length);
    column.style.setProperty("--share", share / most);
    return [column];
  });
  place.replaceChildren(make("hr"), ...bars);
}
