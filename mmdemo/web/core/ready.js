/** When the page can be used: what is not seen at first is made only then, in the browser's idle time. */

import { attempt, later } from "./dom.js";

const waiting = [];
const PATIENCE = 1000; // milliseconds, after which there is no waiting for idle time any more
let ready = false;

/** The page can be used. */
export function isReady() {
  ready = true;
  for (const work of waiting.splice(0)) whenIdle(work);
}

/** Do something once the page can be used and the browser has nothing else to do. */
export function afterwards(work) {
  if (ready) whenIdle(work);
  else waiting.push(work);
}

function whenIdle(work) {
  if (globalThis.requestIdleCallback) requestIdleCallback(() => attempt(work), { timeout: PATIENCE });
  else later(() => attempt(work)); // Safari
}
