/** The result that the page shows, for the parts that look at it from outside: the tour, the comparison, how it works. */

import { attempt, later } from "./dom.js";

const PAUSE = 250; // milliseconds without a letter, after which nobody types
const current = { said: null, figure: null, element: null, ask: null };
const listeners = new Set();
let waiting = false;
let drawNext = null;
let typed = -PAUSE; // when, last

globalThis.document?.addEventListener?.("input", ({ target }) => target.matches?.("textarea") && (typed = performance.now()), true);

/**
 * What is on the page now.
 * said: the value of the answer; figure: the drawing's payload, its labels as they are shown, or null where nothing was
 * read; element: where it is drawn; ask: asks the server about it (mmdemo/app/questions.py).
 */
export const now = () => current;

/** Whether an example is what the page shows. To press it again then brings nothing new, and nothing arrives. */
export const shows = (example) => Boolean(current.figure) && current.said?.example === example;

/**
 * Some of it has come. Answer and drawing come one after the other: whoever listens is told once, of both. `draw` draws it,
 * before they are told, in a task of its own: the answer can be seen meanwhile, and the next letter is on its way.
 */
export function arrived(parts, draw = null) {
  Object.assign(current, parts);
  drawNext = draw ?? drawNext;
  if (waiting) return;
  waiting = true;
  later(show);
}

/** It is drawn, and told; while somebody types only the answer follows, and the rest when they pause. */
function show() {
  const rest = typed + PAUSE - performance.now();
  if (rest > 0) return void setTimeout(show, rest);
  waiting = false;
  const due = drawNext;
  drawNext = null;
  due?.();
  later(tell);
}

function tell() {
  if (waiting) return; // more has come, and will be told
  for (const callback of listeners) attempt(callback, current);
}

/** Call back whenever something new is shown. Returns a function that ends it. */
export function onResult(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}
