/**
 * The drawing of how a result came about: the input, the beliefs, the gates, the memory and the units on one axis of
 * steps, and a cursor that runs through all of it.
 *
 *   draw(element, payload, {strings})   draws, or draws again, inside the element
 *   clear(element)                      takes the drawing away
 *
 * The payload is what `drawing` in mmdemo/plots.py returns; `strings` has a language's sentences by dotted key, of which
 * those under "drawing." are used. Plotly must be there. When the cursor moves, the element sends "mmdemo:step" with
 * {step, unit} in its detail, each null where there is none. Words are a stranger's: everything is put in place as text,
 * never as HTML.
 */

import { make } from "./dom.js";
import { across, axisName, axisOf, between, decode, fade, unpack } from "./kit.js";
import { readOut } from "./readout.js";
import { fillStrip, fitStrip, paintStrip } from "./strip.js";

const LEAST = { words: 17, others: 5 }; // pixels a step; where they do not fit, the drawing scrolls
const ENDS = { gate: ["0", "1"], signed: ["−1", "1"], cell: ["≤ −3", "≥ 3"] }; // of a heat map's colours
const STOPS = Array.from({ length: 33 }, (_, k) => k / 32); // of a colour scale around zero
const drawings = new WeakMap();

export function draw(element, payload, { strings = {} } = {}) {
  const say = speaker(strings);
  if (!payload?.steps?.length) {
    clear(element);
    element.replaceChildren(make("div", { className: "mmd" }, [make("p", { className: "mmd-empty" }, say("empty"))]));
    return Promise.resolve();
  }
  const drawing = drawings.get(element) ?? open(element);
  Object.assign(drawing, { payload, say, step: null, unit: null });
  const wordy = payload.steps.some(({ modality }) => modality === "text");
  drawing.sheet.style.setProperty("--least", `${payload.steps.length * (wordy ? LEAST.words : LEAST.others)}px`);
  furnish(drawing);
  Object.assign(drawing, fillStrip(drawing, payload, say));
  point(drawing, null);
  const drawn = paint(drawing);
  fit(drawing);
  return drawn;
}

export function clear(element) {
  const drawing = drawings.get(element);
  if (drawing) {
    for (const watcher of drawing.watchers) watcher.disconnect();
    Plotly.purge(drawing.figure);
    drawings.delete(element);
  }
  element.replaceChildren();
}

/** Looks up sentences and fills their gaps; what is missing stays as it is. */
function speaker(strings) {
  return (name, values = {}) =>
    (strings[`drawing.${name}`] ?? name).replace(/\{(\w+)\}/g, (gap, key) => values[key] ?? gap);
}

/** The empty frame, its observers and its events; made once, so that a new result keeps what was chosen. */
function open(element) {
  const [bands, strip, ticks, figure, cursor] = ["bands", "strip", "ticks", "figure", "cursor"].map((name) =>
    make("div", { className: `mmd-${name}` }),
  );
  const time = make("div", { className: "mmd-time" }, [bands, strip, ticks, figure, cursor]);
  const sheet = make("div", { className: "mmd-sheet" }, [time]);
  const readout = make("div", { className: "mmd-readout" });
  const tip = make("div", { className: "mmd-tip" });
  const root = make("div", { className: "mmd" }, [readout, make("div", { className: "mmd-scroll" }, [sheet]), tip]);
  readout.setAttribute("aria-live", "polite");
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  time.tabIndex = 0;
  time.setAttribute("role", "group");
  element.replaceChildren(root);

  const drawing = { element, root, sheet, time, bands, strip, ticks, figure, cursor, readout, tip, map: null, sorted: true };
  drawing.maps = () => drawing.payload.figure.data.filter(({ meta }) => meta.row === "units");
  drawing.shown = () => drawing.maps().find(({ meta }) => meta.key === drawing.map) ?? drawing.maps()[0];
  const theme = new MutationObserver(() => {
    if (!element.isConnected) clear(element);
    else if (getComputedStyle(root).color !== drawing.ink) paint(drawing);
  });
  for (const place of [document.documentElement, document.body]) {
    theme.observe(place, { attributes: true, attributeFilter: ["class"] });
  }
  const size = new ResizeObserver(() => fit(drawing));
  size.observe(time);
  drawing.watchers = [theme, size];

  time.addEventListener("pointermove", (event) => follow(drawing, event));
  time.addEventListener("pointerdown", (event) => follow(drawing, event));
  time.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && point(drawing, null));
  time.addEventListener("keydown", (event) => walk(drawing, event));
  time.addEventListener("blur", () => point(drawing, null));
  for (const type of ["pointerover", "focusin", "click"]) {
    root.addEventListener(type, (event) => explain(drawing, event.target.closest("[data-about]")));
  }
  root.addEventListener("pointerleave", () => explain(drawing, null));
  root.addEventListener("focusout", () => explain(drawing, null));
  root.addEventListener("keydown", (event) => event.key === "Escape" && explain(drawing, null));
  drawings.set(element, drawing);
  return drawing;
}

