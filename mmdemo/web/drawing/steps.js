/** What a payload says of its steps: where each is in the input, what was believed there, and what the gates did. */

import { decode, unpack } from "../core/packed.js";

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
  if (modality === "video") return say(step % 2 ? "voice" : "lips", { start: span[0].toFixed(2), end: span[1].toFixed(2) });
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

/**
 * The numbers of a cell at a step, of one unit, or their means over all where `unit` is null: its gates and candidate,
 * what it held before, c and h, and what was kept and written. They come from maps of 8 bits: two digits hold.
 */
export function insideAt({ figure, order }, step, unit = null) {
  const maps = Object.fromEntries(figure.data.filter(({ meta }) => meta.row === "units").map((trace) => [trace.meta.key, trace]));
  const value = (key, k, at) => (at < 0 ? 0 : decode(maps[key], unpack(maps[key].z)[k][at]));
  const each = (unit === null ? order : [unit]).map((k) => {
    const { i, f, o, g, c, h } = Object.fromEntries([..."ifogch"].map((key) => [key, value(key, k, step)]));
    const before = value("c", k, step - 1);
    return { i, f, o, g, before, c, h, kept: f * before, wrote: i * g };
  });
  return Object.fromEntries(Object.keys(each[0]).map((key) => [key, each.reduce((sum, values) => sum + values[key], 0) / each.length]));
}
