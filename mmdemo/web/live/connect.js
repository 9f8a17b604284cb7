/** A live session, in a Worker; or, where the browser lets none start, on the page's own thread. */

import { answering } from "./protocol.js";

/**
 * Start a session's thread.
 *
 * @param {string} worker - the address of the Worker's file.
 * @param {function(object)} told - gets its answers: see `protocol.js`.
 * @returns {{tell: function(object), close: function()}} `tell` sends a message. What it holds is copied, so the page
 *   may go on using it.
 */
export function connect(worker, told) {
  let here = null;
  let asked = []; // what a Worker that never comes to life was told
  let thread = null;

  function carryOn() {
    thread?.terminate();
    thread = null;
    here = answering((answer) => queueMicrotask(() => told(answer)));
    for (const message of asked) here(message);
    asked = [];
  }

  try {
    thread = new Worker(worker, { type: "module" });
    thread.addEventListener("message", ({ data }) => {
      asked = null;
      told(data);
    });
    thread.addEventListener("error", () => {
      if (asked) carryOn();
      else told({ error: "The session's thread has ended." });
    });
  } catch {
    carryOn();
  }
  return {
    tell(message) {
      if (here) return here(message);
      asked?.push(message);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a Worker's has no such argument
      return thread?.postMessage(message);
    },
    close: () => thread?.terminate(),
  };
}
