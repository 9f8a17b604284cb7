/** What each step meant at each later one: a row for each step that it is seen from, so that forgetting shows. */

import { channels } from "../core/colour.js";
import { make } from "../core/dom.js";
import { signed } from "../core/numbers.js";
import { unpack } from "../core/packed.js";
import { term } from "../core/tooltip.js";
import { across } from "../drawing/axis.js";
import { seek } from "../drawing/drawing.js";
import { runs } from "../drawing/steps.js";

const NAMES = 24; // along an axis, at most
const FITTING = 50; // letters side by side

/** The heat map, its legend, and what is pointed at. */
export function triangle(inspector, told) {
  const { payload, say, frame, where, place } = inspector;
  const rows = unpack(told.steps); // rows[t][s]
  const count = rows.length;
  const most = rows.reduce((top, row) => row.reduce((top, value) => Math.max(top, Math.abs(value)), top), 1e-6);
  const canvas = make("canvas", { className: "mmi-heat", width: count, height: count, tabIndex: 0, role: "img", ariaLabel: say("triangle_keys") });
  paint(canvas, rows, most, getComputedStyle(place));
  const [column, row] = ["down", "along"].map((name) => make("i", { className: `mmi-${name}`, hidden: true }));
  const readout = make("p", { className: "mmi-readout", ariaLive: "polite" }, say("triangle_rest"));
  const bands = runs(payload.steps).map(({ modality, start, length }) => across(make("i", { className: `mm-of-${modality}` }), start, length, count));

  const at = { s: count - 1, t: count - 1 };
  const point = (s, t) => {
    Object.assign(at, { s: Math.min(Math.max(0, s), count - 1), t: Math.min(Math.max(0, t), count - 1) });
    const share = (value) => `${(100 * value) / count}%`;
    Object.assign(column.style, { left: share(at.s), width: share(1), top: share(at.s) });
    Object.assign(row.style, { top: share(at.t), height: share(1), width: share(at.t + 1) });
    column.hidden = row.hidden = false;
    const [step, seen] = [at.s, at.t].map((k) => where({ start: k, stop: k + 1 }));
    const values = { step, seen, value: signed(rows[at.t][at.s]), fresh: signed(rows[at.s][at.s]), n: at.s + 1, m: at.t + 1 };
    readout.textContent = say(at.s > at.t ? "triangle_not_yet" : at.s === at.t ? "triangle_new" : "triangle_at", values);
    seek(frame, at.s);
  };
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    point(Math.floor(((event.clientX - box.left) / box.width) * count), Math.floor(((event.clientY - box.top) / box.height) * count));
  });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    point(at.s + move[0], at.t + move[1]);
  });

  const title = term(contrasted(inspector, "triangle_title"), say("triangle_about"), "mmi-title");
  const legend = make("div", { className: "mmi-legend" }, signed(-most), make("i"), signed(most));
  const [along, down] = names(payload.steps, where);
  const map = make("div", { className: "mmi-map" }, make("div", { className: "mmi-bands" }, bands), canvas, column, row);
  const axis = (key) => make("span", { className: "mmi-axis" }, say(key));
  const labelled = make("div", { className: "mmi-labelled" }, axis("triangle_y"), make("div", {}, axis("triangle_x"), along), down, map);
  return [
    make("h3", {}, title),
    make("div", { className: "mmi-side" }, labelled,
      make("div", { className: "mmi-words" }, make("p", {}, say("triangle_words")), readout, legend)),
  ]; // prettier-ignore
}

/** The steps along an axis and down the other: the words, or as many numbers as there is room for. */
function names(steps, where) {
  const { length } = steps;
  const list = [...steps.keys()].filter((step) => step % Math.ceil(length / NAMES) === 0);
  const words = (step) => steps[step].text || String(step + 1);
  const place = (className, side) =>
    make("div", { className, ariaHidden: "true" }, list.map((step) => {
      const name = make("span", { title: where({ start: step, stop: step + 1 }) }, words(step));
      name.style[side] = `${(100 * (step + 0.5)) / length}%`;
      return name;
    }));
  const upright = list.some((step) => words(step).length * list.length > FITTING);
  return [place(`mmi-names-across${upright ? " mmi-upright" : ""}`, "left"), place("mmi-names-down", "top")];
}

/** "... for 5 against 3", or against the mean of all. */
export function contrasted({ payload, say, about, against }, key) {
  const other = against === null ? say("drawing.mean_of_all") : payload.labels[against];
  return say(key, { about: payload.labels[about], against: other });
}

/** Strength grows with the square root, so that what is nearly forgotten can still be seen. */
function paint(canvas, rows, most, style) {
  const [zero, minus, plus] = ["zero", "minus", "plus"].map((name) => channels(style.getPropertyValue(`--mm-${name}`).trim()));
  const count = rows.length;
  const image = new ImageData(count, count);
  rows.forEach((row, t) => {
    for (let s = 0; s <= t; s++) {
      const strength = Math.sqrt(Math.abs(row[s]) / most);
      const end = row[s] < 0 ? minus : plus;
      const colour = zero.map((channel, k) => channel + (end[k] - channel) * strength);
      image.data.set([...colour, 255], 4 * (t * count + s));
    }
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
}
