/** The presenter's mode: one screen with answer and drawing, and keys that run the examples, play and walk through them. */

import { now, onResult, shows } from "../core/current.js";
import { make } from "../core/dom.js";
import { explain } from "../core/tooltip.js";
import { onLanguage, say } from "../core/words.js";
import * as drawing from "../drawing/drawing.js";

const ON = "mm-presenting";
const SCREEN = { width: 1280, height: 720 }; // CSS pixels that the stage is laid out for, and then enlarged
const SHOWN = 5000; // milliseconds that the legend stays
const BREATH = 700; // milliseconds between an answer and its being played
const KEYS = { "1–9": "example", "Page ↑ ↓": "next", space: "play", "← →": "walk", l: "live", i: "inputs", k: "legend", Esc: "leave" };
const legend = make("aside", { className: "mm-keys", hidden: true });
let hiding = null;
let place = -1; // of the example that was run last

const presenting = () => document.body.classList.contains(ON);
const examples = () => [...document.querySelectorAll("#examples .mm-chipped")];

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
    legendFor(on ? SHOWN : 0);
    const address = new URL(location.href);
    if (on) address.searchParams.set("present", "");
    else address.searchParams.delete("present");
    history.replaceState(history.state, "", address.href.replace("present=", "present"));
    show();
    document.activeElement?.blur();
    scrollTo({ top: 0, behavior: "instant" });
    resize();
  };
  document.body.append(legend);
  button.addEventListener("click", () => turn(!presenting()));
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (writing(event.target)) return;
    const { view } = document.body.dataset;
    if (view && view !== "live") return;
    if (event.key === "p") return turn(!presenting());
    if (!presenting()) return;
    if (event.key === "l" || (view && event.key === "Escape")) return document.querySelector("#switches .mm-go-live").click();
    if (view) return;
    if (event.key === "Escape") return turn(false);
    if (!act(event)) return;
    event.preventDefault();
    // So that the space bar presses nothing when it is let go, and arrows choose nothing.
    if (!document.activeElement?.closest("#drawing .mmd-time")) document.activeElement?.blur();
  });
  document.addEventListener("click", ({ target }) => {
    const chip = target.closest?.("#examples .mm-chipped");
    if (chip) place = examples().indexOf(chip);
  });
  addEventListener("resize", resize);
  onResult(playNew);
  onLanguage(show);
  if (new URLSearchParams(location.search).has("present")) turn(true);
  else show();
}

/** The stage as large as the screen takes it. */
function resize() {
  const zoom = Math.min(innerWidth / SCREEN.width, innerHeight / SCREEN.height);
  document.documentElement.style.setProperty("--mm-zoom", zoom.toFixed(4));
  if (now().element) drawing.resettle(now().element);
}

let played = null; // the figure that was played last

/** What has just been read is played, with its sound. */
function playNew({ figure, element }) {
  if (!presenting() || !figure || !element || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  if (played?.ledger.evidence.bdata === figure.ledger.evidence.bdata) return; // in another language
  played = figure;
  setTimeout(() => presenting() && now().figure === figure && drawing.play(element), BREATH);
}

/** Whether somebody types there: then keys are letters. */
const writing = (element) => Boolean(element.closest?.("textarea, [contenteditable], input:not([type=radio], [type=checkbox], [type=range], [type=button])"));

/** What a key does; true if it did something. */
function act({ key }) {
  if (/^[1-9]$/.test(key)) return run(Number(key) - 1);
  if (key === "PageDown" || key === "PageUp") return run(Math.max(0, Math.min(examples().length - 1, place + (key === "PageDown" ? 1 : -1))));
  if (key === "i") {
    document.body.classList.toggle("mm-giving");
    resize();
    return true;
  }
  if (key === "k") {
    legendFor(legend.hidden ? SHOWN : 0);
    return true;
  }
  const { element, figure } = now();
  if (!figure || !element) return false;
  if (key === " ") {
    if (drawing.playing(element)) drawing.pause(element);
    else drawing.play(element);
    return true;
  }
  return walk(key, element, figure);
}

/** Run an example, by its place. */
function run(which) {
  const chip = examples()[which];
  if (!chip) return false;
  played = null;
  if (shows(chip.dataset.example)) playNew(now());
  chip.click();
  return true;
}

/** Left and right: a step back and forth, from where the cursor is. */
function walk(key, element, { steps }) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!by) return false;
  const here = drawing.state(element)?.step ?? null;
  const next = here === null ? (by > 0 ? 0 : steps.length - 1) : here + by;
  drawing.pause(element);
  drawing.seek(element, Math.min(steps.length - 1, Math.max(0, next)));
  return true;
}

/** Show the legend for so many milliseconds; 0 takes it away. */
function legendFor(time) {
  clearTimeout(hiding);
  legend.hidden = !time;
  if (time) hiding = setTimeout(() => legendFor(0), time);
}

function furnish() {
  const rows = Object.entries(KEYS).map(([key, what]) =>
    make("span", {}, make("kbd", {}, key === "space" ? say("present.space") : key), say(`present.${what}`)),
  );
  legend.replaceChildren(...rows);
  legend.ariaLabel = say("present.keys");
}
