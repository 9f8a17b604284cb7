/** The weights of one task, as mmdemo/inference/live_weights.py writes them: a safetensors file of 32-bit floats. */

const LENGTH = 8; // bytes that say how long the JSON is that comes first

/**
 * Take the file apart.
 *
 * @param {ArrayBuffer} buffer - the file.
 * @returns {{about: object, tensors: Object<string, Float32Array>, shapes: Object<string, number[]>}} what the task is,
 *   and its tensors by PyTorch's names, row by row.
 * @throws {Error} it is no such file, or was cut short.
 */
export function unpack(buffer) {
  const view = new DataView(buffer);
  const length = buffer.byteLength < LENGTH ? 0 : Number(view.getBigUint64(0, true));
  const start = LENGTH + length;
  if (!length || start > buffer.byteLength) throw new Error("The file of weights was cut short.");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, LENGTH, length)));
  const { __metadata__: metadata, ...entries } = header;
  const tensors = {};
  const shapes = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries)) {
    if (dtype !== "F32" || start + to > buffer.byteLength) throw new Error(`The file of weights has no whole ${name}.`);
    tensors[name] = new Float32Array(buffer.slice(start + from, start + to));
    shapes[name] = shape;
  }
  return { about: JSON.parse(metadata.about), tensors, shapes };
}
