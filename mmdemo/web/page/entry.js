/**
 * The page's one entry. parts.py has it imported once; whatever arrives is then brought to life in the order of its
 * arrival, answer and drawing last. A part that fails says so in its own place and in the console's log, and takes no other along.
 */

import { later, make } from "../core/dom.js";
import { isReady } from "../core/ready.js";
import { say, translate } from "../core/words.js";
import * as page from "./page.js";
import { replay } from "./replay.js";

const AWAITED = new Set(["title", "switches", "examples", "tour", "answer", "drawing", "take", "footer"]); // what answers keys and clicks
const LAST = new Set(["answer", "drawing"]); // what the others would push down the page, and what takes longest
const SLICE = 12; // milliseconds of parts after which the browser may do something else
const waiting = [];
let working = false;

/**
 * Bring a part to life: the name of page.js's function, and what it gets. All parts arrive at once, and together they
 * take longer than anybody should wait for the browser to hear them: between them it goes on with its own.
 */
export function live(name, part) {
  waiting.push([name, part]);
  if (!working) later(work);
  working = true;
}

function work() {
  const end = performance.now() + SLICE;
  do {
    const next = waiting.findIndex(([name]) => !LAST.has(name));
    enliven(...waiting.splice(Math.max(0, next), 1)[0]);
  } while (waiting.length && performance.now() < end);
  working = waiting.length > 0;
  if (working) later(work);
}

function enliven(name, part) {
  const attempt = (work) => (...given) => {
    try {
      const done = work(...given);
      part.element.querySelector(":scope > .mm-failed")?.remove();
      return done;
    } catch (error) {
      return failed(name, part.element, error);
    }
  };
  const watch = (property, callback) => part.watch(property, attempt(callback));
  attempt(() => page[name]({ ...part, watch, attempt }))();
  translate(part.element);
  if (AWAITED.delete(name) && !AWAITED.size) later(() => later(ready)); // when it is drawn, and all are told: see arrived in core/current.js
}

/** A reading can be made: what was pressed meanwhile is done, and whoever measures can see when (tools/measure_page.py). */
function ready() {
  performance.mark("mmdemo.ready");
  replay();
  isReady();
}

function failed(name, element, error) {
  console.error(`The part "${name}" of the page failed:`, error);
  element.hidden = false;
  if (element.querySelector(":scope > .mm-failed")) return;
  const said = make("p", { className: "mm-failed", role: "alert" }, say("page.failed"));
  said.dataset.key = "page.failed";
  element.append(said);
}
