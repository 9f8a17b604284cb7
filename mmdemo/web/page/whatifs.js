/** The what-ifs that matter, found beforehand: a button for each, with its outcome; one press tries it in the drawing. */

import { now, onResult } from "../core/current.js";
import { make } from "../core/dom.js";
import { number } from "../core/numbers.js";
import { name, onLanguage, percent, say, sentences } from "../core/words.js";
import { whereIs } from "../drawing/steps.js";
import { suggest } from "../inspect/inspector.js";

const BELIEVED = 0.5; // a class with less is no answer, and to forget everything for none is no news

/** What goes into the answer's card: empty until they are known. */
export function whatIfs() {
  const place = make("div", { className: "mm-ifs", hidden: true });
  let known = []; // of the figure below
  let of = null;
  let tried = null; // what the drawing shows, or what was pressed and is on its way
  const show = () => {
    const { figure } = now();
    const worth = known.filter(({ gate, value, probability }) => probability >= BELIEVED || gate === null || value === 1);
    const offered = !tried || worth.some((each) => same(each, tried)) ? worth : [...worth, tried];
    place.hidden = !offered.length || !figure;
    if (place.hidden) return;
    const pressed = [...place.children].indexOf(document.activeElement);
    const buttons = offered.map((each) => {
      const button = make("button", { type: "button", className: "mm-if", ariaPressed: String(Boolean(tried) && same(tried, each)) }, describe(figure, each), outcome(each));
      button.addEventListener("click", () => toggle(each));
      return button;
    });
    place.replaceChildren(make("p", { className: "mm-caption" }, say("whatifs.title")), ...buttons);
    if (pressed >= 0) place.children[Math.min(pressed, buttons.length)].focus({ preventScroll: true });
  };
  const toggle = async (each) => {
    const inspector = document.querySelector("#drawing .mm-inspect");
    const on = !tried || !same(tried, each);
    if (on) tried = each;
    show();
    if (!(await suggest(inspector, on ? each : null)) && on && tried === each) tried = null;
    show();
  };
  document.addEventListener("mmdemo:tried", ({ target, detail }) => {
    if (target !== now().element) return;
    tried = detail;
    show();
  });
  onResult(async ({ figure, ask }) => {
    const again = reading(figure) && reading(figure) === reading(of); // in another language
    of = figure;
    if (again) return show();
    [known, tried] = [figure?.what_ifs ?? [], null];
    show();
    if (!figure || figure.what_ifs || !ask) return;
    try {
      const { what_ifs: found } = await ask({ ask: "telling" });
      if (reading(of) === reading(figure)) known = found;
    } catch {
      known = []; // the reading is gone: then there is nothing to try
    }
    show();
  });
  onLanguage(show);
  return place;
}

/** What tells one reading from another, whatever language it is shown in. */
const reading = (figure) => figure?.ledger.evidence.bdata;
const same = (one, other) => ["start", "stop", "gate", "value"].every((key) => (one[key] ?? null) === (other[key] ?? null));

/** What is changed, in words. */
function describe({ steps }, { start, stop, gate, value }) {
  const words = sentences();
  const where = (step) => whereIs(steps, step, (key, values) => words[`drawing.${key}`].replace(/\{(\w+)\}/g, (_, gap) => values[gap]));
  const span = stop - start > 1 && say("inspect.span", { first: start + 1, last: stop, from: where(start), to: where(stop - 1) });
  if (!gate) {
    const [{ modality }, ...others] = steps.slice(start, stop);
    const whole = others.every((step) => step.modality === modality) && steps.filter((step) => step.modality === modality).length === stop - start;
    if (span && whole) return say("whatifs.without_input", { modality });
    return say("whatifs.without", { where: span || where(start) });
  }
  if (gate === "f" && value === 1 && stop === steps.length) return say("whatifs.keep", { where: where(start) });
  if (gate === "f" && value === 0 && !span) return say("whatifs.drop", { where: where(start) });
  return say("whatifs.held", { gate: say(`inspect.gate_${gate}`), value: number(value), where: span || where(start) });
}

/** What it would say then; no class is named where none would be believed. */
const outcome = ({ label, probability }) =>
  probability < BELIEVED ? make("b", {}, `→ ${say("page.unclear")}`) : make("b", {}, `→ ${name(label)} `, make("small", {}, percent(probability)));
