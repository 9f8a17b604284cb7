/** What the parts of the drawing share: places on the axis of steps, packed arrays, colours. */

/** Place a node over some of the steps, in per cent, so that it needs no care when the axis grows. */
export function across(node, start, length, count) {
  node.style.left = `${(100 * start) / count}%`;
  node.style.width = `${(100 * length) / count}%`;
  return node;
}

/** Stretches of steps of one modality: [{modality, start, length}]. */
export function runs(steps) {
  const found = [];
  steps.forEach(({ modality }, step) => {
    if (found.at(-1)?.modality === modality) found.at(-1).length += 1;
    else found.push({ modality, start: step, length: 1 });
  });
  return found;
}

const unpacked = new WeakMap();

/** An array packed by Plotly's Python package ({dtype, bdata, shape}) -> its rows. */
export function unpack(packed) {
  if (!unpacked.has(packed)) {
    const bytes = Uint8Array.from(atob(packed.bdata), (letter) => letter.charCodeAt(0));
    const all = packed.dtype === "f4" ? new Float32Array(bytes.buffer) : bytes;
    const width = packed.shape ? Number(packed.shape.split(",").at(-1)) : all.length;
    unpacked.set(
      packed,
      Array.from({ length: all.length / width }, (_, row) => all.subarray(row * width, (row + 1) * width)),
    );
  }
  return unpacked.get(packed);
}

/** The value behind a code of one of the 8-bit heat maps of units. */
export function decode({ zmax, meta }, code) {
  if (meta.kind === "gate") return code / zmax;
  const x = (2 * code) / zmax - 1;
  return meta.kind === "cell" ? meta.high * x * Math.abs(x) : x;
}

/** "#rrggbb" -> [r, g, b]. */
export const channels = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** A colour between two, each "#rrggbb": the first at 0, the second at 1. */
export function between(from, to, share) {
  const [start, end] = [channels(from), channels(to)];
  return `rgb(${start.map((channel, k) => Math.round(channel + (end[k] - channel) * share)).join(",")})`;
}

/** "#rrggbb" -> the same colour, see-through. */
export const fade = (hex, opacity) => `rgba(${channels(hex).join(",")},${opacity})`;

/** The k-th y axis of a Plotly layout: its name, and the axis itself. */
export const axisName = (k) => (k === 0 ? "yaxis" : `yaxis${k + 1}`);
export const axisOf = (layout, k) => layout[axisName(k)];

/** Where a row of the figure lies within the column of time, in pixels. */
export function boxOf({ figure, payload }, row) {
  const { layout } = payload.figure;
  const inner = layout.height - layout.margin.t;
  const [low, high] = axisOf(layout, layout.meta.rows.indexOf(row)).domain;
  return { top: figure.offsetTop + layout.margin.t + (1 - high) * inner, height: (high - low) * inner };
}

/** The beliefs, a row for each class; the figure keeps the answer's apart, since it has a colour of its own. */
export function beliefsOf({ figure, answer }) {
  const [others, [chosen]] = figure.data.filter(({ meta }) => meta.row === "belief").map(({ z }) => unpack(z));
  return others.map((row, k) => (k === answer ? chosen : row));
}

/** The place of the greatest of some numbers. */
export const best = (values) => values.reduce((top, value, k) => (value > values[top] ? k : top), 0);

/** A number as people write it, with a sign where it matters. */
export const number = (value, digits = 2) => value.toFixed(digits).replace("-", "−");
export function signed(value, digits = 2) {
  const rounded = Number(value.toFixed(digits)) || 0; // no "−0.00"
  return (rounded < 0 ? "" : "+") + number(rounded, digits);
}

/** Tell the page that something was pointed at or chosen. */
export function send({ element }, name, detail) {
  element.dispatchEvent(new CustomEvent(`mmdemo:${name}`, { bubbles: true, detail }));
}
