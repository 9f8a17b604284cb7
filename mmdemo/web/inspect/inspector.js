/**
 * What opens under the drawing: the step that was clicked, its equations with its own numbers, what if it had been
 * otherwise, and about the whole reading what each step meant at each later one and whether the ledger is true.
 *
 *   inspect(place, frame, payload, {strings, ask})   for what is drawn in `frame`, inside `place`
 *
 * It hears what the drawing sends (see drawing/drawing.js) and asks the server (see mmdemo/app/questions.py), or what a report has
 * kept, which knows some questions only (`ask.knows`, see core/ask.js): the others are not offered. Without `ask` there is
 * nothing to see. Of the strings, those under "inspect." are used, and some of "drawing." and "explain.". One thing is
 * selected at a time, a step that is open or a span, and everything is of that. The drawing's element sends
 *   mmdemo:inside {unit} or null    the equations of a unit (null: the mean) of the step are shown, or none any more
 *   mmdemo:tried {start, stop, gate, value, label, probability} or null   a what-if is shown, or none any more
 */

import { make, send } from "../core/dom.js";
import { unpack } from "../core/packed.js";
import { offerTips } from "../core/tooltip.js";
import { choose, openAt, seenFrom, selectSteps } from "../drawing/drawing.js";
import { beliefsOf, whereIs } from "../drawing/steps.js";
import { changedMost } from "./equations.js";
import { proof } from "./proof.js";
import { inputRow } from "./row.js";
import { press, stepParts } from "./step.js";
import { triangle } from "./triangle.js";
import { forget, tryOut, whatIf } from "./whatif.js";

const CLOSED = { step: null, told: null, unit: null, mean: false, seen: false, span: null, tried: null, trouble: null };
const WHOLE = { triangle, proof }; // what can be asked about the whole reading, each opened by its button
const QUESTIONS = { triangle: "triangle", proof: "faithful" };
const inspectors = new WeakMap();

export function inspect(place, frame, payload, { strings = {}, ask } = {}) {
  const inspector = inspectors.get(place) ?? install(place, frame);
  const again = inspector.payload?.ledger?.evidence.bdata === payload.ledger?.evidence.bdata; // in another language, say
  Object.assign(inspector, { payload, ask, say: speaker(strings) });
  place.hidden = !ask || !payload.steps.length;
  if (place.hidden) return;
  if (!again) {
    const last = beliefsOf(payload).map((row) => row.at(-1));
    Object.assign(inspector, CLOSED, { last, about: payload.answer, against: null, whole: {}, held: { gate: "f", value: 1 } });
  }
  inspector.show();
}

/** Its elements, and what it hears; made once. */
function install(place, frame) {
  const [body, live] = ["body", "live"].map((name) => make("div", { className: `mmi-${name}` }));
  const row = inputRow(frame);
  live.ariaLive = "polite";
  place.classList.add("mmi");
  place.replaceChildren(body, live);
  offerTips(place);
  const inspector = { place, frame, body, row, ...CLOSED, full: false };
  inspector.announce = (words) => (live.textContent = words);
  inspector.show = () => show(inspector);
  inspector.asks = (question, part) => asks(inspector, question, part);
  inspector.choosesUnit = (unit) => choosesUnit(inspector, unit);
  inspector.knows = (question) => inspector.ask.knows?.(question) ?? true; // a server knows all
  inspector.where = ({ start, stop }) => whereAre(inspector, start, stop);
  frame.addEventListener("mmdemo:open", ({ detail }) => openStep(inspector, detail));
  frame.addEventListener("mmdemo:span", ({ detail }) => openSpan(inspector, detail));
  frame.addEventListener("mmdemo:contrast", ({ detail }) => weigh(inspector, detail));
  frame.addEventListener("mmdemo:unit", ({ detail: { unit } }) => inspector.told && unit !== null && choosesUnit(inspector, unit, false));
  frame.addEventListener("mmdemo:leave", ({ detail }) => leaveOut(inspector, detail));
  place.addEventListener("keydown", (event) => event.key === "Escape" && inspector.told && backToDrawing(inspector, event));
  const theme = new MutationObserver(() => inspector.whole?.triangle && inspector.show()); // it is painted
  for (const node of [document.documentElement, document.body]) {
    theme.observe(node, { attributes: true, attributeFilter: ["class"] });
  }
  inspectors.set(place, inspector);
  return inspector;
}