/** The names at the left and the scales beside them; rows and scales are those of the figure. */
function furnish(drawing) {
  const { sheet, time, payload, say } = drawing;
  const { layout } = payload.figure;
  const parts = {
    input: [say("input_parts")],
    belief: [say("belief_parts")],
    gates: ["i", "f", "o"].map((gate) => term(say, gate, "mmd-key", gate)),
    state: [term(say, "mean", "mmd-key", "c"), term(say, "size", "mmd-key mmd-dashed", "mute")],
    units: choices(drawing),
  };
  const cells = [];
  const heights = ["bands", "strip", "ticks"].map((part) => `var(--${part})`);
  const inner = layout.height - layout.margin.t;
  const place = (row, line, scale) => {
    const name = make("div", { className: "mmd-name" }, [term(say, row, "mmd-title"), ...parts[row]]);
    for (const cell of [name, make("div", { className: "mmd-scale" }, scale)]) {
      cell.style.gridRow = line;
      cells.push(cell);
    }
  };
  place("input", 2, []);
  layout.meta.rows.forEach((row, k) => {
    const [low, high] = axisOf(layout, k).domain.map((edge) => edge * inner);
    const above = k ? axisOf(layout, k - 1).domain[0] * inner - high : layout.margin.t;
    heights.push(`${above}px`, `${high - low}px`);
    place(row, heights.length, row === "belief" ? classNames(payload, high - low) : scaleOf(axisOf(layout, k)));
  });
  sheet.style.gridTemplateRows = heights.join(" ");
  sheet.replaceChildren(...cells, time);
  time.setAttribute("aria-label", say("keys"));
}

/** A word that explains itself when it is pointed at. */
function term(say, name, className, hue = "ink") {
  const button = make("button", { className: `mmd-term ${className}` }, say(name));
  button.type = "button";
  button.dataset.about = say(`${name}_about`);
  button.ariaDescription = button.dataset.about;
  button.style.setProperty("--hue", `var(--mm-${hue})`);
  return button;
}

/** What the heat map of units shows, in which order, and its colours. */
function choices(drawing) {
  const { say, payload } = drawing;
  const keys = drawing.maps().map(({ meta }) => meta.key);
  const pick = make("select", { ariaLabel: say("map") }, keys.map((key) => new Option(say(key), key)));
  const order = make("button", { type: "button", className: "mmd-order", title: say("order") });
  const legend = make("div");
  const show = () => {
    const { meta } = drawing.shown();
    const [low, high] = ENDS[meta.kind];
    pick.value = meta.key;
    order.textContent = say(drawing.sorted ? "by_action" : "by_number", { count: payload.order.length });
    legend.className = `mmd-legend mmd-${meta.kind}`;
    legend.replaceChildren(low, make("i"), high);
  };
  const change = (settings) => {
    Object.assign(drawing, settings);
    show();
    paint(drawing);
  };
  pick.addEventListener("change", () => change({ map: pick.value }));
  order.addEventListener("click", () => change({ sorted: !drawing.sorted }));
  show();
  return [make("label", { className: "mmd-pick" }, pick), order, legend];
}

/** The names of the classes beside their rows; where rows are too thin for names, only the answer's. */
function classNames({ labels, answer }, height) {
  const thin = height / labels.length < 9;
  return labels.map((label, k) =>
    make("span", { className: k === answer ? "mmd-answer" : "" }, thin && k !== answer ? "" : label),
  );
}

function scaleOf({ range, tickvals }) {
  return tickvals.map((value) => {
    const mark = make("span", { className: "mmd-at" }, String(value).replace("-", "−"));
    mark.style.top = `${(100 * (range[1] - value)) / (range[1] - range[0])}%`;
    return mark;
  });
}

