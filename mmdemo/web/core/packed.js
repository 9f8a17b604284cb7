/** The arrays of a drawing's payload, which arrive packed (mmdemo/inference/figure.py). */

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
