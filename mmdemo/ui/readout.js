/** The line of words and numbers above the drawing: what the cursor points at. */

import { make } from "./dom.js";
import { decode, runs, unpack } from "./kit.js";

/** Say what is at a step, and at a unit if one is pointed at; without a step, where the answer settled. */
export function readOut(drawing) {
  const { payload, say, step, unit, readout } = drawing;
  const { steps, settled } = payload;
  if (step === null) {
    const values = { steps: steps.length, step: settled + 1, where: whereIs(steps, settled, say) };
    readout.replaceChildren(make("span", {}, say(settled ? "rest" : "rest_always", values)));
    return;
  }
  const parts = [
    hued("mmd-step", steps[step].modality, [make("b", {}, say("step", { step: step + 1 })), ` ${whereIs(steps, step, say)}`]),
    make("span", {}, beliefAt(payload, step)),
  ];
  if (unit === null) {
    for (const key of ["i", "f", "o"]) parts.push(hued("mmd-key", key, `${say(key)} ${number(meanAt(payload, key, step))}`));
  } else {
    const map = drawing.shown();
    const value = `${say(map.meta.key)} ${number(decode(map, unpack(map.z)[unit][step]))}`;
    parts.push(make("span", {}, make("b", {}, say("unit", { unit: unit + 1 })), ` ${value}`));
  }
  readout.replaceChildren(...parts);
}

/** A step as a person would point at it: a word, a slice, a moment. */
function whereIs(steps, step, say) {
  const { modality, text, span } = steps[step];
  if (modality === "text") return say("word", { word: text });
  if (modality === "audio") return say("moment", { start: span[0].toFixed(2), end: span[1].toFixed(2) });
  const run = runs(steps).find(({ start, length }) => step >= start && step < start + length);
  return say("slice", { slice: step - run.start + 1, slices: run.length });
}

/** The two most probable classes at a step. */
function beliefAt({ figure, labels, answer }, step) {
  const [others, [chosen]] = figure.data.filter(({ meta }) => meta.row === "belief").map(({ z }) => unpack(z));
  const chances = labels.map((label, k) => [k === answer ? chosen[step] : others[k][step], label]);
  const [first, second] = chances.toSorted((a, b) => b[0] - a[0]);
  const rest = second ? ` (${percent(first[0])}), ${second[1]} (${percent(second[0])})` : ` (${percent(first[0])})`;
  return [make("b", {}, first[1]), rest];
}

function meanAt({ figure }, key, step) {
  const { y } = figure.data.find(({ meta }) => meta.kind === "mean" && meta.key === key);
  return unpack(y)[0][step];
}

function hued(className, hue, content) {
  const part = make("span", { className }, content);
  part.style.setProperty("--hue", `var(--mm-${hue})`);
  return part;
}

const number = (value) => value.toFixed(2).replace("-", "−");

/** Never rounded up to certainty. */
const percent = (p) => `${p > 0.995 && p < 1 ? "> 99" : Math.round(100 * p)}\u202f%`;
