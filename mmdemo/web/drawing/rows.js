/** What stands at the left of the drawing: the rows' names, the words that explain themselves, choices, and scales. */

import { make } from "../core/dom.js";
import { term } from "../core/tooltip.js";
import { axisOf } from "./axis.js";

/** The orders in which the units can lie. */
export const ORDERS = ["by_action", "by_number", "by_evidence"];

const ENDS = { gate: ["0", "1"], signed: ["−1", "1"], cell: ["≤ −3", "≥ 3"] }; // of a heat map's colours

/** Put names and scales into the sheet, beside the column of time; rows and scales are those of the figure. */
export function furnish(drawing) {
  const { sheet, time, payload, say } = drawing;
  const { layout } = payload.figure;
  drawing.picks = {};
  drawing.scales = {};
  drawing.legend = make("div");
  drawing.seenNote = make("div", { className: "mmd-seen" });
  const parts = {
    input: [say("input_parts")],
    belief: [say("belief_parts")],
    gates: ["i", "f", "o"].map((gate) => bandOf(drawing, gate)),
    state: [termOf(say, "mean", "mmd-key", "c"), termOf(say, "size", "mmd-key mmd-dashed", "mute")],
    units: [
      say("count", { count: payload.order.length }),
      pick(drawing, "map", drawing.maps().map(({ meta: { key } }) => [key, say(key)])),
      pick(drawing, "order", named(say, ORDERS)),
      drawing.legend,
    ],
    ledger: [
      beside(say("evidence_for"), pick(drawing, "about", classes(payload))),
      beside(say("against"), pick(drawing, "against", [[null, say("mean_of_all")], ...classes(payload)])),
      drawing.seenNote,
    ],
    let_go: [say("let_go_parts")],
    changed: [say("changed_parts")],
  };
  const { places } = drawing;
  const cells = [];
  const heights = [`${places.bands}px`, `${places.strip}px`];
  let reached = places.bands + places.strip;
  const place = (row, scale) => {
    const name = make("div", { className: `mmd-name mmd-of-${row}` }, [termOf(say, row, "mmd-title"), ...parts[row]]);
    drawing.scales[row] = make("div", { className: "mmd-scale" }, scale);
    for (const cell of [name, drawing.scales[row]]) {
      cell.style.gridRow = heights.length;
      cells.push(cell);
    }
  };
  const scale = { belief: (height) => classNames(payload, height) };
  layout.meta.rows.forEach((row, k) => (scale[row] ??= () => marks(axisOf(layout, k))));
  place("input", []);
  for (const [row, { top, height }] of Object.entries(places.rows)) {
    heights.push(`${top - reached}px`, `${height}px`);
    reached = top + height;
    place(row, scale[row]?.(height) ?? []);
  }
  sheet.style.gridTemplateRows = heights.join(" ");
  sheet.replaceChildren(...cells, time);
  putInPlace(drawing);
  time.setAttribute("aria-label", say("keys"));
}

/** The parts of the column of time, each where its row is. */
function putInPlace(drawing) {
  const { root, time, figure, places } = drawing;
  for (const part of ["bands", "strip", "ticks"]) root.style.setProperty(`--${part}`, `${places[part]}px`);
  time.style.height = `${places.height}px`;
  figure.style.top = `${places.figure.top}px`;
  for (const row of ["let_go", "ledger", "changed"]) {
    const box = places.rows[row];
    if (!box) continue;
    root.style.setProperty(`--${row}`, `${box.height}px`);
    drawing[row].style.top = `${box.top}px`;
  }
}

/** Let the choices show what is chosen, however that came about. */
export function showChoices(drawing) {
  const { picks, legend, sheet, band } = drawing;
  for (const key of sheet.querySelectorAll(".mmd-of-gates .mmd-key")) key.classList.toggle("mmd-banded", key.style.getPropertyValue("--hue") === `var(--mm-${band})`);
  const { meta } = drawing.shown();
  for (const [key, select] of Object.entries(picks)) select.value = String(key === "map" ? meta.key : drawing[key]);
  for (const option of picks.against.options) option.disabled = option.value === picks.about.value;
  const [low, high] = ENDS[meta.kind];
  legend.className = `mmd-legend mmd-${meta.kind}`;
  legend.replaceChildren(low, make("i"), high);
}

/** The numbers beside a row of the figure. */
export function marks({ range, tickvals }) {
  return tickvals.map((value) => {
    const mark = make("span", { className: "mmd-at" }, String(value).replace("-", "−"));
    mark.style.top = `${(100 * (range[1] - value)) / (range[1] - range[0])}%`;
    return mark;
  });
}

/** A word of the drawing's that explains itself, with a mark in its colour. */
function termOf(say, name, className, hue = "ink") {
  const button = term(say(name), say(`${name}_about`), className);
  button.style.setProperty("--hue", `var(--mm-${hue})`);
  return button;
}

/** A gate's name: pressed, it has the band. */
function bandOf(drawing, gate) {
  const button = termOf(drawing.say, gate, "mmd-key", gate);
  button.addEventListener("click", () => drawing.change({ band: gate }));
  return button;
}

/** One of the drawing's settings, to be chosen from [[value, text], ...]. */
function pick(drawing, key, options) {
  const select = make(
    "select",
    { ariaLabel: drawing.say(`${key}_pick`) },
    options.map(([value, text]) => new Option(text, value)),
  );
  select.dataset.pick = key;
  select.addEventListener("change", () => {
    drawing.change({ [key]: options.find(([value]) => String(value) === select.value)[0] });
  });
  drawing.picks[key] = select;
  return make("label", { className: "mmd-pick" }, select);
}

const beside = (word, choice) => make("div", { className: "mmd-pair" }, make("span", {}, word), choice);
const named = (say, keys) => keys.map((key) => [key, say(key)]);
const classes = ({ labels }) => labels.map((label, k) => [k, label]);

/** The names of the classes beside their rows; where rows are too thin for names, only the answer's. */
function classNames({ labels, answer }, height) {
  const thin = height / labels.length < 9;
  return labels.map((label, k) =>
    make("span", { className: k === answer ? "mmd-answer" : "" }, thin && k !== answer ? "" : label),
  );
}
