/** The ledger: a bar for what each step wrote into the memory, for one class against another, and what it adds up to. */

import { make } from "../core/dom.js";
import { best, signed } from "../core/numbers.js";
import { unpack } from "../core/packed.js";
import { across } from "./axis.js";
import { beliefsOf } from "./steps.js";

const ONCE_BELIEVED = 0.3; // with so much belief at some step, another class is worth weighing the answer against
const EXACT = 1e-4; // what float32 may take from a sum of this size

/** One number for each class -> the number of a contrast: of class `about` against `against`, or the mean where null. */
export function weigh(values, { about, against }) {
  const other = against === null ? values.reduce((sum, value) => sum + value, 0) / values.length : values[against];
  return values[about] - other;
}

/** Rows of numbers, one row a class -> a contrast of them, column by column. */
export function evidence(rows, contrast) {
  return Array.from(rows[0], (_, column) =>
    weigh(
      rows.map((row) => row[column]),
      contrast,
    ),
  );
}

/** The contrast to begin with: the answer against the class that was most believed besides it, if it ever was. */
export function firstContrast(payload) {
  const tops = beliefsOf(payload).map((row, k) => (k === payload.answer ? 0 : Math.max(...row)));
  const rival = best(tops);
  return { about: payload.answer, against: tops[rival] >= ONCE_BELIEVED ? rival : null };
}

/**
 * The two sides of the ledger, each from its own numbers: {evidence, logits, bias}, where evidence = logits - bias.
 * Seen from an earlier step, the logits' difference is that of the logarithms of the beliefs there.
 */
export function sums(payload, contrast, seen = null) {
  const { evidence: rows, logits, bias } = payload.ledger;
  const then = seen ? beliefsOf(payload).map((row) => Math.log(row[seen.step])) : logits;
  const steps = evidence(unpack(seen?.evidence ?? rows), contrast);
  return {
    evidence: steps.reduce((sum, value) => sum + value, 0),
    logits: weigh(then, contrast),
    bias: weigh(bias, contrast),
  };
}

/** What a class is weighed against, in words. */
export const opponent = ({ payload, say, against }) => (against === null ? say("mean_of_all") : payload.labels[against]);

/** Draw the bars, their scale and their sum for the contrast and the step that they are seen from. */
export function showLedger(drawing) {
  const { payload, say, ledger, seen, scales, sum } = drawing;
  const { steps } = payload;
  drawing.evidence = evidence(unpack((seen ?? payload.ledger).evidence), drawing);
  const [low, high] = [Math.min(0, ...drawing.evidence), Math.max(0, ...drawing.evidence)];
  const range = high - low || 1;
  const down = (value) => `${(100 * (high - value)) / range}%`;
  const bars = drawing.evidence.map((value, step) => {
    const bar = make("i", { className: value < 0 ? "mmd-minus" : "" });
    bar.style.top = down(Math.max(0, value));
    bar.style.height = `${(100 * Math.abs(value)) / range}%`;
    bar.style.setProperty("--hue", `var(--mm-${steps[step].modality})`);
    return across(make("span", { hidden: seen !== null && step > seen.step }, bar), step, 1, steps.length);
  });
  const zero = make("hr");
  zero.style.top = down(0);
  ledger.replaceChildren(zero, ...bars);

  const marks = [0, ...[low, high].filter((end) => Math.abs(end) > range / 4)].map((value) => {
    const mark = make("span", { className: "mmd-at" }, value ? signed(value, Math.abs(value) < 10 ? 1 : 0) : "0");
    mark.style.top = down(value);
    return mark;
  });
  scales.ledger.replaceChildren(...marks);
  drawing.seenNote.textContent = seen ? say("seen", { step: seen.step + 1 }) : "";

  const sides = sums(payload, drawing, seen);
  const off = Math.abs(sides.evidence - (sides.logits - sides.bias));
  const exact = off <= EXACT * Math.max(1, Math.abs(sides.logits), Math.abs(sides.bias));
  const values = Object.fromEntries(Object.entries(sides).map(([side, value]) => [side, signed(value)]));
  const key = Number.isFinite(sides.logits) ? (exact ? "sum" : "sum_off") : "sum_alone"; // no logarithm of nothing
  sum.textContent = say(key, values);
}