/** Put the colours of the page onto the figure and the canvases, and hand the figure to Plotly. */
function paint(drawing) {
  const { payload, figure, root, say } = drawing;
  const style = getComputedStyle(root);
  drawing.ink = style.color;
  const colour = (name) => style.getPropertyValue(`--mm-${name}`).trim();
  const shown = drawing.shown();
  const units = unpack(shown.z);
  drawing.units = drawing.sorted ? payload.order : [...units.keys()]; // unit numbers from top to bottom
  const sorted = drawing.units.map((unit) => units[unit]);
  const rows = (trace) => (trace === shown ? { visible: true, z: sorted } : { visible: false });
  // From one hue to the other by the value, and for the memory by its tanh, which is what the LSTM itself shows of it.
  const around = (trace) =>
    STOPS.map((place) => {
      const value = decode(trace, place * trace.zmax);
      const strength = Math.abs(trace.meta.kind === "cell" ? Math.tanh(value) : value);
      return [place, between(colour("zero"), colour(value < 0 ? "minus" : "plus"), strength)];
    });
  const dress = {
    map: ({ meta }) => {
      const full = colour(meta.key === "answer" ? "good" : "ink");
      return { colorscale: [[0, fade(full, 0.04)], [1, full]] };
    },
    spread: ({ meta }) => ({ fillcolor: fade(colour(meta.key), 0.11) }),
    mean: ({ meta, line }) => ({ line: { ...line, color: colour(meta.key) } }),
    size: ({ line }) => ({ line: { ...line, color: colour("mute") } }),
    gate: (trace) => rows(trace),
    signed: (trace) => ({ ...rows(trace), colorscale: around(trace) }),
    cell: (trace) => ({ ...rows(trace), colorscale: around(trace) }),
  };
  const data = payload.figure.data.map((trace) => ({ ...trace, ...dress[trace.meta.kind](trace) }));
  const layout = { ...payload.figure.layout, autosize: true };
  layout.font = { family: style.fontFamily, size: 11, color: colour("mute") };
  layout.meta.rows.forEach((_, k) => {
    layout[axisName(k)] = { ...axisOf(layout, k), gridcolor: colour("line") };
  });
  layout.shapes = structuredClone(layout.shapes ?? []); // Plotly leaves out what is empty
  for (const { name, line } of layout.shapes) line.color = colour(name === "settled" ? "ink" : "line");
  layout.annotations = structuredClone(layout.annotations ?? []);
  for (const note of layout.annotations) note.text = say(note.name);
  paintStrip(drawing.canvases, payload.strip, colour("audio"));
  drawing.width = figure.clientWidth;
  return Plotly.react(figure, data, layout, { staticPlot: true });
}

/** What depends on the width. */
function fit(drawing) {
  const { time, figure, payload, chips } = drawing;
  const width = time.clientWidth;
  if (!width) return; // in a hidden tab: we are called again when it opens
  fitStrip(drawing, payload, chips, width / payload.steps.length);
  if (drawing.width !== width) Plotly.Plots.resize(figure);
  drawing.width = width;
}

/** The pointer's place -> the step, and the unit where it is over the heat map. */
function follow(drawing, event) {
  const { time, figure, payload, units } = drawing;
  const { layout } = payload.figure;
  const box = time.getBoundingClientRect();
  const last = payload.steps.length - 1;
  const step = Math.floor(((event.clientX - box.left) / box.width) * (last + 1));
  const [low, high] = axisOf(layout, layout.meta.rows.indexOf("units")).domain;
  const down = event.clientY - figure.getBoundingClientRect().top - layout.margin.t;
  const up = 1 - down / (layout.height - layout.margin.t);
  point(drawing, Math.min(last, Math.max(0, step)), units[Math.floor(((high - up) / (high - low)) * units.length)]);
}

/** Arrow keys move the cursor. */
function walk(drawing, event) {
  const last = drawing.payload.steps.length - 1;
  const here = drawing.step;
  const goal = { ArrowLeft: (here ?? last + 1) - 1, ArrowRight: (here ?? -1) + 1, Home: 0, End: last }[event.key];
  if (goal === undefined) return;
  event.preventDefault();
  point(drawing, Math.min(last, Math.max(0, goal)));
  drawing.cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Move the cursor: an overlay, since asking Plotly for a line would take hundreds of times as long. */
function point(drawing, step, unit = null) {
  const { payload, cursor, chips, element } = drawing;
  if (step !== null && step === drawing.step && unit === drawing.unit) return;
  chips[drawing.step]?.classList.remove("mmd-on");
  chips[step]?.classList.add("mmd-on");
  Object.assign(drawing, { step, unit });
  cursor.hidden = step === null;
  across(cursor, step, 1, payload.steps.length);
  readOut(drawing);
  element.dispatchEvent(new CustomEvent("mmdemo:step", { bubbles: true, detail: { step, unit } }));
}

/** Show the explanation of a term beside it, or none. */
function explain({ tip, root }, about) {
  tip.hidden = !about;
  if (!about) return;
  tip.textContent = about.dataset.about;
  const [box, frame] = [about.getBoundingClientRect(), root.getBoundingClientRect()];
  const below = box.bottom + 6 + tip.offsetHeight < innerHeight;
  tip.style.top = `${(below ? box.bottom + 6 : box.top - 6 - tip.offsetHeight) - frame.top}px`;
  tip.style.left = `${Math.max(0, Math.min(box.left - frame.left, frame.width - tip.offsetWidth))}px`;
}