/** Looks up sentences and fills their gaps; `say.pieces` sets apart what fills them. A dotted key is any section's. */
function speaker(strings) {
  const find = (key) => strings[key.includes(".") ? key : `inspect.${key}`] ?? key;
  const say = (key, values = {}) => find(key).replace(/\{(\w+)\}/g, (gap, at) => values[at] ?? gap);
  say.pieces = (key, values) =>
    find(key)
      .split(/(\{\w+\})/)
      .filter(Boolean)
      .map((part) => {
        const gap = part.startsWith("{") ? part.slice(1, -1) : null;
        return { gap, text: gap ? String(values[gap] ?? part) : part };
      });
  return say;
}

/** A step as a person would point at it, or a span by its first and last. */
function whereAre({ payload, say }, start, stop) {
  const where = (step) => whereIs(payload.steps, step, (key, values) => say(`drawing.${key}`, values));
  return stop - start === 1 ? where(start) : say("span", { first: start + 1, last: stop, from: where(start), to: where(stop - 1) });
}

/** Ask the server; null where it refused, which is then said in that part, or where another reading has come since. */
async function asks(inspector, question, part) {
  const { payload } = inspector;
  inspector.trouble = null;
  try {
    const told = await inspector.ask(question);
    return inspector.payload.ledger.evidence.bdata === payload.ledger.evidence.bdata ? told : null;
  } catch (error) {
    inspector.trouble = { part, words: error.message };
    inspector.show();
    return null;
  }
}

/**
 * Try a what-if that was found beforehand: {start, stop, gate, value}; null takes it back. Returns whether it is shown.
 */
export async function suggest(place, change) {
  const inspector = inspectors.get(place);
  if (!inspector?.payload || place.hidden) return false;
  if (!change) {
    selectSteps(inspector.frame, null);
    return false;
  }
  const { start, stop, gate, value } = change;
  selectSteps(inspector.frame, { start, stop });
  if (gate) inspector.held = { gate, value };
  await tryOut(inspector, () => (gate ? { gate, value } : {}));
  return Boolean(inspector.tried);
}

/** Steps were taken out of the row: what if they had not been there? Those that are out come back. */
function leaveOut(inspector, { start, stop }) {
  if (!inspector.payload || inspector.place.hidden || !inspector.knows({ ask: "what_if", start, stop })) return;
  const { tried } = inspector;
  const out = tried && !tried.gate && tried.start <= start && stop <= tried.stop;
  if (out) selectSteps(inspector.frame, null);
  else suggest(inspector.place, { start, stop, gate: null, value: null });
}

/** Escape closes the step and leads back to where it was opened. */
function backToDrawing(inspector, event) {
  event.stopPropagation();
  openAt(inspector.frame, null);
  inspector.frame.querySelector(".mmd-time").focus({ preventScroll: true });
}

/** The what-if that is shown: {start, stop, gate, value}; null where there is none. */
export const tried = (place) => inspectors.get(place)?.tried ?? null;

/** A step was opened in the drawing; null closes it. A what-if of this very step stays. */
async function openStep(inspector, { step, unit, mean = false, focus = false }) {
  if (!inspector.payload || inspector.place.hidden) return;
  if (step === null) return close(inspector);
  const into = () => focus && inspector.body.querySelector(".mmi-step h3").focus({ preventScroll: true });
  if (step === inspector.step && inspector.told) {
    choosesUnit(inspector, unit ?? inspector.unit, false);
    if (mean) inspector.mean = true;
    inspector.show();
    inspector.body.querySelector(".mmi-step").scrollIntoView(smoothly());
    return into();
  }
  const { tried } = inspector;
  const same = tried?.start === step && tried.stop === step + 1;
  if (!same) leave(inspector);
  Object.assign(inspector, { step, told: null, span: same ? inspector.span : null, mean });
  const told = await inspector.asks({ ask: "step", step }, "step");
  if (!told || inspector.step !== step) return;
  const inside = unpack(told.inside);
  Object.assign(inspector, { told, inside, most: changedMost(inside), span: inspector.span ?? { start: step, stop: step + 1 } });
  inspector.unit = unit ?? inspector.most;
  inspector.show();
  inspector.announce(`${inspector.say("opened_step", { step: step + 1 })} ${inspector.where(inspector.span)}`);
  inspector.body.querySelector(".mmi-step").scrollIntoView(smoothly());
  into();
}

