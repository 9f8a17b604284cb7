/** The reading with which the page opens: shipped with it, so that there is something to see before anybody does anything. */

import { now } from "../core/current.js";
import { make } from "../core/dom.js";
import { pause, play, playing } from "../drawing/drawing.js";

const WAIT = 900; // milliseconds before it plays
const TOUCHES = ["pointerdown", "keydown", "wheel"];

/** Whether the address asks for a reading of its own: then none is shown until that has come. */
const linked = /[#&](text|example)=/.test(location.hash);

/** A part's value; null for the opening reading where the address asks for another. */
export const openingOf = (value) => (value?.opening && linked ? null : value);

/** Call back when somebody does something for the first time. */
export function firstTouch(callback) {
  const once = () => {
    for (const touch of TOUCHES) removeEventListener(touch, once, true);
    callback();
  };
  for (const touch of TOUCHES) addEventListener(touch, once, { capture: true, passive: true });
}

/** Fetch a script when there is time, without running it. */
export function preload(address) {
  const soon = globalThis.requestIdleCallback ?? setTimeout;
  soon(() => document.head.append(make("link", { rel: "preload", as: "script", href: address, fetchPriority: "low" })));
}

/** Play it, once, unless somebody does something first, or wants nothing to move. */
export function playOnce(element) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const { figure } = now();
  const timer = setTimeout(() => now().figure === figure && play(element), WAIT);
  firstTouch(() => {
    clearTimeout(timer);
    if (playing(element) && now().figure === figure) pause(element);
  });
}
