/**
 * One cell of the LSTM as a machine: what it held and what is new flow through two valves into its tank, and a third
 * shows what is in it to the others. Above it the inputs, which became one row of steps. The page has it beside the
 * drawing (page/machine.js), and "How it works" has it to play with (how/cell.js).
 */

import { put, svg } from "../core/dom.js";
import { number as plain } from "../core/numbers.js";
import { say } from "../core/words.js";
import { runs } from "./steps.js";

const [WIDTH, HEIGHT] = [264, 106];
const ROW = { height: 37, icon: 15, square: 8, air: 1.5 }; // of the inputs and the steps that they become
const INLET = 148; // where what is new comes in from above
const TANKS = { before: { x: 8, y: 38, width: 32, height: 44 }, c: { x: 122, y: 30, width: 52, height: 60 } };
const VALVES = { f: { x: 81, y: 60, lies: true }, i: { x: INLET, y: 15, lies: false }, o: { x: 200, y: 60, lies: true } };
const PIPES = { kept: "M40 60H122", wrote: `M${INLET} 0V30`, h: "M174 60H227" };
const WIDEST = 7; // pixels of a flow of one or more
const LAMP = { cx: 240, cy: 60, r: 12 };

/** With two digits, and never a minus before nothing. */
const number = (value) => plain(Math.abs(value) < 0.005 ? 0 : value);

/**
 * The picture of a cell. `show(values, spoken)` moves it to {i, f, o, g, before, c, h, kept, wrote} and says in words what
 * there is to see; `kept` and `wrote`, what comes through the valves f and i, need not be products where they are means.
 */
export function cellPicture() {
  const flows = Object.fromEntries(Object.entries(PIPES).map(([name, d]) => [name, svg("path", { d, class: "mmk-flow" })]));
  const levels = Object.fromEntries(Object.keys(TANKS).map((name) => [name, svg("rect", { class: "mmk-level" })]));
  const valves = Object.fromEntries(Object.entries(VALVES).map(([gate, place]) => [gate, valve(gate, place)]));
  const lamp = svg("circle", { ...LAMP, class: "mmk-lamp" });
  const words = {
    g: text(INLET - 13, 12, "end"),
    i: text(INLET + 13, 19, "start", "i"),
    f: text(81, 101, "middle", "f"),
    o: text(216, 101, "middle", "o"),
    before: text(24, 101, "middle"),
    c: text(INLET, 64.5, "middle", "c"),
    h: text(LAMP.cx, 42, "middle"),
  };
  words.c.classList.add("mmk-held");
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "mmk", role: "img" },
    ...Object.values(PIPES).map((d) => svg("path", { d, class: "mmk-pipe" })),
    ...Object.values(flows),
    ...Object.entries(TANKS).flatMap(([name, box]) => [tank(box), levels[name], zero(box), svg("rect", { ...box, rx: 7, class: "mmk-wall" })]),
    ...Object.values(valves),
    svg("text", { x: INLET, y: 101, "text-anchor": "middle" }, say("cell.c")),
    svg("circle", { ...LAMP, class: "mmk-tank" }), lamp, svg("circle", { ...LAMP, class: "mmk-wall" }),
    ...Object.values(words),
  ); // prettier-ignore

  const show = (values, spoken) => {
    for (const [gate, node] of Object.entries(valves)) node.lastChild.style.transform = `rotate(${(90 * (1 - values[gate])).toFixed(1)}deg)`;
    for (const [name, node] of Object.entries(flows)) flow(node, values[name]);
    for (const [name, box] of Object.entries(TANKS)) fill(levels[name], box, values[name]);
    lamp.style.opacity = Math.min(1, Math.abs(values.h)).toFixed(3);
    lamp.classList.toggle("mmk-minus", values.h < 0);
    for (const gate of Object.keys(VALVES)) write(words[gate], `${say(`cell.${gate}`)} ${gate}`, number(values[gate]));
    write(words.g, say("cell.g"), number(values.g));
    write(words.h, "h", number(values.h));
    write(words.before, "", number(values.before));
    write(words.c, "", number(values.c));
    picture.setAttribute("aria-label", spoken);
  };
  return { picture, show };
}

/** What is to be said of the numbers of a cell, for those who do not see it. */
export const spokenCell = (values) => say("cell.spoken", Object.fromEntries(Object.entries(values).map(([key, value]) => [key, number(value)])));

/**
 * The inputs, and the one row of steps that they become; `point(step)` lights a step and leads it into the cell below,
 * null lights none. Without `steps` it shows the three of them and no row.
 */
