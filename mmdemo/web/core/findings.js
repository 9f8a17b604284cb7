/** What `python -m mmdemo findings` found of the checkpoint's units, in words. Nothing is said that was not found. */

import { percent } from "./numbers.js";
import { say } from "./words.js";

const KINDS = ["named", "withdrawn", "other"];

/** Ask for the findings of the task in use; nothing where there are none, or nobody answers. */
export async function ask(now) {
  try {
    return (await now.ask({ ask: "findings" })).findings;
  } catch {
    return {};
  }
}

/** A unit's gate where an answer is named, and elsewhere. Units are counted from 1, as in the drawing. */
const unitValues = ({ unit, there, elsewhere, auroc }) => ({
  unit: unit + 1,
  there: there[0].toFixed(2),
  elsewhere: elsewhere[0].toFixed(2),
  auroc: auroc[0].toFixed(2),
  low: auroc[1].toFixed(2),
  high: auroc[2].toFixed(2),
});

export const resetWords = ({ reset }) => (reset ? say("how.found_reset", unitValues(reset)) : "");

export function heldWords({ held }) {
  if (!held) return "";
  const [share, low, high] = held.share.map((part) => percent(part));
  return say("how.found_held", { n: held.n, kept: held.kept, share, low, high });
}

/** All of them, a sentence each. */
export function sentencesOf(found) {
  const detectors = (found.detectors ?? []).map((unit) => say("how.found_detector", unitValues(unit)));
  const gates = KINDS.filter((kind) => found.gates?.[kind]).map((kind) => {
    const { n, ...means } = found.gates[kind];
    const values = Object.fromEntries(Object.entries(means).map(([gate, [mean]]) => [gate, mean.toFixed(2)]));
    return say(`how.found_gates_${kind}`, { n, ...values });
  });
  return [...detectors, resetWords(found), ...gates, heldWords(found)].filter(Boolean);
}
