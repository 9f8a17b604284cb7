/** The table behind the drawing: its numbers step by step, for those who do not see it and for those who want numbers. */

import { make } from "../core/dom.js";
import { best, number, percent, signed } from "../core/numbers.js";
import { opponent } from "./ledger.js";
import { beliefsOf, meanAt, whereIs } from "./steps.js";

/** Show the table, or take it away. */
export function toggleTable(drawing) {
  drawing.table.hidden = !drawing.table.hidden;
  showTable(drawing);
}

/** Fill the table for what is drawn, if it is shown. */
export function showTable(drawing) {
  const { payload, say, table, tableButton } = drawing;
  tableButton.textContent = say("as_table");
  tableButton.setAttribute("aria-expanded", String(!table.hidden));
  table.replaceChildren();
  if (table.hidden) return;
  const about = { about: payload.labels[drawing.about], against: opponent(drawing) };
  const heads = [say("table_step"), say("table_what"), say("belief"), ...["i", "f", "o", "size"].map((key) => say(key))];
  const last = [say("table_evidence", about), say("changed"), say("let_go")];
  const head = make("tr", {}, [...heads, ...last].map(heading("col")));
  const body = payload.steps.map((_, step) => line(drawing, step));
  table.append(
    make("table", {}, make("caption", {}, say("table_caption")), make("thead", {}, head), make("tbody", {}, body)),
  );
}

function line({ payload, say, evidence, effect }, step) {
  const chances = beliefsOf(payload).map((row) => row[step]);
  const top = best(chances);
  const gone = payload.ledger.let_go[step];
  const cells = [
    whereIs(payload.steps, step, say),
    `${payload.labels[top]} (${percent(chances[top])})`,
    ...["i", "f", "o"].map((key) => number(meanAt(payload, key, step))),
    number(meanAt(payload, "c", step, "size")),
    signed(evidence[step]),
    signed(effect[step]),
    gone ? `${percent(gone[0])} (${payload.labels[gone[1]]})` : "–",
  ];
  return make("tr", {}, heading("row")(step + 1), ...cells.map((cell) => make("td", {}, cell)));
}

const heading = (scope) => (words) => make("th", { scope }, String(words));
