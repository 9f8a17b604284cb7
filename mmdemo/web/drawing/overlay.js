/** What if: the beliefs of another reading beside the real ones, as outlines over their row. */

import { make } from "../core/dom.js";
import { best } from "../core/numbers.js";
import { unpack } from "../core/packed.js";
import { across, boxOf } from "./axis.js";
import { beliefsOf } from "./steps.js";

/**
 * Show the beliefs of a what-if, or none.
 *   kept      the steps that were read, as places on the axis
 *   beliefs   (classes, kept steps), packed
 *   label     what it is called in the readout
 */
export function showWhatIf(drawing, whatIf) {
  const { payload, beside } = drawing;
  drawing.whatIf = null;
  beside.replaceChildren();
  takenOut(drawing, whatIf?.kept ?? null);
  if (!whatIf) return;
  const count = payload.steps.length;
  const rows = whatIf.kept.length ? unpack(whatIf.beliefs) : [];
  const at = (step) => {
    const place = whatIf.kept.indexOf(step);
    if (place < 0) return null;
    const chances = rows.map((row) => row[place]);
    return { best: best(chances), p: Math.max(...chances) };
  };
  drawing.whatIf = { label: whatIf.label ?? drawing.say("what_if"), at, given: whatIf };
  const real = beliefsOf(payload);
  for (let step = 0; step < count; step++) {
    const found = at(step);
    const same = found && found.best === best(real.map((row) => row[step]));
    const mark = across(make("i", { className: found ? (same ? "mmd-same" : "") : "mmd-out" }), step, 1, count);
    if (found) {
      mark.style.top = `${(100 * found.best) / real.length}%`;
      mark.style.height = `${100 / real.length}%`;
    }
    beside.append(mark);
  }
  const { top, height } = boxOf(drawing, "belief");
  Object.assign(beside.style, { top: `${top}px`, height: `${height}px` });
}

/** Show what is not read in the row of inputs, too. */
function takenOut({ payload, chips, canvases }, kept) {
  const out = (step) => kept !== null && !kept.includes(step);
  chips.forEach((chip, step) => chip.classList.toggle("mmd-gone", out(step)));
  for (const [modality, canvas] of Object.entries(canvases)) {
    canvas.classList.toggle("mmd-gone", payload.steps.every((step, k) => step.modality !== modality || out(k)));
  }
}
