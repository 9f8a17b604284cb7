/** The line of words and numbers above the drawing: what the cursor points at. */

import { make } from "../core/dom.js";
import { best, number, percent, signed } from "../core/numbers.js";
import { decode, unpack } from "../core/packed.js";
import { opponent } from "./ledger.js";
import { beliefsOf, meanAt, whereIs } from "./steps.js";

/** Say what is at a step, and at a unit if one is pointed at; without a step, where the answer settled. */
export function readOut(drawing) {
  const { payload, say, step, readout, whatIf } = drawing;
  const { steps, settled, labels } = payload;
  const unit = drawing.unit ?? drawing.chosen;
  if (step === null) {
    const values = settled ? { steps: steps.length, step: settled + 1, where: whereIs(steps, settled, say) } : {};
    const key = settled === null ? "rest_unclear" : settled ? "rest" : "rest_always";
    readout.replaceChildren(make("span", { className: "mmd-hint" }, say(key, values)));
    return;
  }
  const parts = [
    hued("mmd-step", steps[step].modality, [make("b", {}, say("step", { step: step + 1 })), ` ${whereIs(steps, step, say)}`]),
    make("span", {}, believed(payload, step)),
  ];
  const other = whatIf?.at(step);
  if (other) parts.push(make("span", {}, `${whatIf.label}: `, make("b", {}, labels[other.best]), ` (${percent(other.p)})`));
  if (unit === null) {
    for (const key of ["i", "f", "o"]) parts.push(hued("mmd-key", key, `${say(key)} ${number(meanAt(payload, key, step))}`));
  } else {
    const map = drawing.shown();
    const value = `${say(map.meta.key)} ${number(decode(map, unpack(map.z)[unit][step]))}`;
    parts.push(make("span", {}, make("b", {}, say("unit", { unit: unit + 1 })), ` ${value}`));
  }
  const speaks = { about: labels[drawing.about], against: opponent(drawing) };
  parts.push(make("span", {}, make("b", {}, signed(drawing.evidence[step])), ` ${say("speaks", speaks)}`));
  if (!drawing.seen) parts.push(make("span", {}, make("b", {}, signed(drawing.effect[step])), ` ${say("changes")}`));
  const gone = payload.ledger.let_go[step];
  if (gone) parts.push(hued("mmd-key", "f", say("lets_go", { share: percent(gone[0]), label: labels[gone[1]] })));
  readout.replaceChildren(...parts);
}

/** The two most probable classes at a step. */
function believed(payload, step) {
  const chances = beliefsOf(payload).map((row) => row[step]);
  const first = best(chances);
  const second = best(chances.with(first, -1));
  const chance = (k) => ` (${percent(chances[k])})`;
  const rest = second === first ? "" : `, ${payload.labels[second]}${chance(second)}`;
  return [make("b", {}, payload.labels[first]), chance(first), rest];
}

function hued(className, hue, content) {
  const part = make("span", { className }, content);
  part.style.setProperty("--hue", `var(--mm-${hue})`);
  return part;
}
