/** The result that the page shows, for the parts that look at it from outside: the tour, the comparison, how it works. */

import { attempt } from "./dom.js";

const current = { said: null, figure: null, element: null, ask: null };
const listeners = new Set();
let waiting = false;

/**
 * What is on the page now.
 * said: the value of the answer; figure: the drawing's payload, its labels as they are shown, or null where nothing was
 * read; element: where it is drawn; ask: asks the server about it (mmdemo/app/questions.py).
 */
export const now = () => current;

/** Some of it has come. Answer and drawing come one after the other: whoever listens is told once, of both. */
export function arrived(parts) {
  Object.assign(current, parts);
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    for (const callback of listeners) attempt(callback, current);
  });
}

/** Call back whenever something new is shown. Returns a function that ends it. */
export function onResult(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}
