/** One cell to play with: its gates over a few steps, and what its memory and its output become. */

import { make, svg } from "../core/dom.js";
import { say } from "../core/words.js";
import { cellPicture, spokenCell } from "../drawing/cell.js";
import { dot, lane, number, placed, slider, traced } from "./widgets.js";

const COUNT = 6; // steps
const PARTS = { i: [0, 1], f: [0, 1], o: [0, 1], g: [-1, 1] };
const quiet = { i: 0.05, f: 0.98, o: 0.9, g: 0 };
const written = { i: 0.95, f: 0.5, o: 0.9, g: 0.9 };

/** Presets: what differs from a quiet step, by step. */
const STORIES = {
  remember: {},
  forget: { 3: { f: 0.1 } },
  replace: { 3: { f: 0.1, i: 0.95, g: -0.9 } },
  hide: { 1: { o: 0.05 }, 2: { o: 0.05 }, 3: { o: 0.05 } },
  pile: Object.fromEntries(Array.from({ length: COUNT }, (_, k) => [k, { i: 0.6, g: 0.8 }])),
};
const story = (name) => Array.from({ length: COUNT }, (_, k) => ({ ...(k ? quiet : written), ...STORIES[name][k] }));
const state = { steps: story("replace"), chosen: 3 };

/** The cell state and the output after each step: the last two of the six equations. */
export function run(steps) {
  let c = 0;
  return steps.map(({ i, f, o, g }) => {
    const before = c;
    c = f * before + i * g;
    return { before, c, h: o * Math.tanh(c) };
  });
}

/** The whole of it: presets, the drawing, the sliders of the chosen step, the cell at it, its numbers filled in. */
export function cell() {
  const picture = make("div", { className: "mmh-chart" });
  const sums = make("div", { className: "mmh-sums", role: "status" });
  const machine = cellPicture();
  const sliders = Object.entries(PARTS).map(([key, [low, high]]) =>
    slider({ name: `${say(`drawing.${key}`)}${key === "g" ? "" : ` ${key}`}`, hue: key, low, high }, (value) => {
      state.steps[state.chosen][key] = value;
      show();
    }),
  );
  const heading = make("h4");
  const choose = (step) => {
    state.chosen = step;
    show();
  };
  const show = () => {
    heading.textContent = say("how.cell_step", { step: state.chosen + 1 });
    Object.keys(PARTS).forEach((key, k) => sliders[k].set(state.steps[state.chosen][key]));
    picture.replaceChildren(...pictured(choose));
    const values = insideNow();
    machine.show(values, spokenCell(values));
    sums.replaceChildren(...filledIn());
  };
  const presets = Object.keys(STORIES).map((name) => {
    const chip = make("button", { type: "button", className: "mm-chipped" }, say(`how.cell_${name}`));
    chip.addEventListener("click", () => {
      state.steps = story(name);
      show();
    });
    return chip;
  });
  picture.addEventListener("click", (event) => {
    const frame = event.target.closest("svg")?.getBoundingClientRect();
    if (frame) choose(Math.min(COUNT - 1, Math.floor(((event.clientX - frame.left) / frame.width) * COUNT)));
  });
  show();
  return make("div", { className: "mmh-play" }, [
    make("div", { className: "mmh-chips", role: "group", ariaLabel: say("how.cell_presets") }, ...presets),
    picture,
    make("div", { className: "mmh-knobs" }, [make("div", {}, heading, ...sliders), make("div", { className: "mmh-machine" }, machine.picture)]),
    sums,
  ]);
}

/** Gates as bars, memory and output as lines, on one axis of steps; under them the steps as buttons. */
function pictured(choose) {
  const steps = state.steps;
  const cells = run(steps);
  const most = Math.max(1, ...cells.map(({ c }) => Math.abs(c)));
  const gates = svg("svg", { viewBox: `0 0 ${COUNT * 100} 100`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const memory = svg("svg", { role: "img" });
  memory.setAttribute("aria-label", cells.map(({ c, h }, k) => say("how.cell_spoken", { step: k + 1, c: number(c), h: number(h) })).join("; "));
  gates.append(svg("rect", { x: state.chosen * 100, width: 100, y: 0, height: 100, class: "mmh-chosen" }));
  memory.append(svg("rect", { x: `${(100 * state.chosen) / COUNT}%`, width: `${100 / COUNT}%`, height: "100%", class: "mmh-chosen" }));
  steps.forEach((step, k) => {
    ["i", "f", "o"].forEach((key, place) => {
      gates.append(svg("rect", { x: k * 100 + 14 + place * 18, width: 14, y: 98 - 94 * step[key], height: 94 * step[key] + 2, fill: `var(--mm-${key})` }));
    });
    const up = 47 * Math.abs(step.g);
    gates.append(svg("rect", { x: k * 100 + 72, width: 14, y: 51 - (step.g > 0 ? up : 0), height: Math.max(up, 1), fill: "var(--mm-mute)" }));
  });
  memory.append(svg("line", { x1: 0, x2: "100%", y1: "50%", y2: "50%", class: "mmh-zero" }));
  const places = placed(COUNT, most * 1.08);
  for (const key of ["c", "h"]) {
    const values = cells.map((each) => each[key]);
    memory.append(...traced(values, places, `mmh-line-${key}`), ...values.map((value, k) => dot(k, value, places, `mmh-line-${key}`)));
  }
  const buttons = steps.map((_, k) => {
    const button = make("button", { type: "button", ariaPressed: String(k === state.chosen), ariaLabel: say("how.cell_step", { step: k + 1 }) }, String(k + 1));
    button.addEventListener("click", () => {
      choose(k);
      document.querySelectorAll(".mmh-steps button")[k].focus(); // they were made anew
    });
    return button;
  });
  return [
    ...lane(["i", "f", "o", "g"].map((key) => [key, say(`drawing.${key}`)]), gates),
    ...lane([["c", say("how.cell_c")], ["h", say("how.cell_h")]], memory),
    make("span", {}, say("how.cell_steps")),
    make("div", { className: "mmh-steps" }, ...buttons),
  ];
}

/** The numbers of the chosen step. */
function insideNow() {
  const step = state.steps[state.chosen];
  const { before, c, h } = run(state.steps)[state.chosen];
  return { ...step, before, c, h, kept: step.f * before, wrote: step.i * step.g };
}

/** The two equations of the chosen step with its numbers. */
function filledIn() {
  const { i, f, o, g, before, c, h } = insideNow();
  const line = (text, words) => make("p", {}, make("code", {}, text), make("span", {}, words));
  const most = Math.abs(f * before) >= Math.abs(i * g) ? "kept" : "written";
  return [
    line(`c = f·c + i·g = ${number(f)} · ${number(before)} + ${number(i)} · ${number(g)} = ${number(c)}`, say(`how.cell_${Math.abs(c) < 0.005 ? "nothing" : most}`)),
    line(`h = o·tanh(c) = ${number(o)} · ${number(Math.tanh(c))} = ${number(h)}`, say(`how.cell_${o < 0.3 ? "hidden" : "shown"}`)),
  ];
}
