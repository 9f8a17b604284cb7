/** The figure: Plotly's part of the drawing, in the colours of the page. */

import { between, fade } from "../core/colour.js";
import { decode, unpack } from "../core/packed.js";
import { domains } from "./arrange.js";
import { axisName, axisOf } from "./axis.js";
import { plotly } from "./plotly.js";
import { showChoices } from "./rows.js";
import { sketch } from "./sketch.js";
import { paintStrip } from "./strip.js";
import { markUnit, ordered, ownLines } from "./units.js";

const COLOURS = ["ink", "mute", "line", "good", "audio", "i", "f", "o", "c", "minus", "zero", "plus"]; // of core/palette.css
const STOPS = Array.from({ length: 33 }, (_, k) => k / 32); // of a colour scale around zero

/** Put the colours of the page onto the figure and the canvases, and hand the figure to Plotly. */
export function paint(drawing) {
  const { figure, root } = drawing;
  const style = getComputedStyle(root);
  drawing.ink = style.color;
  const colours = new Map();
  const colour = (name) => {
    if (!colours.has(name)) colours.set(name, style.getPropertyValue(`--mm-${name}`).trim());
    return colours.get(name);
  };
  const family = style.fontFamily;
  drawing.width = figure.clientWidth;
  for (const name of COLOURS) colour(name); // before anything is changed, or the browser works out its styles again
  showChoices(drawing);
  drawing.units = ordered(drawing);
  const layout = dressedLayout(drawing, family, colour);
  const data = [...dressedData(drawing, colour), ...ownLines(drawing, layout, colour)];
  paintStrip(drawing, colour("audio"));
  markUnit(drawing);
  if (!plotly()) return sketch(figure, data, layout, drawing.width);
  figure.querySelector(":scope > .mmd-sketch")?.remove();
  return plotly().react(figure, data, layout, { staticPlot: true });
}

function dressedData(drawing, colour) {
  const { payload, units } = drawing;
  const shown = drawing.shown();
  const sorted = unpack(shown.z);
  const rows = (trace) => (trace === shown ? { visible: true, z: units.map((unit) => sorted[unit]) } : { visible: false });
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
    // Of the gates one band at a time: three on top of each other are a brown that means nothing.
    spread: ({ meta }) => ({ fillcolor: fade(colour(meta.key), 0.13), visible: meta.row !== "gates" || meta.key === drawing.band }),
    mean: ({ meta, line }) => ({ line: { ...line, color: colour(meta.key) } }),
    size: ({ line }) => ({ line: { ...line, color: colour("mute") } }),
    gate: (trace) => rows(trace),
    signed: (trace) => ({ ...rows(trace), colorscale: around(trace) }),
    cell: (trace) => ({ ...rows(trace), colorscale: around(trace) }),
  };
  return payload.figure.data.map((trace) => Object.assign({}, trace, dress[trace.meta.kind](trace)));
}

function dressedLayout({ payload, places, say }, family, colour) {
  const plain = payload.figure.layout;
  const domain = domains(places);
  const { above, height } = places.figure;
  const layout = { ...plain, autosize: true, height, margin: { ...plain.margin, t: above } };
  layout.font = { family, size: 11, color: colour("mute") };
  layout.meta.rows.forEach((row, k) => {
    layout[axisName(k)] = { ...axisOf(plain, k), domain: domain[row], gridcolor: colour("line") };
  });
  layout.shapes = structuredClone(layout.shapes ?? []); // Plotly leaves out what is empty
  for (const { name, line } of layout.shapes) line.color = colour(name === "settled" ? "ink" : "line");
  layout.annotations = structuredClone(layout.annotations ?? []);
  for (const note of layout.annotations) note.text = say(note.name);
  return layout;
}
