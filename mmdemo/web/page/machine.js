/**
 * The machine in sight: one cell, live, with the row of steps that it reads. It follows the cursor and what is played, for
 * the unit that is chosen, the one that says most for the answer, or the mean of all; its equations open from it.
 */

import { now, onResult } from "../core/current.js";
import { make } from "../core/dom.js";
import { best } from "../core/numbers.js";
import { unpack } from "../core/packed.js";
import { offerTips, term } from "../core/tooltip.js";
import { onLanguage, say } from "../core/words.js";
import { cellPicture, spokenCell, stepsPicture } from "../drawing/cell.js";
import { choose, openAt, state } from "../drawing/drawing.js";
import { evidence, firstContrast } from "../drawing/ledger.js";
import { insideAt } from "../drawing/steps.js";
import { beside, onShape } from "./stage.js";

/** What goes into the answer's card; where the drawing lies below that, it is below the drawing instead. */
export function machine() {
  const place = make("div", { className: "mm-machine", hidden: true });
  const body = make("section", { className: "mm-cell" });
  let shown = null; // the figure that it is of
  let mean = false;
  let told = 0; // the unit that says most for the answer
  let inside = null; // {unit} of the equations that are open, null for the mean
  let parts = null; // {cell, row, single, all}

  const one = () => inside?.unit ?? state(now().element)?.unit ?? told;
  const unitOf = () => (mean ? null : one());
  const at = () => {
    const { step, opened } = state(now().element) ?? {};
    return step ?? opened ?? shown.steps.length - 1;
  };
  const move = () => {
    if (!parts || !now().element) return;
    const step = at();
    const values = insideAt(shown, step, unitOf());
    parts.cell.show(values, spokenCell(values));
    parts.row.point(step);
    parts.single.textContent = say("cell.unit", { unit: one() + 1 });
    parts.single.ariaPressed = String(!mean);
    parts.all.ariaPressed = String(mean);
  };
  const build = () => {
    const { figure } = now();
    place.hidden = body.hidden = !figure;
    parts = null;
    if (!figure) return;
    if (shown?.ledger.evidence.bdata !== figure.ledger.evidence.bdata) {
      mean = false;
      told = best(evidence(unpack(figure.ledger.units), firstContrast(figure)));
    }
    shown = figure;
    const button = (act, key = null) => {
      const made = make("button", { type: "button" }, key && say(key));
      made.addEventListener("click", act);
      return made;
    };
    const turn = (to) => () => {
      mean = to;
      if (inside && mean) openAt(now().element, at(), { mean });
      else choose(now().element, { unit: mean ? null : one() });
      move();
    };
    const [single, all] = [button(turn(false)), button(turn(true), "cell.mean")];
    const open = button(openEquations, "cell.equations");
    open.className = "mm-inline";
    parts = { cell: cellPicture(), row: stepsPicture(figure.steps), single, all };
    const head = make("div", { className: "mm-cell-head" }, term(say("cell.title"), say("cell.about"), "mm-cell-title"), make("span", { className: "mm-segments", role: "group", ariaLabel: say("cell.which") }, single, all), open);
    body.replaceChildren(head, parts.row.picture, parts.cell.picture);
    move();
    settle();
  };
  const openEquations = () => {
    const { element } = now();
    if (!mean) choose(element, { unit: unitOf() });
    openAt(element, at(), { mean, focus: true });
  };
  /** Where there is room for it: in the card, or below the drawing. */
  const settle = () => {
    const below = document.querySelector("#drawing .mm-below");
    const goal = beside() || !below ? place : below;
    if (body.parentElement === goal) return;
    if (goal === below && !below.classList.contains("mm-tips")) offerTips(below); // the answer's card has them already
    goal.append(body);
  };

  for (const name of ["step", "open", "unit"]) document.addEventListener(`mmdemo:${name}`, ({ target }) => target === now().element && move());
  document.addEventListener("mmdemo:unit", ({ target, detail }) => {
    if (target !== now().element || detail.unit === null || !mean) return;
    mean = false;
    move();
  });
  document.addEventListener("mmdemo:inside", ({ target, detail }) => {
    if (target !== now().element) return;
    inside = detail;
    if (inside) mean = inside.unit === null;
    move();
  });
  onResult(build);
  onLanguage(build);
  onShape(settle);
  return place;
}
