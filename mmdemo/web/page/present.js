/** The presenter's mode: large type, and keys that run the examples, play the reading and walk through it. */

import { now } from "../core/current.js";
import { make, store } from "../core/dom.js";
import { explain } from "../core/tooltip.js";
import { onLanguage, say } from "../core/words.js";
import * as drawing from "../drawing/drawing.js";

const ON = "mm-presenting";
const KEYS = { "1–9": "example", space: "play", "← →": "walk", i: "inputs", k: "legend", Esc: "leave" };
const legend = make("div", { className: "mm-keys", role: "note" });

const presenting = () => document.body.classList.contains(ON);

/** The switch in the page's header; "p" does the same, and so does ?present in the address. */
export function present(button) {
  const show = () => {
    button.ariaPressed = String(presenting());
    explain(button, say("present.about"));
    furnish();
  };
  const turn = (on) => {
    document.body.classList.toggle(ON, on);
    document.body.classList.remove("mm-giving");
    legend.hidden = store.get("legend") === "hidden";
    const address = new URL(location.href);
    if (on) address.searchParams.set("present", "");
    else address.searchParams.delete("present");
    history.replaceState(history.state, "", address.href.replace("present=", "present"));
    show();
    // So that the space bar plays, and does not press the button that was pressed last.
    document.activeElement?.blur();
    scrollTo({ top: 0, behavior: "instant" });
  };
  document.body.append(legend);
  button.addEventListener("click", () => turn(!presenting()));
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (writing(event.target) || document.body.classList.contains("mm-learning")) return;
    if (event.key === "p") return turn(!presenting());
    if (!presenting()) return;
    if (event.key === "Escape") return turn(false);
    if (act(event)) event.preventDefault();
  });
  document.addEventListener("click", ({ target, detail }) => presenting() && detail && target.closest(".mm-chipped")?.blur());
  onLanguage(show);
  if (new URLSearchParams(location.search).has("present")) turn(true);
  else show();
}

/** Whether keys belong to what has the focus. */
const writing = (element) => Boolean(element.closest?.("input, textarea, select, [contenteditable]"));

/** What a key does; true if it did something. */
function act({ key, target }) {
  const example = document.querySelectorAll("#examples .mm-chipped")[Number(key) - 1];
  if (/^[1-9]$/.test(key) && example) {
    example.click();
    scrollTo({ top: 0 });
    return true;
  }
  if (key === "i") return document.body.classList.toggle("mm-giving") || true;
  if (key === "k") {
    hide(!legend.hidden);
    return true;
  }
  const { element, figure } = now();
  if (!figure || !element) return false;
  if (key === " ") {
    if (target.closest?.("button, a, summary, [role=button]")) return false; // pressed, as everywhere
    intoView(element);
    if (drawing.playing(element)) drawing.pause(element);
    else drawing.play(element);
    return true;
  }
  return key.startsWith("Arrow") && walk(key, element, figure);
}

/** Left and right: a step back and forth, from where the cursor is. */
function walk(key, element, { steps }) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!by) return false;
  const here = drawing.state(element)?.step ?? null;
  const next = here === null ? (by > 0 ? 0 : steps.length - 1) : here + by;
  drawing.pause(element);
  drawing.seek(element, Math.min(steps.length - 1, Math.max(0, next)));
  intoView(element);
  return true;
}

function intoView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (top > 40 || bottom < innerHeight - 40) element.scrollIntoView({ behavior: still ? "instant" : "smooth", block: "start" });
}

function hide(hidden) {
  legend.hidden = hidden;
  store.set("legend", hidden ? "hidden" : "shown");
}

function furnish() {
  const close = make("button", { type: "button" }, say("present.hide"));
  close.addEventListener("click", () => hide(true));
  const rows = Object.entries(KEYS).map(([key, what]) =>
    make("span", {}, make("kbd", {}, key === "space" ? say("present.space") : key), say(`present.${what}`)),
  );
  legend.replaceChildren(...rows, close);
  legend.ariaLabel = say("present.keys");
}
