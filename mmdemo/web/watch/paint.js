/** The rows of the seismograph, each painted into its own box of a canvas, a column for each step. */

import { channels, fade } from "../core/colour.js";
import { make } from "../core/dom.js";
import { BANDS, QUIET, STRIDE } from "../live/mel.js";

const NAMES = ["card", "ink", "mute", "line", "text", "image", "audio", "i", "f", "o", "minus", "zero", "plus"];
const GROUND = "#0b0d12"; // under pictures and sound, as in the drawing of a reading
const LOUD = 5; // of a levelled frame above quiet: 50 dB
const GATES = ["i", "f", "o"];
const CHIP = { height: 20, air: 7, reach: 120 }; // pixels, the last that a word may stand away from its step
const WORD = /[\p{L}\p{N}]/u; // not a comma
let small = null; // a canvas for the pixels of all rows, one after another: one for each would pile up

/** The page's colours as they are now, by name. */
export function palette(element) {
  const style = getComputedStyle(element);
  const colours = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--mm-${name}`).trim()]));
  return { ...colours, font: style.fontFamily, heat: ramp([GROUND, colours.audio, "#f6fff2"]), cell: ramp([colours.minus, colours.zero, colours.plus]) };
}

/** A colour as a pixel of a canvas has it: the bytes r, g, b and 255, of which the first is the lowest. */
const pixel = (r, g, b) => (255 << 24) | (b << 16) | (g << 8) | r;

/** 256 colours along some stops, as pixels. */
function ramp(stops) {
  const all = stops.map(channels);
  return Int32Array.from({ length: 256 }, (_, code) => {
    const place = (code / 255) * (all.length - 1);
    const k = Math.min(Math.floor(place), all.length - 2);
    return pixel(...all[k].map((from, c) => Math.round(from + (all[k + 1][c] - from) * (place - k))));
  });
}

/** What `worked` makes of something, once for each. */
function once(worked) {
  const known = new WeakMap();
  return (given) => {
    if (!known.has(given)) known.set(given, worked(given));
    return known.get(given);
  };
}

/** A step's frames as codes of 0 to 255, from quiet to as loud as there is. */
const loudness = once((frames) => Uint8ClampedArray.from(frames, (value) => (255 * (value - QUIET)) / LOUD));

/** A step's cells as codes, squeezed by the tanh with which the LSTM itself shows them. */
const squeezed = once((cells) => Uint8ClampedArray.from(cells, (value) => 127.5 * (1 + Math.tanh(value))));

/** The means of i, f and o over the units of a step. */
const meansOf = once((step) => Object.fromEntries(GATES.map((gate) => [gate, step[gate].reduce((sum, value) => sum + value, 0) / step[gate].length])));

/**
 * Paint a row.
 *
 * @param {object} on - `context`; `box` {x, y, width, height} in CSS pixels; `wide`, of a column; `steps`, those in sight
 *   from left to right; `first`, the column of the first of them; `colours`; `labels` for the beliefs; and `marked`, the
 *   index of the step that is looked at.
 */
export const ROWS = { input, belief, gates, let_go: letGo, ledger, memory };

const left = ({ box, wide, first }, k) => box.x + (first + k) * wide;

/** A small image of pixels, stretched over a box without being blurred; 0 is no pixel. */
function stretched({ context }, { x, y, width, height }, columns, rows, colourOf) {
  if (!columns || !rows) return;
  small ??= make("canvas", { width: 0, height: 0 });
  if (small.width < columns) small.width = columns;
  if (small.height < rows) small.height = rows;
  const image = new ImageData(columns, rows);
  const pixels = new Int32Array(image.data.buffer);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) pixels[at] = colourOf(column, row);
  }
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, columns, rows, x, y, width, height);
}

/** What was read: the spectrogram, each picture as the model saw it over its steps, and the words on top of all. */
function input(on) {
  const { context, box, wide, steps, colours } = on;
  context.fillStyle = GROUND;
  context.fillRect(left(on, 0), box.y, steps.length * wide, box.height);
  const frames = steps.map(({ modality, seen }) => (modality === "audio" && seen instanceof Float32Array ? loudness(seen) : null));
  stretched(on, { ...box, x: left(on, 0), width: steps.length * wide }, steps.length * STRIDE, BANDS, (column, row) => {
    const heard = frames[(column / STRIDE) | 0];
    return heard ? colours.heat[heard[(column % STRIDE) * BANDS + BANDS - 1 - row]] : 0;
  });
  steps.forEach((step, k) => {
    if (step.modality === "image") slice(on, step, k);
  });
  const lanes = Array(Math.max(1, Math.floor(box.height / (CHIP.height + 3)))).fill(box.x + box.width); // from where each is taken
  steps.forEach(({ modality }, k) => {
    if (modality !== "text") return;
    context.fillStyle = fade(colours.text, 0.55);
    context.fillRect(left(on, k), box.y, wide, box.height);
  });
  for (let k = steps.length - 1; k >= 0; k--) {
    if (steps[k].modality === "text" && WORD.test(steps[k].seen ?? "")) chip(on, steps[k].seen, k, lanes);
  }
}

/** A picture, from its first step on, or what is still in sight of it. */
function slice(on, { seen }, k) {
  const { context, box, wide, colours } = on;
  if (!seen) return;
  context.fillStyle = fade(colours.image, 0.4);
  context.fillRect(left(on, k), box.y + box.height - 3, wide, 3);
  if (!seen.square) return;
  const [rows, columns] = [seen.square.length, seen.square[0].length];
  const width = Math.min(seen.slices * wide, (box.height - 5) * (columns / rows));
  const x = left(on, k) + (seen.slices * wide - width) / 2;
  stretched(on, { x, y: box.y + 1, width, height: (width * rows) / columns }, columns, rows, (column, row) => {
    const value = seen.square[row][column];
    return pixel(value, value, value);
  });
}

/** A word in a box above its step; where a later one is in the way, below it or a little before it, or else nowhere. */
function chip(on, words, k, lanes) {
  const { context, box, wide, colours } = on;
  context.font = `600 13px ${colours.font}`;
  const width = context.measureText(words).width + 2 * CHIP.air;
  const middle = left(on, k) + wide / 2;
  const wanted = Math.max(box.x, Math.min(middle - CHIP.air, box.x + box.width - width));
  const free = lanes.findIndex((taken) => wanted + width <= taken);
  const lane = free < 0 ? lanes.indexOf(Math.max(...lanes)) : free;
  const x = Math.min(wanted, lanes[lane] - width);
  if (x < box.x || wanted - x > CHIP.reach) return;
  lanes[lane] = x - 2;
  const y = box.y + 3 + lane * (CHIP.height + 3);
  context.fillStyle = colours.card;
  context.strokeStyle = colours.text;
  context.lineWidth = 1.5;
  context.beginPath();
  context.roundRect(x, y, width, CHIP.height, 7);
  context.fill();
  context.stroke();
  context.fillStyle = colours.ink;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillText(words, x + CHIP.air, y + CHIP.height / 2 + 0.5);
}

/** A line for each class: the stronger, the more probable; in the colour of what was read. */
function belief(on) {
  const { context, box, wide, steps, colours, labels } = on;
  const high = box.height / labels.length;
  context.fillStyle = fade(colours.mute, 0.06);
  for (let k = 0; k < labels.length; k++) context.fillRect(box.x, box.y + k * high, box.width, high - 1);
  steps.forEach((step, column) => {
    context.fillStyle = colours[step.modality];
    step.belief.forEach((p, k) => {
      if (p < 0.02) return;
      context.globalAlpha = Math.min(1, p);
      context.fillRect(left(on, column), box.y + k * high, wide + 0.4, high - 1);
    });
  });
  context.globalAlpha = 1;
}

function gates(on) {
  const { context, box, steps, wide, colours } = on;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  for (const share of [0, 0.5, 1]) {
    const y = Math.round(box.y + share * (box.height - 1)) + 0.5;
    context.beginPath();
    context.moveTo(box.x, y);
    context.lineTo(box.x + box.width, y);
    context.stroke();
  }
  context.lineWidth = 1.8;
  context.lineJoin = "round";
  for (const gate of GATES) {
    context.strokeStyle = colours[gate];
    context.beginPath();
    steps.forEach((step, k) => context.lineTo(left(on, k) + wide / 2, box.y + (1 - meansOf(step)[gate]) * box.height));
    context.stroke();
  }
}

/** Bars that fall: the share of the evidence that the forget gates erased. */
function letGo(on) {
  const { context, box, steps, wide, colours } = on;
  ruled(on, box.y);
  context.fillStyle = colours.f;
  steps.forEach(({ letGo: gone }, k) => {
    if (gone) context.fillRect(left(on, k), box.y, Math.max(1, wide - 0.6), Math.min(1, gone.share) * box.height);
  });
}

/** What each step says for the class that was ahead at the last of them, or at the marked one: bars up and down, in the colour of what was read. */
function ledger(on) {
  const { context, box, steps, wide, colours, marked } = on;
  const place = steps.findIndex(({ index }) => index === marked);
  const last = place < 0 ? steps.length - 1 : place;
  ruled(on, box.y + box.height / 2);
  if (last < 0) return;
  const values = steps[last].ledger.steps.slice(-(last + 1));
  const start = last + 1 - values.length;
  const most = Math.max(1, ...values.map(Math.abs));
  values.forEach((value, k) => {
    const high = (Math.abs(value) / most) * (box.height / 2);
    context.globalAlpha = value < 0 ? 0.55 : 1;
    context.fillStyle = value < 0 ? colours.minus : colours[steps[start + k].modality];
    context.fillRect(left(on, start + k), box.y + box.height / 2 - (value > 0 ? high : 0), Math.max(1, wide - 0.6), high);
  });
  context.globalAlpha = 1;
}

function ruled({ context, box, colours }, y) {
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(box.x, Math.round(y) + 0.5);
  context.lineTo(box.x + box.width, Math.round(y) + 0.5);
  context.stroke();
}

/** The cells of all units. */
function memory(on) {
  const { box, steps, wide, colours } = on;
  const cells = steps.map(({ c }) => squeezed(c));
  stretched(on, { ...box, x: left(on, 0), width: steps.length * wide }, steps.length, cells[0]?.length ?? 0, (column, unit) => colours.cell[cells[column][unit]]);
}
