/** 128 units at once as a heat map: those of the reading on the page, or, before there is one, of an LSTM that learned nothing. */

import { channels } from "../core/colour.js";
import { now } from "../core/current.js";
import { make } from "../core/dom.js";
import { ask, sentencesOf } from "../core/findings.js";
import { decode, unpack } from "../core/packed.js";
import { say } from "../core/words.js";
import { number } from "./widgets.js";

const KEYS = ["f", "i", "o", "g", "c", "h"];
const [UNITS, STEPS] = [128, 40];
const VIRIDIS = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"];
const state = { key: "f" };
let untrained = null;

export function many() {
  const canvas = make("canvas", { role: "img", ariaLabel: say("how.many") });
  const note = make("p", { className: "mmh-note" });
  const told = make("p", { className: "mmh-note", role: "status" });
  const pick = make("div", { className: "mmh-chips", role: "group", ariaLabel: say("drawing.map") });
  let units = null;
  const show = () => {
    units = read(state.key) ?? made(state.key);
    note.textContent = say(units.read ? "how.many_read" : "how.many_made", { units: units.rows.length, steps: units.rows[0].length });
    told.textContent = say("how.many_point");
    paint(canvas, units);
  };
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const place = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    const step = place((event.clientX - box.left) / box.width, units.rows[0].length);
    const row = place((event.clientY - box.top) / box.height, units.rows.length);
    const values = { unit: units.order[row] + 1, step: step + 1, name: say(`drawing.${state.key}`), value: number(units.rows[row][step]) };
    told.textContent = say("how.many_value", values);
  });
  for (const key of KEYS) {
    const chip = make("button", { type: "button", className: "mm-chipped", ariaPressed: String(key === state.key) }, say(`drawing.${key}`));
    chip.addEventListener("click", () => {
      state.key = key;
      for (const each of pick.children) each.ariaPressed = String(each === chip);
      show();
    });
    pick.append(chip);
  }
  show();
  return make("div", {}, make("div", { className: "mmh-play mmh-many" }, [pick, canvas, told, note]), findings());
}

/** What single units of this checkpoint were found to do; nothing where nobody has looked. */
function findings() {
  const box = make("div", { className: "mmh-found", hidden: true });
  ask(now()).then((found) => {
    const sentences = sentencesOf(found);
    if (!sentences.length) return;
    const source = make("p", { className: "mmh-note" }, say("how.found_source", { command: found.command, sentences: found.sentences }));
    box.replaceChildren(make("h4", {}, say("how.found")), make("ul", {}, ...sentences.map((words) => make("li", {}, words))), source);
    box.hidden = false;
  });
  return box;
}

/** Values of the reading on the page, units by steps, in the order in which they act; null where nothing was read. */
function read(key) {
  const { figure } = now();
  const trace = figure?.figure?.data.find(({ meta }) => meta.row === "units" && meta.key === key);
  if (!trace) return null;
  const codes = unpack(trace.z);
  return { read: true, order: figure.order, rows: figure.order.map((unit) => Array.from(codes[unit], (code) => decode(trace, code))) };
}

/** The same from the six equations with weights drawn by lot, reading one number a step: a pulse, silence, a pulse. */
function made(key) {
  untrained ??= lstm();
  const rows = Array.from({ length: UNITS }, (_, unit) => untrained.map((step) => step[key][unit]));
  return { read: false, order: [...rows.keys()], rows };
}

function lstm() {
  const normal = lots(7);
  const draw = (count, scale) => Float32Array.from({ length: count }, () => scale * normal());
  const gates = Object.fromEntries(
    ["i", "f", "o", "g"].map((key) => [key, { wx: draw(UNITS, 2), wh: draw(UNITS * UNITS, 0.09), b: draw(UNITS, 0.4).map((b) => b + (key === "f" ? 1 : 0)) }]),
  );
  let h = new Float32Array(UNITS);
  let c = new Float32Array(UNITS);
  return Array.from({ length: STEPS }, (_, t) => {
    const x = t < 6 ? 1 : t >= 20 && t < 26 ? -1 : 0;
    const step = {};
    for (const [key, { wx, wh, b }] of Object.entries(gates)) {
      step[key] = h.map((_, unit) => {
        const z = h.reduce((sum, value, k) => sum + wh[unit * UNITS + k] * value, wx[unit] * x + b[unit]);
        return key === "g" ? Math.tanh(z) : 1 / (1 + Math.exp(-z));
      });
    }
    c = c.map((before, unit) => step.f[unit] * before + step.i[unit] * step.g[unit]);
    h = c.map((now, unit) => step.o[unit] * Math.tanh(now));
    return { ...step, c, h };
  });
}

/** Numbers from a normal distribution, the same ones every time (mulberry32, then Box and Muller). */
function lots(seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Gates from 0 to 1 in the drawing's colours for them, the others around zero, the memory by its tanh. */
function paint(canvas, { rows }) {
  const style = getComputedStyle(document.body);
  const hue = (name) => style.getPropertyValue(`--mm-${name}`).trim();
  const gate = "ifo".includes(state.key);
  const stops = (gate ? VIRIDIS : [hue("minus"), hue("zero"), hue("plus")]).map(channels);
  const image = new ImageData(rows[0].length, rows.length);
  rows.forEach((row, y) =>
    row.forEach((value, x) => {
      const share = gate ? value : (1 + (state.key === "c" ? Math.tanh(value) : value)) / 2;
      const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
      const k = Math.min(Math.floor(place), stops.length - 2);
      const rgb = stops[k].map((from, channel) => from + (stops[k + 1][channel] - from) * (place - k));
      image.data.set([...rgb, 255], 4 * (y * row.length + x));
    }),
  );
  Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}