export function stepsPicture(steps) {
  const wide = WIDTH / steps.length;
  const top = ROW.height - 13;
  const squares = steps.map(({ modality }, step) => {
    const air = Math.min(ROW.air, wide / 6);
    return svg("rect", { x: step * wide + air / 2, y: top, width: wide - air, height: ROW.square, rx: Math.min(2, wide / 4), class: `mmk-step mm-of-${modality}` });
  });
  const found = runs(steps);
  const film = found.some(({ modality }) => modality === "video");
  const kinds = film ? ["video"] : ["text", "image", "audio"];
  const sources = kinds.flatMap((modality, k) => {
    const x = (WIDTH * (2 * k + 1)) / (2 * kinds.length);
    const run = found.find((each) => each.modality === modality);
    const sign = svg("g", { class: `mmk-source mm-of-${modality}${run ? "" : " mmk-absent"}`, transform: `translate(${x - ROW.icon / 2} 0)` }, ...SIGNS[modality]());
    if (!run) return [sign];
    const goal = (run.start + run.length / 2) * wide;
    const [half, low] = [Math.min(run.length * wide, 220) / 2 - 1, top - 2];
    const way = `M${x - 4} 16C${x - 4} 22 ${goal - half} ${low - 6} ${goal - half} ${low}H${goal + half}C${goal + half} ${low - 6} ${x + 4} 22 ${x + 4} 16Z`;
    return [svg("path", { d: way, class: `mmk-way mm-of-${modality}` }), sign];
  });
  const lead = svg("path", { class: "mmk-lead", d: "" });
  const words = steps.length ? kinds.filter((kind) => found.some(({ modality }) => modality === kind)).map((kind) => say(`page.${kind}`)) : [];
  const label = say("cell.row", { kinds: words.join(", "), count: steps.length });
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${ROW.height}`, class: "mmk", role: "img", "aria-label": label }, ...sources, ...squares, lead);
  let lit = null;
  const point = (step) => {
    squares[lit]?.classList.remove("mmk-lit");
    squares[step]?.classList.add("mmk-lit");
    lit = step;
    const start = top + ROW.square;
    lead.setAttribute("d", squares[step] ? `M${(step + 0.5) * wide} ${start}V${start + 3}H${INLET}V${ROW.height + 1}` : "");
  };
  return { picture, point };
}

/** What an input looks like, in 15 x 15. */
const SIGNS = {
  text: () => [svg("text", { x: 7.5, y: 12.5, "text-anchor": "middle" }, "Aa")],
  image: () => [svg("rect", { x: 0.75, y: 1.75, width: 13.5, height: 11.5, rx: 2 }), svg("path", { d: "M3 11L6.5 6L9 9.5L10.5 8L12.5 11" })],
  video: () => [svg("rect", { x: 0.75, y: 1.75, width: 13.5, height: 11.5, rx: 2 }), svg("path", { d: "M6 5L10 7.5L6 10Z" })],
  audio: () => [svg("path", { d: "M1 6V9M4.25 3.5V11.5M7.5 1V14M10.75 4.5V10.5M14 6.5V8.5" })],
};

const tank = (box) => svg("rect", { ...box, rx: 7, class: "mmk-tank" });
const zero = ({ x, y, width, height }) => svg("path", { d: `M${x} ${y + height / 2}H${x + width}`, class: "mmk-zero" });

/** A valve in its pipe: its flap lies along the pipe when it is open, and across it when it is shut. */
function valve(gate, { x, y, lies }) {
  const flap = svg("path", { d: lies ? "M-6.5 0H6.5" : "M0 -6.5V6.5", class: "mmk-flap" });
  return svg("g", { class: `mmk-valve mmk-of-${gate}`, transform: `translate(${x} ${y})` }, svg("circle", { r: 9 }), flap);
}

function text(x, y, anchor, gate = "") {
  return svg("text", { x, y, "text-anchor": anchor, class: `mmk-words mmk-of-${gate}` }, svg("tspan", {}), svg("tspan", { class: "mmk-number" }));
}

function write({ firstChild, lastChild }, words, value) {
  put(firstChild, words && `${words} `);
  put(lastChild, value);
}

/** As wide as it is strong, in the colour of its sign. */
function flow(node, value) {
  node.style.strokeWidth = Math.min(WIDEST, WIDEST * Math.abs(value)).toFixed(2);
  node.classList.toggle("mmk-minus", value < 0);
}

/** Up from the middle what is positive, down what is negative; by the tanh, which is what the LSTM itself shows of it. */
function fill(node, { x, y, width, height }, value) {
  const high = (Math.abs(Math.tanh(value)) * height) / 2;
  Object.assign(node.style, { x: `${x}px`, width: `${width}px`, y: `${y + height / 2 - (value > 0 ? high : 0)}px`, height: `${high}px` });
  node.classList.toggle("mmk-minus", value < 0);
}
