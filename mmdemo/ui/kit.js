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
