/** The what-ifs that matter, found beforehand: a button for each, with its outcome; one press tries it in the drawing. */

import { now, onResult } from "../core/current.js";
import { make } from "../core/dom.js";
import { name, onLanguage, percent, say, sentences } from "../core/words.js";
import { whereIs } from "../drawing/steps.js";
import { suggest } from "../inspect/inspector.js";

/** What goes into the answer's card: empty until they are known. */
export function whatIfs() {
  const place = make("div", { className: "mm-ifs", hidden: true });
  let known = []; // of the figure below
  let of = null;
  let tried = null;
  const show = () => {
    const { figure } = now();
    place.hidden = !known.length || !figure;
    if (place.hidden) return;
    const buttons = known.map((each) => {
      const button = make("button", { type: "button", className: "mm-if", ariaPressed: String(tried === each) }, describe(figure, each), outcome(each));
      button.addEventListener("click", () => toggle(each));
      return button;
    });
    place.replaceChildren(make("p", { className: "mm-caption" }, say("whatifs.title")), ...buttons);
  };
  const toggle = async (each) => {
    const inspector = document.querySelector("#drawing .mm-inspect");
    const on = tried !== each;
    tried = on ? each : null;
    show();
    if (!(await suggest(inspector, on ? each : null)) && on && tried === each) tried = null;
    show();
  };
  onResult(async ({ figure, ask }) => {
    const same = figure && of && figure.ledger.evidence.bdata === of.ledger.evidence.bdata;
    of = figure;
    if (same) return show();
    [known, tried] = [figure?.what_ifs ?? [], null];
    show();
    if (!figure || figure.what_ifs || !ask) return;
    try {
      const { what_ifs: found } = await ask({ ask: "telling" });
      if (of === figure) known = found;
    } catch {
      known = []; // the reading is gone: then there is nothing to try
    }
    show();
  });
  onLanguage(show);
  return place;
}

/** What is changed, in words. */
function describe({ steps }, { start, stop, gate, value }) {
  const words = sentences();
  const where = (step) => whereIs(steps, step, (key, values) => words[`drawing.${key}`].replace(/\{(\w+)\}/g, (_, gap) => values[gap]));
  if (!gate) return stop - start > 1 ? say("whatifs.without_input", { modality: steps[start].modality }) : say("whatifs.without", { where: where(start) });
  return say(value === 1 ? "whatifs.keep" : "whatifs.drop", { where: where(start) });
}

const outcome = ({ label, probability }) => make("b", {}, `→ ${name(label)} `, make("small", {}, percent(probability)));
