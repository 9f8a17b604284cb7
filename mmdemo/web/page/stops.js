/** The five stops of the tour: each points at something in the drawing and says what it is, in the reading's own numbers. */

import { ask as findings, heldWords, resetWords } from "../core/findings.js";
import { best, signed } from "../core/numbers.js";
import { unpack } from "../core/packed.js";
import { name, percent, say, sentences } from "../core/words.js";
import { choose, seek, selectSteps, state } from "../drawing/drawing.js";
import { evidence, firstContrast, sums } from "../drawing/ledger.js";
import { beliefsOf, whereIs } from "../drawing/steps.js";

/**
 * What happened in a reading: the class ahead after each step, the step at which what had been ahead fell most, and
 * which class that was, if another was ever ahead.
 */
export function story(figure) {
  const rows = beliefsOf(figure);
  const ahead = figure.steps.map((_, step) => best(rows.map((row) => row[step])));
  let [turn, fall] = [0, 0];
  for (let step = 1; step < ahead.length; step++) {
    const drop = rows[ahead[step - 1]][step - 1] - rows[ahead[step - 1]][step];
    if (drop > fall) [turn, fall] = [step, drop];
  }
  const first = ahead[0];
  return { rows, ahead, turn, fell: turn ? ahead[turn - 1] : null, first, changed: ahead.some((k) => k !== ahead[0]) };
}

/** Stop 1: what the LSTM reads. */
function input({ figure, element }) {
  seek(element, 0);
  const kinds = [...new Set(figure.steps.map(({ modality }) => modality))].map(name);
  return say("tour.input", { count: figure.steps.length, kinds: kinds.join(", "), first: where(figure, 0) });
}

/** Stop 2: what it believed, and when. */
function belief({ figure, element, rows, first, changed }) {
  const settled = figure.settled ?? figure.steps.length - 1; // no answer that is unclear ever has
  seek(element, settled);
  const values = {
    first: figure.labels[first],
    before: percent(rows[first][0]),
    where: where(figure, 0),
    settled: where(figure, settled),
    label: figure.labels[figure.answer],
    after: percent(rows[figure.answer].at(-1)),
  };
  return say(changed ? "tour.belief_changed" : "tour.belief_same", values);
}

/** Stop 3: the gates where what had been believed fell most. */
async function gates({ figure, element, ask, turn, fell, rows }) {
  seek(element, turn);
  const mean = (key, step) => unpack(figure.figure.data.find(({ meta }) => meta.kind === "mean" && meta.key === key).y)[0][step];
  const values = { where: where(figure, turn), f: mean("f", turn).toFixed(2), i: mean("i", turn).toFixed(2) };
  const found = resetWords(await findings({ ask }));
  if (fell === null) return `${say("tour.gates_same", values)} ${found}`.trim();
  const written = { label: figure.labels[fell], before: percent(rows[fell][turn - 1]), after: percent(rows[fell][turn]) };
  const words = say(mean("i", turn) < mean("i", turn - 1) ? "tour.gates_forget" : "tour.gates_turn", { ...values, ...written });
  return `${words} ${found}`.trim();
}

/** Stop 4: the ledger, and its largest entry. */
function account({ figure, element }) {
  const contrast = firstContrast(figure);
  choose(element, contrast);
  const bars = evidence(unpack(figure.ledger.evidence), contrast);
  const most = best(bars.map(Math.abs));
  seek(element, most);
  const { evidence: sum, logits, bias } = sums(figure, contrast);
  return say("tour.ledger", {
    label: figure.labels[contrast.about],
    other: contrast.against === null ? say("drawing.mean_of_all") : figure.labels[contrast.against],
    where: where(figure, most),
    most: signed(bars[most]),
    sum: signed(sum),
    logits: signed(logits),
    bias: signed(bias),
  });
}

/**
 * Stop 5: the forget gates are held open, by the button for it, from where what had been believed was at its height; then
 * it is the reader's turn. Where nothing ever fell, it is read without the step that wrote most.
 */
async function heldOpen(told) {
  const { figure, element, ask, rows, turn, fell } = told;
  if (fell === null) return withoutIt(told);
  const start = best(rows[fell].slice(0, turn)) + 1;
  const span = { start, stop: figure.steps.length };
  try {
    const [{ probabilities }, found] = [await ask({ ask: "what_if", ...span, gate: "f", value: 1 }), await findings({ ask })];
    if (!told.wanted()) return "";
    if (state(element)?.span?.start !== start) selectSteps(element, span);
    document.querySelector('[data-change="hold_open"]')?.click();
    const now = best(probabilities);
    const values = {
      where: where(figure, start),
      label: figure.labels[now],
      percent: percent(probabilities[now]),
      old: figure.labels[figure.answer],
    };
    return [say(now === figure.answer ? "tour.held_same" : "tour.held", values), heldWords(found), say("tour.yours")].filter(Boolean).join(" ");
  } catch {
    return say("tour.yours"); // the server has forgotten the reading, or was asked too much
  }
}

/** What would have been without the step that wrote most. */
async function withoutIt({ figure, ask }) {
  const bars = evidence(unpack(figure.ledger.evidence), firstContrast(figure));
  const start = best(bars.map(Math.abs));
  try {
    const { label, probabilities } = await ask({ ask: "what_if", start, stop: start + 1 });
    const values = { where: where(figure, start), label: name(label), percent: percent(Math.max(...probabilities)) };
    return `${say("tour.without", values)} ${say("tour.yours")}`;
  } catch {
    return say("tour.yours"); // see above
  }
}

/** A step as a person would point at it. Its word stays as it was written, even where it is the name of a class. */
function where({ steps }, step) {
  const words = sentences();
  return whereIs(steps, step, (key, values) => words[`drawing.${key}`].replace(/\{(\w+)\}/g, (_, gap) => values[gap]));
}

/** What each stop does, in order: ({figure, element, ask, ...story}) => its words, or a promise of them. */
export const STOPS = [input, belief, gates, account, heldOpen];
