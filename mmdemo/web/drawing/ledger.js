/**
 * The ledger, a bar for what each step wrote, for one class against another, and what it adds up to; below it what each
 * step changed, and above it what the forget gates let go of the belief before.
 */

import { best, signed } from "../core/numbers.js";
import { unpack } from "../core/packed.js";
import { term } from "../core/tooltip.js";
import { showBars, showLetGo } from "./bars.js";
import { beliefsOf } from "./steps.js";

const ONCE_BELIEVED = 0.3; // with so much belief at some step, another class is worth weighing the answer against
const EXACT = 1e-5; // what float32 may take from a sum, as a share of all that is added up

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

/**
 * The contrast to begin with: the answer against what another input says, where one says something else; otherwise
 * against the class that was most believed besides it, if one ever was.
 */
export function firstContrast(payload) {
  if (payload.ledger.against !== null) return { about: payload.answer, against: payload.ledger.against };
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

/** Whether there is a step at which the forget gates let go of a belief that fell. */
export const letsGo = ({ ledger }) => ledger.let_go.some(Boolean);

/** What a class is weighed against, in words. */
export const opponent = ({ payload, say, against }) => (against === null ? say("mean_of_all") : payload.labels[against]);

/** Draw the rows of bars for the contrast and the step that they are seen from, and what the ledger adds up to. */
export function showLedger(drawing) {
  const { payload, say, ledger, changed, seen, scales, sum } = drawing;
  const { steps } = payload;
  drawing.evidence = evidence(unpack((seen ?? payload.ledger).evidence), drawing);
  drawing.effect = evidence(unpack(payload.ledger.changed), drawing);
  showBars(ledger, scales.ledger, drawing.evidence, steps, seen?.step);
  showBars(changed, scales.changed, drawing.effect, steps, seen ? -1 : undefined); // it knows of the end alone
  drawing.let_go.hidden = !letsGo(payload);
  if (letsGo(payload)) showLetGo(drawing.let_go, payload.ledger.let_go);
  drawing.seenNote.textContent = seen ? say("seen", { step: seen.step + 1 }) : "";

  const sides = sums(payload, drawing, seen);
  const off = Math.abs(sides.evidence - (sides.logits - sides.bias));
  const added = drawing.evidence.reduce((all, value) => all + Math.abs(value), 0);
  const exact = off <= EXACT * Math.max(10, added, Math.abs(sides.logits), Math.abs(sides.bias));
  const values = Object.fromEntries(Object.entries(sides).map(([side, value]) => [side, signed(value)]));
  const key = Number.isFinite(sides.logits) ? (exact ? "sum" : "sum_off") : "sum_alone"; // no logarithm of nothing
  sum.replaceChildren(key === "sum_off" ? say(key, values) : term(say("sum_short", values), say(key, values)));
}

/** While it is played: the ledger as it stood at a step, in `rows[step]`, on a scale that holds all of them. */
export function showGrowing({ payload, ledger, scales }, rows, step) {
  const ends = rows.flatMap((row, k) => [Math.min(...row.slice(0, k + 1)), Math.max(...row.slice(0, k + 1))]);
  showBars(ledger, scales.ledger, rows[step], payload.steps, step, ends);
}
