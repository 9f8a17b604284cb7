/**
 * The address of what is on the page: task, example or words, language, step, what-if, noise, and what is chosen in the
 * drawing, behind the #, which no log gets to see. Handlers.open_link (mmdemo/app/handlers.py) reads it again and fills
 * the page; what only the browser knows is done here, when the reading has come.
 */

import { now, onResult } from "../core/current.js";
import { language, languages, speak } from "../core/words.js";
import { choose, openAt, seek, state, unchosen } from "../drawing/drawing.js";
import { ORDERS } from "../drawing/rows.js";
import { suggest, tried } from "../inspect/inspector.js";
import { noiseOf } from "./inputs.js";

const asked = new URLSearchParams(location.hash.slice(1));
const GATES = new Set(["i", "f", "g", "o"]);
const BANDS = ["i", "f", "o"]; // the gates that have a band in the drawing
const PATIENCE = 20_000; // milliseconds for the task of a link to be chosen
let basis = null; // the example that the page shows, as long as nothing but noise was added to it
let noisy = false; // whether noise came with it: then a link says, too, where there is none any more

const inspector = () => document.querySelector("#drawing .mm-inspect");

/** Whether pictures or sounds of one's own are in the reading: they are in no link. */
export const ownFiles = () => !basis && (now().said?.used ?? []).some((modality) => modality !== "text");

/** The address, or null where there is nothing that it could bring back. */
export function linkToHere() {
  const { said, figure, element } = now();
  const reads = document.body.dataset.reads?.split(" ").includes("text") ?? true;
  const text = (reads && document.querySelector("#text textarea")?.value) || "";
  if (!said || (!basis && !text.trim())) return null;
  const parts = new URLSearchParams({ task: said.task });
  if (basis) parts.set("example", basis);
  else parts.set("text", text);
  for (const [slider, value] of noiseOf()) if (value || (basis && noisy)) parts.set(slider, value);
  parts.set("lang", language());
  const chosen = figure && state(element);
  const { step, opened } = chosen ?? {};
  if (chosen) for (const [key, value] of wordsOf(chosen, unchosen(figure), said.labels)) parts.set(key, value);
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
    if (said?.example) {
      basis = said.example;
      setTimeout(() => (noisy = noiseOf().some(([, value]) => value))); // they are filled after the answer
    }
    if (restored || !figure || figure.opening) return;
    restored = true;
    const step = Number(asked.get("step")) - 1;
    const change = changeOf(asked.get("if"), figure.steps.length);
    choose(element, choiceOf(asked, figure, said.labels));
    if (change) await suggest(inspector(), change);
    if (!Number.isInteger(step) || step < 0 || step >= figure.steps.length) return;
    seek(element, step);
    if (asked.has("open")) openAt(element, step);
  });
}

/** What is chosen in the drawing and was not at first, as pairs of an address: [[key, value], ...]; see `choiceOf`. */
export function wordsOf(chosen, first, labels) {
  const words = { map: chosen.map, units: chosen.order, band: chosen.band, for: labels[chosen.about], against: labels[chosen.against] ?? "", unit: chosen.unit + 1 };
  const names = { map: "map", units: "order", band: "band", for: "about", against: "against", unit: "unit" };
  return Object.entries(words).filter(([key]) => chosen[names[key]] !== first[names[key]]);
}

/** The other way round; what does not fit is left out: an address may be anybody's. */
export function choiceOf(parts, figure, labels) {
  const maps = figure.figure.data.filter(({ meta }) => meta.row === "units").map(({ meta }) => meta.key);
  const among = (key, list) => (list.includes(parts.get(key)) ? parts.get(key) : undefined);
  const place = (key) => (labels.includes(parts.get(key)) ? labels.indexOf(parts.get(key)) : undefined);
  const unit = Number(parts.get("unit")) - 1;
  return {
    map: among("map", maps),
    order: among("units", ORDERS),
    band: among("band", BANDS),
    about: place("for"),
    against: parts.get("against") === "" ? null : place("against"),
    unit: Number.isInteger(unit) && unit >= 0 && unit < figure.order.length ? unit : undefined,
  };
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
