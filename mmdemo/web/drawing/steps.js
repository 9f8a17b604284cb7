/** What a payload says of its steps: where each is in the input, what was believed there, and what the gates did. */

import { unpack } from "../core/packed.js";

/** Stretches of steps of one modality: [{modality, start, length}]. */
export function runs(steps) {
  const found = [];
  steps.forEach(({ modality }, step) => {
    if (found.at(-1)?.modality === modality) found.at(-1).length += 1;
    else found.push({ modality, start: step, length: 1 });
  });
  return found;
}

/** A step as a person would point at it: a word, a slice, a moment. */
export function whereIs(steps, step, say) {
  const { modality, text, span } = steps[step];
  if (modality === "text") return say("word", { word: text });
  if (modality === "audio") return say("moment", { start: span[0].toFixed(2), end: span[1].toFixed(2) });
  const run = runs(steps).find(({ start, length }) => step >= start && step < start + length);
  return say("slice", { slice: step - run.start + 1, slices: run.length });
}

/** The mean over the units of i, f, o or c at a step; as "size", of |c|. */
export function meanAt({ figure }, key, step, kind = "mean") {
  const { y } = figure.data.find(({ meta }) => meta.kind === kind && meta.key === key);
  return unpack(y)[0][step];
}

/** The beliefs, a row for each class; the figure keeps the answer's apart, since it has a colour of its own. */
export function beliefsOf({ figure, answer }) {
  const [others, [chosen]] = figure.data.filter(({ meta }) => meta.row === "belief").map(({ z }) => unpack(z));
  return others.map((row, k) => (k === answer ? chosen : row));
}
