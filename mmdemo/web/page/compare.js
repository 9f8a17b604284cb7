/** Keep a result and put the next one beside it: the same drawing twice, with the differences marked in both. */

import { now, onResult } from "../core/current.js";
import { make, zoomOf } from "../core/dom.js";
import { best } from "../core/numbers.js";
import { list, name, onLanguage, percent, say, sentences } from "../core/words.js";
import { across } from "../drawing/axis.js";
import { clear, draw, rowOf, seek } from "../drawing/drawing.js";
import { beliefsOf, runs } from "../drawing/steps.js";

const AIR = 6; // pixels below a row, for half of the number that may stand at its end

/** The button, and what is kept; nothing of it leaves the browser, or outlives the page. */
export function compare({ element }) {
  let kept = null; // {said, figure, text} of the result that was kept
  let moving = false;
  const frame = make("div", { className: "mmc-kept" });
  const told = make("div", { className: "mmc-told", role: "status" });
  const keep = make("button", { type: "button", className: "mm-chipped mmc-keep" });
  const drop = make("button", { type: "button", className: "mm-chipped" });
  const fold = make("button", { type: "button", className: "mm-chipped" });
  const captions = [make("h3"), make("h3")];
  const head = make("div", { className: "mmc-head" }, told, make("div", { className: "mmc-buttons" }, fold, drop));
  const card = make("div", { className: "mm-card mmc", hidden: true }, [head, captions[0], frame]);
  element.replaceChildren(keep, card, captions[1]);

  /** The kept drawing ends where a row does, however its head is broken into lines. */
  const cut = () => {
    const row = frame.querySelector(".mmd-of-gates");
    if (!row || card.hidden) return;
    const height = (row.getBoundingClientRect().bottom - frame.getBoundingClientRect().top) / zoomOf(frame);
    frame.style.setProperty("--mmc-cut", `${Math.ceil(height) + AIR}px`);
  };
  new ResizeObserver(cut).observe(frame);

  const show = () => {
    const { said, figure, element: place } = now();
    keep.textContent = say("compare.keep");
    drop.textContent = say("compare.drop");
    fold.textContent = say(frame.classList.contains("mmc-whole") ? "compare.close" : "compare.open");
    keep.hidden = !figure || Boolean(kept);
    card.hidden = captions[1].hidden = !kept;
    if (!kept) return;
    const labels = kept.said.labels.map(name);
    kept.figure = { ...kept.figure, labels };
    captions[0].textContent = say("compare.kept", { what: summed(kept.said) });
    captions[1].textContent = say("compare.now", { what: said?.used.length ? summed(said) : "–" });
    draw(frame, kept.figure, { strings: sentences() });
    const fresh = JSON.stringify(said) !== kept.text; // in another language it is another object
    told.replaceChildren(...(fresh ? compared(kept, { said, figure }) : [make("p", {}, say("compare.same_result"))]));
    const differing = fresh && figure && sameTask(kept.said, said) ? laidBeside(kept.figure, figure).differing : [];
    mark(frame, kept.figure, differing.map(([step]) => step));
    if (place && figure) mark(place, figure, differing.map(([, step]) => step));
  };
  keep.addEventListener("click", () => {
    const { said, figure } = now();
    kept = { said, figure, text: JSON.stringify(said) };
    show();
    drop.focus();
  });
  drop.addEventListener("click", () => {
    kept = null;
    clear(frame);
    if (now().element) mark(now().element, null, []);
    show();
    keep.focus();
  });
  fold.addEventListener("click", () => {
    frame.classList.toggle("mmc-whole");
    fold.textContent = say(frame.classList.contains("mmc-whole") ? "compare.close" : "compare.open");
  });
  // One cursor for both, where their steps are the same.
  document.addEventListener("mmdemo:step", ({ target, detail: { step, unit } }) => {
    const place = now().element;
    if (moving || !kept || !place || kept.figure.steps.length !== now().figure?.steps.length) return;
    const other = new Map([[frame, place], [place, frame]]).get(target); // prettier-ignore
    moving = true;
    if (other) seek(other, step, unit);
    moving = false;
  });
  onResult(show);
  onLanguage(show);
  show();
}

const sameTask = (kept, said) => kept.labels.join() === said.labels.join();
const label = (said) => (said.level === "unclear" ? say("page.unclear") : name(said.label));
const summed = (said) => `${label(said)} · ${percent(said.probability)} · ${list(said.used)}`;

/**
 * The steps that two results have in common, and those of them at which another class is ahead: modality by modality,
 * where a modality has as many steps in both, and of other texts the words that both have, in the same order. Each is
 * [step in the one, step in the other].
 */
export function laidBeside(one, other) {
  const parts = runs(other.steps);
  const common = runs(one.steps).flatMap(({ modality, start, length }) => {
    const part = parts.find((each) => each.modality === modality);
    if (!part) return [];
    if (part.length === length) return Array.from({ length }, (_, k) => [start + k, part.start + k]);
    if (modality !== "text") return [];
    const words = ({ steps }, from, count) => steps.slice(from, from + count).map(({ text }) => text.toLowerCase());
    return inBoth(words(one, start, length), words(other, part.start, part.length)).map(([a, b]) => [start + a, part.start + b]);
  });
  const [rows, others] = [beliefsOf(one), beliefsOf(other)];
  const ahead = (beliefs, step) => best(beliefs.map((row) => row[step]));
  return { common, differing: common.filter(([a, b]) => ahead(rows, a) !== ahead(others, b)) };
}

