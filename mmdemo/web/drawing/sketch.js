/**
 * What Plotly would draw, as a plain picture, from what Plotly would get: until Plotly is there, and in a report, which
 * has none. It knows the kinds of traces that mmdemo/inference/figure.py makes, and no others.
 */

import { channels } from "../core/colour.js";
import { make, svg } from "../core/dom.js";
import { unpack } from "../core/packed.js";
import { axisOf } from "./axis.js";

const VIRIDIS = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"]; // of the gates, as Plotly's

/** Put the picture into the figure's place: an SVG as wide as that is, in pixels. */
export function sketch(place, data, layout, width) {
  const { t: above } = layout.margin;
  const inner = layout.height - above;
  const rows = layout.meta.rows.map((name, k) => {
    const { domain, range, tickvals, gridcolor } = axisOf(layout, k);
    const down = (value) => above + (1 - domain[1] + ((range[1] - value) / (range[1] - range[0])) * (domain[1] - domain[0])) * inner;
    return { name, down, top: down(range[1]), bottom: down(range[0]), tickvals, gridcolor, width };
  });
  const kinds = { map: cells, spread: band, mean: line, size: line, own: line, gate: units, signed: units, cell: units };
  const shown = data.filter(({ visible }) => visible !== false);
  const drawn = shown.flatMap((trace) => kinds[trace.meta.kind](trace, rows.find(({ name }) => name === trace.meta.row)));
  const steps = layout.xaxis.range[1] + 0.5;
  const parts = [...rows.flatMap(grid), ...drawn, ...marks(layout, rows, ((x) => ((x + 0.5) * width) / steps), above)];
  place.replaceChildren(svg("svg", { class: "mmd-sketch", width, height: layout.height, "aria-hidden": "true" }, ...parts));
}

const grid = ({ tickvals, gridcolor, down, width }) => tickvals.map((value) => stroke(0, down(value), width, down(value), gridcolor, 1));
const stroke = (x1, y1, x2, y2, color, width, dash = "") => svg("line", { x1, y1, x2, y2, stroke: color, "stroke-width": width, "stroke-dasharray": dashed(dash) });
const dashed = (dash) => (dash ?? "").replaceAll("px", "");
const list = (values) => (values.bdata ? [...numbers(values)] : [...values]);

/** Numbers of one row; steps are packed as bytes, or as two where there are many. */
function numbers(packed) {
  if (packed.dtype !== "u2") return unpack(packed)[0];
  return new Uint16Array(Uint8Array.from(atob(packed.bdata), (letter) => letter.charCodeAt(0)).buffer);
}

/** The lines between the inputs and where the answer settled, and the words for that. */
function marks({ shapes, annotations, font, height }, [belief], across, above) {
  const lines = shapes.map(({ name, x0, line: { width, dash, color } }) => {
    const [top, bottom] = name === "settled" ? [belief.top, belief.bottom] : [above, height];
    return stroke(across(x0), top, across(x0), bottom, color, width, dash);
  });
  const words = annotations.map(({ x, xanchor, text }) => {
    const place = { x: across(x) + (xanchor === "left" ? 3 : -3), y: belief.top - 4, "text-anchor": xanchor === "left" ? "start" : "end" };
    return svg("text", { ...place, fill: font.color, "font-size": font.size, "font-family": font.family }, text);
  });
  return [...lines, ...words];
}

/** A row of beliefs for each class: the stronger, the more probable. */
function cells({ z, y, colorscale }, { down, width }) {
  return unpack(z).flatMap((row, k) =>
    Array.from(row, (p, step) => {
      const place = y ? list(y)[k] : k;
      const [top, bottom] = [down(place - 0.5), down(place + 0.5)].sort((a, b) => a - b);
      const wide = width / row.length;
      const box = { x: step * wide + 0.5, y: top + 0.5, width: Math.max(0.5, wide - 1), height: Math.max(0.5, bottom - top - 1) };
      return svg("rect", { ...box, fill: colorscale[1][1], "fill-opacity": 0.04 + 0.96 * p });
    }),
  );
}

const points = (values, steps, count, { down, width }) => values.map((value, k) => `${((steps[k] + 0.5) * width) / count},${down(value)}`).join(" ");

/** The middle of the units, between two lines. */
function band({ x, y, fillcolor }, row) {
  const steps = list(x);
  return [svg("polygon", { points: points(list(y), steps, Math.max(...steps) + 1, row), fill: fillcolor })];
}

function line({ y, line: { color, width, dash } }, row) {
  const values = list(y);
  const way = { points: points(values, [...values.keys()], values.length, row), fill: "none", stroke: color, "stroke-width": width };
  const dots = values.length === 1 ? [svg("circle", { cx: row.width / 2, cy: row.down(values[0]), r: 3, fill: color })] : [];
  return [svg("polyline", { ...way, "stroke-dasharray": dashed(dash) }), ...dots];
}

/** The units by steps, in the colours of their scale: a small image, stretched. */
function units({ z, zmax, colorscale }, { top, bottom, width }) {
  const scale = Array.isArray(colorscale) ? colorscale.map(([, colour]) => (colour.startsWith("#") ? channels(colour) : colour.match(/\d+/g).map(Number))) : VIRIDIS.map(channels);
  const canvas = make("canvas", { width: z[0].length, height: z.length });
  const image = new ImageData(canvas.width, canvas.height);
  z.forEach((codes, row) =>
    codes.forEach((code, step) => {
      const place = (code / zmax) * (scale.length - 1);
      const k = Math.min(Math.floor(place), scale.length - 2);
      const rgb = scale[k].map((from, c) => from + (scale[k + 1][c] - from) * (place - k));
      image.data.set([...rgb, 255], 4 * (row * canvas.width + step));
    }),
  );
  canvas.getContext("2d").putImageData(image, 0, 0);
  const box = { x: 0, y: Math.min(top, bottom), width, height: Math.abs(bottom - top), preserveAspectRatio: "none" };
  return [svg("image", { href: canvas.toDataURL(), ...box, style: "image-rendering:pixelated" })];
}
