/**
 * When the page can be used: what is not seen at first is made only then, at the first sign of somebody, or after a while
 * without one (a program may press what is there).
 */

import { attempt, later } from "./dom.js";

const SIGNS = ["pointermove", "pointerdown", "focusin", "keydown", "wheel", "dragenter"];
const PATIENCE = 4000; // milliseconds without a sign
const waiting = [];
let ready = false;

/** The page can be used. */
export function isReady() {
  let begun = false;
  const begin = () => {
    if (begun) return;
    begun = true;
    for (const sign of SIGNS) removeEventListener(sign, begin, true);
    ready = true;
    for (const work of waiting.splice(0)) later(() => attempt(work));
  };
  for (const sign of SIGNS) addEventListener(sign, begin, { capture: true, passive: true });
  setTimeout(begin, PATIENCE);
}

/** Do something once the page can be used and somebody is there. */
export function afterwards(work) {
  if (ready) later(() => attempt(work));
  else waiting.push(work);
}
