/** The reading with which the page opens: shipped with it, so that there is something to see before anybody does anything. */

import { now } from "../core/current.js";
import { pause, play, playing } from "../drawing/drawing.js";

const WAIT = 900; // milliseconds before it plays
const TOUCHES = ["pointerdown", "keydown", "wheel"];

/** Whether the address asks for a reading of its own: then none is shown until that has come. */
const linked = /[#&](text|example)=/.test(location.hash);

/** A part's value; null for the opening reading where the address asks for another. */
export const openingOf = (value) => (value?.opening && linked ? null : value);

/** Play it, once, unless somebody does something first, or wants nothing to move. */
export function playOnce(element) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const { figure } = now();
  const stop = () => {
    clearTimeout(timer);
    if (playing(element) && now().figure === figure) pause(element);
    for (const touch of TOUCHES) removeEventListener(touch, stop, true);
  };
  const timer = setTimeout(() => play(element), WAIT);
  for (const touch of TOUCHES) addEventListener(touch, stop, { capture: true, once: true });
}
