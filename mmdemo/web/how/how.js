/** "How it works": another view of the page, from one unit to the whole drawing, at the address #how. */

import { now, onResult } from "../core/current.js";
import { make, svg } from "../core/dom.js";
import { view } from "../core/view.js";
import { find, say } from "../core/words.js";
import { stepsPicture } from "../drawing/cell.js";
import { cell } from "./cell.js";
import { many } from "./many.js";
import { dot, formula, hueOf, number, placed, slider, traced } from "./widgets.js";
import { worked } from "./worked.js";

const VIEW = "how"; // in the address: #how, and #how-cell for its part
const PARTS = { cell, gates, many, steps, ledger: worked, limits, glossary };
const TERMS = [
  "step", "modality", "unit", "gate", "input_gate", "forget_gate", "output_gate", "candidate", "cell_state", "state", "logit",
  "softmax", "belief", "level", "settled", "ledger", "evidence", "contrast", "let_go", "what_if", "share", "alone",
  "contradiction", "order", "changed", "faithfulness", "checkpoint",
]; // prettier-ignore
const EQUATIONS = {
  i: "i_t = σ(W_xi x_t + W_hi h_{t−1} + b_i)",
  f: "f_t = σ(W_xf x_t + W_hf h_{t−1} + b_f)",
  o: "o_t = σ(W_xo x_t + W_ho h_{t−1} + b_o)",
  g: "g_t = tanh(W_xg x_t + W_hg h_{t−1} + b_g)",
  c: "c_t = f_t · c_{t−1} + i_t · g_t",
  h: "h_t = o_t · tanh(c_t)",
};
const sought = { z: 0.5 };

/** The view. It is made when it is first opened, and again in another language or after another reading. */
export function how({ element }) {
  const { refill, open } = view(element, VIEW, made);
  onResult(() => (open() && element.contains(document.activeElement) ? null : refill()));
}

function made() {
  const names = Object.keys(PARTS);
  const links = names.map((name) => {
    const link = make("a", { href: `#${VIEW}-${name}` }, say(`how.${name}`));
    link.dataset.view = `${VIEW}-${name}`;
    return make("li", {}, link);
  });
  return [
    make("header", { className: "mmh-top" }, [
      make("h2", {}, say("how.title")),
      make("p", {}, say("how.intro")),
      make("nav", { ariaLabel: say("how.title") }, make("ol", {}, ...links)),
    ]),
    ...names.map((name, k) =>
      make("section", { id: `${VIEW}-${name}`, className: "mm-card mmh-part" }, [
        make("h3", {}, make("i", {}, String(k + 1)), say(`how.${name}`)),
        ...paragraphs(name),
        PARTS[name](),
        ...paragraphs(`${name}_after`),
      ]),
    ),
  ];
}

/** how.NAME_1, how.NAME_2, ... as long as there are any. */
function paragraphs(name) {
  const found = [];
  for (let k = 1; find(`how.${name}_${k}`); k++) found.push(make("p", { className: "mmh-text" }, say(`how.${name}_${k}`)));
  return found;
}

/** The six equations in words, and the curve that makes a gate out of a number. */
function gates() {
  const rows = Object.entries(EQUATIONS).map(([key, text]) => {
    const row = make("li", {}, formula(text), make("span", {}, say(`how.equation_${key}`)));
    row.style.setProperty("--hue", hueOf(key));
    return row;
  });
  const picture = make("div", { className: "mmh-squash" });
  const told = make("p", { className: "mmh-sums", role: "status" });
  const knob = slider({ name: "z", hue: "f", low: -6, high: 6 }, (z) => {
    sought.z = z;
    show();
  });
  const show = () => {
    const places = placed(121, 1.1); // z from -6 to 6 by tenths
    const curve = (squash) => Array.from({ length: 121 }, (_, k) => squash((k - 60) / 10));
    const at = 10 * sought.z + 60;
    const [gate, signed] = [1 / (1 + Math.exp(-sought.z)), Math.tanh(sought.z)];
    picture.replaceChildren(
      svg("svg", { "aria-hidden": "true" },
        svg("line", { x1: 0, x2: "100%", y1: "50%", y2: "50%", class: "mmh-zero" }),
        svg("line", { x1: "50%", x2: "50%", y1: 0, y2: "100%", class: "mmh-zero" }),
        ...traced(curve((z) => 1 / (1 + Math.exp(-z))), places, "mmh-line-f"),
        ...traced(curve(Math.tanh), places, "mmh-line-g"),
        dot(at, gate, places, "mmh-line-f"),
        dot(at, signed, places, "mmh-line-g"),
      ),
    );
    told.replaceChildren(make("code", {}, `σ(${number(sought.z)}) = ${number(gate)}    tanh(${number(sought.z)}) = ${number(signed)}`), say("how.squash"));
  };
  knob.set(sought.z);
  show();
  return make("div", { className: "mmh-play" }, [
    make("ol", { className: "mmh-equations" }, ...rows),
    make("div", { className: "mmh-knobs" }, [picture, make("div", {}, knob, told)]),
  ]);
}

/** How each modality becomes steps, how many of them the reading on the page has, and how they make one row. */
function steps() {
  const { figure } = now();
  const cards = ["text", "image", "audio"].map((modality) => {
    const count = figure?.steps.filter((step) => step.modality === modality).length;
    const card = make("div", { className: `mmh-modality mm-of-${modality}` }, [
      make("h4", {}, say(`page.${modality}`)),
      make("p", {}, say(`how.steps_${modality}`)),
      count ? make("p", { className: "mmh-note" }, say("how.steps_here", { count })) : null,
    ]);
    return card;
  });
  const row = figure ? make("div", { className: "mmh-machine" }, stepsPicture(figure.steps).picture) : null;
  return make("div", { className: "mmh-play" }, make("div", { className: "mmh-modalities" }, ...cards), row);
}

/** What should be known before the page is believed. */
function limits() {
  const items = [];
  for (let k = 1; find(`how.limit_${k}`); k++) items.push(make("li", {}, say(`how.limit_${k}`)));
  return make("ul", { className: "mmh-limits" }, ...items);
}

function glossary() {
  const entries = TERMS.flatMap((term) => [make("dt", { id: `term-${term}` }, say(`term.${term}`)), make("dd", {}, say(`term.${term}_about`))]);
  return make("dl", { className: "mmh-glossary" }, ...entries);
}