/** The longest sequence of words that is in both, as pairs of places. */
function inBoth(one, other) {
  const longest = Array.from({ length: one.length + 1 }, () => Array.from({ length: other.length + 1 }, () => 0)); // from these places on
  for (let a = one.length - 1; a >= 0; a--) {
    for (let b = other.length - 1; b >= 0; b--) {
      longest[a][b] = one[a] === other[b] ? 1 + longest[a + 1][b + 1] : Math.max(longest[a + 1][b], longest[a][b + 1]);
    }
  }
  const pairs = [];
  for (let [a, b] = [0, 0]; a < one.length && b < other.length; ) {
    if (one[a] === other[b]) pairs.push([a++, b++]);
    else if (longest[a + 1][b] >= longest[a][b + 1]) a++;
    else b++;
  }
  return pairs;
}

/** The differences in words and in numbers. */
function compared(kept, { said, figure }) {
  if (!said?.used.length || !figure) return [make("p", {}, say("compare.answer_none"))];
  if (!sameTask(kept.said, said)) return [make("p", {}, say("compare.answer_other"))];
  const changed = kept.said.label !== said.label;
  const k = kept.said.labels.indexOf(kept.said.label);
  const answer = say(changed ? "compare.answer_changed" : "compare.answer_same", {
    kept: label(kept.said),
    label: label(said),
    before: percent(kept.said.probability),
    after: percent(said.probability),
  });
  const { common, differing } = laidBeside(kept.figure, figure);
  const key = { 0: common.length ? "steps_same" : "steps_none" }[differing.length] ?? "steps_differ";
  const rows = [
    ["row_answer", {}, label(kept.said), label(said)],
    ["row_probability", { label: label(kept.said) }, percent(kept.said.probabilities[k]), percent(said.probabilities[k])],
    ["row_settled", {}, settledAt(kept.figure), settledAt(figure)],
    ...["text", "image", "audio", "video"].flatMap((modality) => byModality(modality, kept, { said, figure }, k)),
  ];
  if (changed) {
    const best = said.labels.indexOf(said.label);
    rows.splice(2, 0, ["row_probability", { label: label(said) }, percent(kept.said.probabilities[best]), percent(said.probabilities[best])]);
  }
  return [
    make("p", { className: "mmc-answer" }, answer),
    make("p", {}, say(`compare.${key}`, { count: differing.length, of: common.length })),
    table(rows.map(([row, values, before, after]) => [say(`compare.${row}`, values), before, after])),
  ];
}

const settledAt = ({ settled, steps }) => (settled === null ? "–" : say("compare.of", { step: settled + 1, steps: steps.length }));

/** Its steps, what was believed when it had been read, and its share in the answer that was kept. */
function byModality(modality, kept, next, k) {
  const sides = [kept, next].map(({ said, figure }) => {
    const part = runs(figure.steps).find((run) => run.modality === modality);
    const share = said.why?.shares[modality]?.[k];
    if (!part) return null;
    const beliefs = beliefsOf(figure).map((row) => row[part.start + part.length - 1]);
    const top = best(beliefs);
    const points = share === undefined ? "–" : say("compare.points", { points: `${share < 0 ? "−" : "+"}${Math.round(Math.abs(100 * share))}` });
    return [String(part.length), `${figure.labels[top]} · ${percent(beliefs[top])}`, points];
  });
  if (!sides[0] && !sides[1]) return [];
  const values = { modality: name(modality), label: label(kept.said) };
  const [before, after] = sides.map((side) => side ?? Array(3).fill(say("compare.absent")));
  return ["row_steps", "row_after", "row_share"].map((row, place) => [row, values, before[place], after[place]]);
}

/** Rows of [what, before, after]; what differs stands out. */
function table(rows) {
  const heads = ["measure", "column_kept", "column_now"].map((key) => make("th", { scope: "col" }, say(`compare.${key}`)));
  const lines = rows.map(([what, before, after]) =>
    make("tr", { className: before === after ? "" : "mmc-other" }, make("th", { scope: "row" }, what), make("td", {}, before), make("td", {}, after)),
  );
  return make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...lines));
}

/** Mark steps in a drawing: columns over its beliefs. */
function mark(element, payload, steps) {
  const time = element.querySelector(".mmd-time");
  time?.querySelector(".mmc-marks")?.remove();
  if (!time || !steps.length) return;
  const { top, height } = rowOf(element, "belief");
  const marks = make("div", { className: "mmc-marks", role: "img", ariaLabel: say("compare.mark") });
  Object.assign(marks.style, { top: `${top}px`, height: `${height}px` });
  marks.append(...steps.map((step) => across(make("i"), step, 1, payload.steps.length)));
  time.append(marks);
}
