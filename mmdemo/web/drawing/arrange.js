/** Where the rows of the drawing lie, one below the other: what fits into the room that there is comes first. */

import { letsGo } from "./ledger.js";

const SMALLEST = { belief: 96, gates: 84, let_go: 50, ledger: 90, changed: 60 }; // pixels; they grow with the room
const BELOW = { state: 84, units: 168 }; // of the rows below them, which do not
const CLASS = { least: 8, most: 24 }; // pixels of one class in the row of beliefs
const STRIP = { words: 44, pictures: 62 }; // of the input; a picture needs more to be seen than a word
const BANDS = 24; // of the names of the inputs, where there is more than one
const TICKS = 17; // of the numbers below pictures and sounds
const SETTLED = 15; // above the beliefs, where it is said that the answer settled
const GAP = 12;
const MOST = 3; // times its smallest height that a row becomes at most

/** The rows that Plotly draws, and those that lie between them. */
export const FIGURE = ["belief", "gates", "state", "units"];

/**
 * {bands, strip, ticks, rows: {name: {top, height}}, figure: {top, height}, height}, in pixels from the top of the column
 * of time; `room` is how much of it can be seen at once, null where that does not matter. All rows down to the ledger
 * lie in it, if it is large enough for their smallest heights.
 */
export function arrange(payload, room = null) {
  const kinds = new Set(payload.steps.map(({ modality }) => modality));
  const wordy = kinds.size === 1 && kinds.has("text");
  const classes = payload.labels.length;
  const first = ["belief", "gates", ...(letsGo(payload) ? ["let_go"] : []), "ledger"];
  const least = { ...SMALLEST, belief: Math.min(264, Math.max(60, classes * CLASS.least, Math.min(SMALLEST.belief, classes * CLASS.most))) };
  const bands = kinds.size > 1 ? BANDS : 3;
  const ticks = wordy ? 4 : TICKS;
  const small = STRIP[wordy ? "words" : "pictures"];
  const fixed = bands + ticks + SETTLED + GAP * (first.length - 1);
  const wanted = small + first.reduce((sum, row) => sum + least[row], 0);
  const grown = room === null ? 1 : Math.min(MOST, Math.max(1, (room - fixed) / wanted));
  const strip = Math.round(small * Math.min(grown, 2));

  const rows = {};
  let top = bands + strip + ticks + SETTLED;
  const put = (row, height) => {
    rows[row] = { top, height: Math.round(height) };
    top += rows[row].height + GAP;
  };
  for (const row of [...first, "changed"]) put(row, least[row] * grown);
  for (const [row, height] of Object.entries(BELOW)) put(row, height);
  const start = rows.belief.top - SETTLED;
  return { bands, strip, ticks, rows, figure: { top: start, height: top - GAP - start, above: SETTLED }, height: top - GAP };
}

/** A Plotly axis' domain for each of its rows. */
export function domains({ rows, figure }) {
  const inner = figure.height - figure.above;
  const from = (place) => 1 - (place - figure.top - figure.above) / inner;
  return Object.fromEntries(FIGURE.map((row) => [row, [Math.max(0, from(rows[row].top + rows[row].height)), from(rows[row].top)]]));
}
