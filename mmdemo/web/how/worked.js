/** The ledger by hand: one unit, four words, and numbers that add up in front of the reader. */

import { make } from "../core/dom.js";
import { say } from "../core/words.js";
import { number, slider } from "./widgets.js";

const WEIGHT = 5; // what the dense layer gives this unit for three, less what it gives it for five
const OUTPUT = 0.8; // the output gate at the last step
const STEPS = [
  { word: "three", i: 0.9, f: 0.5, g: 0.8 },
  { word: "no", i: 0.2, f: 0.85, g: -0.05 },
  { word: "wait", i: 0.1, f: 0.3, g: 0.05 },
  { word: "five", i: 0.85, f: 0.6, g: -0.7 },
];
const PLAYED = 2; // the step whose forget gate can be moved

/** Each step's i·g, what later forget gates left of it, and its part in the score; and the cell by the equation itself. */
export function ledger(steps, output = OUTPUT, weight = WEIGHT) {
  const cell = steps.reduce((c, { i, f, g }) => f * c + i * g, 0);
  const shown = cell ? Math.tanh(cell) / cell : 1;
  const rows = steps.map(({ word, i, g }, k) => {
    const kept = steps.slice(k + 1).reduce((product, { f }) => product * f, 1);
    return { word, i, g, written: i * g, kept, left: kept * i * g, evidence: weight * output * shown * kept * i * g };
  });
  return { rows, cell, score: weight * output * Math.tanh(cell) };
}

export function worked() {
  const steps = STEPS.map((step) => ({ ...step }));
  const body = make("tbody");
  const foot = make("tfoot");
  const sums = make("div", { className: "mmh-sums", role: "status" });
  const heads = ["word", "written", "kept", "left", "evidence"].map((name) => make("th", { scope: "col" }, say(`how.worked_${name}`)));
  const knob = slider({ name: say("how.worked_knob", { word: STEPS[PLAYED].word }), hue: "f", low: 0, high: 1 }, (value) => {
    steps[PLAYED].f = value;
    show();
  });
  const show = () => {
    const { rows, cell, score } = ledger(steps);
    body.replaceChildren(
      ...rows.map(({ word, i, g, written, kept, left, evidence }, k) =>
        row(word, [
          `${number(i)} · ${number(g)} = ${number(written, 3)}`,
          k === rows.length - 1 ? say("how.worked_last") : `${steps.slice(k + 1).map(({ f }) => number(f)).join(" · ")} = ${number(kept, 3)}`,
          number(left, 3),
          number(evidence, 3),
        ]),
      ),
    );
    const total = (key) => number(rows.reduce((sum, each) => sum + each[key], 0), 3);
    foot.replaceChildren(row(say("how.worked_sum"), ["", "", total("left"), total("evidence")]));
    const c = steps.map(({ i, f, g }) => ({ f, new: i * g }));
    const chain = c.slice(1).reduce((text, { f, new: u }) => `(${text}) · ${number(f)} ${u < 0 ? "−" : "+"} ${number(Math.abs(u), 3)}`, number(c[0].new, 3));
    sums.replaceChildren(
      make("p", {}, make("code", {}, `c = ${chain} = ${number(cell, 3)}`), make("span", {}, say("how.worked_same"))),
      make("p", {}, make("code", {}, `${WEIGHT} · ${OUTPUT} · tanh(${number(cell, 3)}) = ${number(score, 3)}`), make("span", {}, say(score > 0 ? "how.worked_three" : "how.worked_five"))),
    );
  };
  knob.set(STEPS[PLAYED].f);
  show();
  const table = make("table", { className: "mmh-table" }, [make("thead", {}, make("tr", {}, ...heads)), body, foot]);
  return make("div", { className: "mmh-play" }, [make("div", { className: "mmh-scroll", tabIndex: 0, ariaLabel: say("how.worked") }, table), knob, sums]);
}

const row = (name, cells) => make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((text) => make("td", {}, text)));
