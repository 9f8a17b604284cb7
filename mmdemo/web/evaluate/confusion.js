/** The confusion matrix: what was taken for what. A cell opens the test cases behind it (cases.js). */

import { make } from "../core/dom.js";
import { name, say } from "../core/words.js";
import { listCases } from "./cases.js";

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
let chosen = null; // the subset of modalities that is shown, as long as the page is open

/**
 * subsets: [[key, words, {n, confusion}]], of which those that are modalities of `cases` can be opened; ask, choose: of
 * the evaluation (evaluation.js).
 */
export function confusion({ subsets, labels, cases, ask, choose }) {
  const place = make("div", { className: "mme-matrix" });
  const behind = make("div", { className: "mme-behind", ariaLive: "polite" });
  const chips = make("div", { className: "mmh-chips", role: "group", ariaLabel: say("evaluate.given") });
  const show = (key) => {
    chosen = key;
    const { confusion: counts } = subsets.find(([each]) => each === key)[2];
    const open = cases.includes(key) ? (truth, guess) => listCases(behind, { modality: key, truth, guess, count: counts[truth][guess], labels, ask, choose }) : null;
    place.replaceChildren(matrix(counts, labels, open));
    behind.replaceChildren(make("p", { className: "mmh-note" }, say(open ? "evaluate.choose" : cases.length ? "evaluate.no_cases_here" : "evaluate.no_cases")));
    for (const chip of chips.children) chip.ariaPressed = String(chip.dataset.key === key);
  };
  for (const [key, words] of subsets) {
    const chip = make("button", { type: "button", className: "mm-chipped" }, words);
    chip.dataset.key = key;
    chip.addEventListener("click", () => show(key));
    chips.append(chip);
  }
  show(subsets.some(([key]) => key === chosen) ? chosen : subsets[0][0]);
  return make("div", { className: "mme-confusion" }, chips, make("div", { className: "mme-sides" }, place, behind));
}

/** Rows are what it was, columns what was answered. `open` is called with a cell that has cases. */
function matrix(counts, labels, open) {
  const names = labels.map(name);
  const cells = counts.map(() => []);
  const rows = counts.map((row, truth) => {
    const all = row.reduce((sum, count) => sum + count, 0) || 1;
    const made = row.map((count, guess) => {
      const words = say("evaluate.cell", { truth: labels[truth], guess: labels[guess], count });
      const cell = open && count ? make("button", { type: "button", ariaLabel: words, title: words, tabIndex: -1 }, String(count)) : make("span", { title: words }, count ? String(count) : "");
      cell.className = `mme-cell ${truth === guess ? "mme-right" : "mme-wrong"}`;
      cell.style.setProperty("--share", count / all);
      if (cell.tabIndex === -1 && open && count) {
        cells[truth][guess] = cell;
        cell.addEventListener("click", () => {
          for (const other of cells.flat()) other.ariaPressed = String(other === cell);
          focusable(cell);
          open(truth, guess);
        });
      }
      return make("td", {}, cell);
    });
    return make("tr", {}, make("th", { scope: "row" }, names[truth]), ...made);
  });
  const focusable = (cell) => {
    for (const other of cells.flat()) other.tabIndex = other === cell ? 0 : -1;
  };
  const head = make("tr", {}, make("td"), ...names.map((each) => make("th", { scope: "col" }, each)));
  const table = make("table", {}, make("caption", {}, say("evaluate.axes")), make("thead", {}, head), make("tbody", {}, ...rows));
  table.addEventListener("keydown", (event) => {
    const goal = MOVES[event.key] && next(cells, event.target, MOVES[event.key]);
    if (!goal) return;
    event.preventDefault();
    focusable(goal);
    goal.focus();
  });
  const first = cells.flat()[0];
  if (first) focusable(first);
  return table;
}

/** The next cell with cases in a direction; null at the edge. */
function next(cells, cell, [down, right]) {
  let row = cells.findIndex((each) => each.includes(cell));
  if (row < 0) return null;
  let column = cells[row].indexOf(cell);
  do {
    row += down;
    column += right;
    if (cells[row]?.[column]) return cells[row][column];
  } while (row >= 0 && row < cells.length && column >= 0 && column < cells.length);
  return null;
}