const smoothly = () => ({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });

/**
 * Steps were selected in the drawing: what if they had been otherwise? A step that is open, and is not what was
 * selected, is closed. Null goes back to the step that is open.
 */
function openSpan(inspector, span) {
  if (!inspector.payload || inspector.place.hidden) return;
  forget(inspector);
  const { step, told, frame } = inspector;
  const other = span && step !== null && (span.start !== step || span.stop !== step + 1);
  if (other) openAt(frame, null);
  inspector.span = span ?? (told ? { start: step, stop: step + 1 } : null);
  inspector.show();
}

function close(inspector) {
  leave(inspector);
  Object.assign(inspector, CLOSED);
  inspector.show();
}

/** Take back what the drawing shows only because a step is open. */
function leave(inspector) {
  forget(inspector);
  if (inspector.seen) seenFrom(inspector.frame, null);
  inspector.seen = false;
}

/** The ledger in the drawing is for another contrast of classes: what was said about the whole is of the old one. */
function weigh(inspector, { about, against }) {
  if (inspector.about === about && inspector.against === against) return;
  const opened = Object.keys(inspector.whole ?? {});
  Object.assign(inspector, { about, against, whole: {} });
  for (const name of opened) openWhole(inspector, name);
  if (inspector.payload && !inspector.place.hidden) inspector.show();
}

/** Open what is asked about the whole reading, or close it. */
async function openWhole(inspector, name) {
  const { about, against, whole } = inspector;
  if (name in whole) {
    delete whole[name];
    return inspector.show();
  }
  whole[name] = null; // asked, and not yet answered
  inspector.show();
  const told = await inspector.asks({ ask: QUESTIONS[name], about, against }, name);
  if (inspector.whole !== whole || !(name in whole)) return null;
  if (told) whole[name] = told;
  else delete whole[name];
  return inspector.show();
}

/** Show another unit's numbers, and mark it in the drawing where it was chosen here. */
function choosesUnit(inspector, unit, here = true) {
  if (here) return choose(inspector.frame, { unit }); // which tells us
  Object.assign(inspector, { unit, mean: false });
  return inspector.show();
}

/** Everything that is open; the focus stays where it was. */
function show(inspector) {
  const { body, payload, span, told, whole } = inspector;
  const held = body.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const parts = [];
  if (told) parts.push(make("section", { className: "mmi-step" }, stepParts(inspector), trouble(inspector, "step")));
  else if (inspector.trouble?.part === "step") parts.push(trouble(inspector, "step"));
  if (span && payload.steps.length && inspector.knows({ ask: "what_if", ...span })) parts.push(make("section", { className: "mmi-if" }, whatIf(inspector), trouble(inspector, "if")));
  const offered = Object.keys(WHOLE).filter((name) => inspector.knows({ ask: QUESTIONS[name] }));
  const doors = offered.map((name) => {
    const door = press(inspector, name, () => openWhole(inspector, name), `mmi-door${name in whole ? " mmi-open" : ""}`);
    door.ariaExpanded = String(name in whole);
    return door;
  });
  if (doors.length) parts.push(make("div", { className: "mmi-row mmi-doors" }, doors));
  for (const [name, told] of Object.entries(whole)) {
    const inner = told ? WHOLE[name](inspector, told) : make("p", { className: "mmi-mute" }, inspector.say("wait"));
    parts.push(make("section", { className: `mmi-${name}` }, inner));
  }
  for (const name of Object.keys(WHOLE)) parts.push(trouble(inspector, name));
  body.replaceChildren(...parts.filter(Boolean));
  inspector.row.follow(span, payload.steps.length);
  const inside = told && { unit: inspector.mean ? null : inspector.unit };
  if (inside?.unit !== inspector.shown?.unit || !inside !== !inspector.shown) send({ element: inspector.frame }, "inside", inside);
  inspector.shown = inside;
  if (held) body.querySelector(`[data-focus="${held}"]`)?.focus();
}

function trouble({ trouble }, part) {
  return trouble?.part === part ? make("p", { className: "mmi-trouble", role: "alert" }, trouble.words) : null;
}
