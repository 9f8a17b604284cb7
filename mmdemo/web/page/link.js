/**
 * The address of what is on the page: task, example or words, language, step, what-if, noise and the presenter's mode,
 * behind the #, which no log gets to see. Handlers.open_link (mmdemo/app/handlers.py) reads it again and fills the page;
 * what only the browser knows is done here, when the reading has come.
 */

import { now, onResult } from "../core/current.js";
import { language, languages, speak } from "../core/words.js";
import { openAt, seek, state } from "../drawing/drawing.js";
import { suggest, tried } from "../inspect/inspector.js";

const asked = new URLSearchParams(location.hash.slice(1));
const GATES = new Set(["i", "f", "g", "o"]);
const PATIENCE = 20_000; // milliseconds for the task of a link to be chosen
let basis = null; // the example that the page shows, as long as nothing but noise was added to it

const inspector = () => document.querySelector("#drawing .mm-inspect");

/** Whether pictures or sounds of one's own are in the reading: they are in no link. */
export const ownFiles = () => !basis && (now().said?.used ?? []).some((modality) => modality !== "text");

/** The address, or null where there is nothing that it could bring back. */
export function linkToHere() {
  const { said, element } = now();
  const text = document.querySelector("#text textarea")?.value ?? "";
  if (!said || (!basis && !text.trim())) return null;
  const parts = new URLSearchParams({ task: said.task });
  if (basis) parts.set("example", basis);
  else parts.set("text", text);
  for (const slider of document.querySelectorAll(".mm-noise")) {
    const value = Number(slider.querySelector("input[type=range]")?.value ?? 0);
    if (value) parts.set(slider.id, value); // noise-blur, say
  }
  parts.set("lang", language());
  const { step, opened } = state(element) ?? {};
  if ((opened ?? step ?? null) !== null) parts.set("step", (opened ?? step) + 1);
  if ((opened ?? null) !== null) parts.set("open", "");
  const change = tried(inspector());
  if (change) parts.set("if", [change.start + 1, change.stop, change.gate ?? "out", change.value ?? ""].join("_"));
  const url = new URL(location.href);
  url.hash = parts.toString().replace("open=", "open");
  return url.href;
}

/** Run the example that the address asks for, once its task is chosen and it is there. */
export function wantedExample(tell, names) {
  const [name, task] = [asked.get("example"), asked.get("task")];
  if (!name) return;
  const noise = Object.fromEntries([...asked].filter(([key]) => key.startsWith("noise-")).map(([key, value]) => [key.slice(6), value]));
  const until = performance.now() + PATIENCE;
  const look = () => {
    const chosen = document.querySelector("#task input:checked")?.value;
    if (chosen === task && names().includes(name)) tell({ name, noise });
    else if (performance.now() < until) setTimeout(look, 50);
  };
  look();
}

/** Keep track of the example that is shown, and bring back what the address asks for, once. */
export function follow() {
  const wanted = asked.get("lang");
  if (wanted in languages && wanted !== language()) speak(wanted);
  document.addEventListener("input", ({ target }) => target.closest?.("#text, .mm-use, #task") && (basis = null));
  document.addEventListener("mmdemo:given", () => (basis = null));
  let restored = !asked.has("text") && !asked.has("example");
  onResult(async ({ said, figure, element }) => {
    if (said?.example) basis = said.example;
    if (restored || !figure || figure.opening) return;
    restored = true;
    const step = Number(asked.get("step")) - 1;
    const change = changeOf(asked.get("if"), figure.steps.length);
    if (change) await suggest(inspector(), change);
    if (!Number.isInteger(step) || step < 0 || step >= figure.steps.length) return;
    seek(element, step);
    if (asked.has("open")) openAt(element, step);
  });
}

/** "3_6_f_1" -> a what-if; null where it is none: an address may be anybody's. */
export function changeOf(words, count) {
  const [first, last, gate, value] = words?.split("_") ?? [];
  const [start, stop] = [Number(first) - 1, Number(last)];
  if (!Number.isInteger(start) || !Number.isInteger(stop) || start < 0 || stop <= start || stop > count) return null;
  if (gate === "out") return { start, stop, gate: null, value: null };
  const held = Number(value);
  if (!GATES.has(gate) || !value || !(held >= (gate === "g" ? -1 : 0) && held <= 1)) return null;
  return { start, stop, gate, value: held };
}
