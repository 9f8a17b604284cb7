/**
 * The drawing of how a result came about: the input, the beliefs, the gates, the memory, the units, what was let go, the
 * ledger and what each step changed, on one axis of steps, and a cursor that runs through all of it.
 *
 *   draw(element, payload, {strings, ask, room, paced})   draws, or draws again, inside the element
 *   clear(element)                           takes the drawing away
 *   seek, openAt, choose, play, pause        do what a person could do; state, playing   tell what is so
 *   overlay, seenFrom                        show what the server said about a what-if, or about an earlier step
 *
 * The payload is what `drawing` in mmdemo/inference/figure.py returns; `strings` has a language's sentences by dotted key, of which
 * those under "drawing." are used; `ask` puts a question to the server, where there is one; `room()` says how many pixels
 * of height there are for the rows down to the ledger, null where that does not matter; `paced`: the first time the
 * figure follows in a task of its own. Until Plotly is there (see
 * plotly.js), a sketch stands in for its part. The element sends, each with what is in its detail:
 *   mmdemo:step {step, unit}           the cursor moved; null where there is none
 *   mmdemo:open {step, unit, mean, focus}   a step was opened, for a unit or the mean of all; step null: closed; focus:
 *                                      by keys, which then go on in what opens
 *   mmdemo:unit {unit}                 a unit was chosen; null: none
 *   mmdemo:leave {start, stop}         steps were taken out of the row, up to before `stop`; put back where they were out
 *   mmdemo:span {start, stop} or null  steps were selected, up to before `stop`
 *   mmdemo:contrast {about, against}   the ledger is for another class, or weighed against another (null: the mean)
 *   mmdemo:play {playing}
 * Words are a stranger's: everything is put in place as text, never as HTML.
 */

import { later, make, send } from "../core/dom.js";
import { offerTips } from "../core/tooltip.js";
import { arrange } from "./arrange.js";
import * as cursor from "./cursor.js";
import { paint } from "./figure.js";
import { listen } from "./gestures.js";
import { firstContrast, showLedger } from "./ledger.js";
import { showWhatIf } from "./overlay.js";
import * as player from "./play.js";
import { plotly, whenPlotly } from "./plotly.js";
import { readOut } from "./readout.js";
import { ORDERS, furnish } from "./rows.js";
import { select, showLine, spanLine, stretch } from "./span.js";
import { fillStrip, fitStrip, paintStrip } from "./strip.js";
import { showTable, toggleTable } from "./table.js";
import { ordered } from "./units.js";

const drawings = new WeakMap();
const NOTHING = { step: null, unit: null, opened: null, chosen: null, span: null, seen: null, whatIf: null };
const FIRST_BAND = "f"; // the gate that has the band at first
let count = 0; // of drawings ever opened, for names that are theirs alone

export function draw(element, payload, { strings = {}, ask, room = () => null, paced = false } = {}) {
  const say = speaker(strings);
  if (!payload?.steps?.length) {
    clear(element);
    element.replaceChildren(make("div", { className: "mmd" }, [make("p", { className: "mmd-empty" }, say("empty"))]));
    return Promise.resolve();
  }
  const drawing = drawings.get(element) ?? open(element);
  const before = drawing.payload;
  const again = before?.ledger.evidence.bdata === payload.ledger.evidence.bdata; // in another language, say
  Object.assign(drawing, { payload, say, ask, room });
  if (!again) forget(drawing, before?.steps.length === payload.steps.length);
  const drawn = build(drawing, !before && paced);
  if (!again) tellChoices(drawing);
  return drawn;
}

/** Everything there is to see, for the room that there is; the figure in a task of its own, if it is `paced`. */
function build(drawing, paced = false) {
  const { payload, say, room } = drawing;
  drawing.seenRoom = room();
  drawing.places = arrange(payload, drawing.seenRoom);
  furnish(drawing);
  Object.assign(drawing, fillStrip(drawing, payload, say));
  player.showPlayer(drawing);
  showLedger(drawing);
  showLine(drawing);
  showTable(drawing);
  const { step, unit } = drawing;
  drawing.step = null;
  cursor.point(drawing, step, unit);
  // Only now is it measured, and all at once: whatever is put in place between two measures has everything laid out again.
  fitSteps(drawing);
  if (!paced) return paint(drawing);
  drawing.units = ordered(drawing);
  return later(() => drawings.get(drawing.element) === drawing && paint(drawing));
}

export function clear(element) {
  const drawing = drawings.get(element);
  if (drawing) {
    player.pause(drawing);
    for (const watcher of drawing.watchers) watcher.disconnect();
    plotly()?.purge(drawing.figure);
    drawings.delete(element);
  }
  element.replaceChildren();
}

/** Move the cursor; step null takes it away. */
export const seek = (element, step, unit = null) => on(element, (drawing) => cursor.point(drawing, step, unit));

/** Select the steps from `start` to before `stop`, as dragging over them does; null selects none. */
export const selectSteps = (element, span) => on(element, (drawing) => select(drawing, span));

/** Open a step, as a click on it does; null closes it. `how`: {mean, focus}, see mmdemo:open. */
export const openAt = (element, step, how = {}) => on(element, (drawing) => cursor.openStep(drawing, step, how));

/**
 * Choose any of: the class to explain and what it is weighed against (null: the mean), a heat map's key and the order of
 * its units, the gate that has the band, a unit.
 */
export function choose(element, { about, against, map, order, band, unit }) {
  const wanted = Object.entries({ about, against, map, order, band, chosen: unit }).filter(([, value]) => value !== undefined);
  on(element, (drawing) => drawing.change(Object.fromEntries(wanted)));
}

/** Show a what-if's beliefs beside the real ones: {kept, beliefs, label}; null takes them away. */
export const overlay = (element, whatIf) =>
  on(element, (drawing) => {
    showWhatIf(drawing, whatIf);
    readOut(drawing);
  });

/** Show the ledger as seen from an earlier step: {step, evidence}; null goes back to the last. */
export const seenFrom = (element, seen) => on(element, (drawing) => drawing.change({ seen }));

export const play = (element) => on(element, player.play);
export const pause = (element) => on(element, player.pause);
export const playing = (element) => Boolean(drawings.get(element)?.player);

/** What is chosen: {step, opened, span, unit, about, against, map, order, band}; null where nothing is drawn. */
export const state = (element) =>
  on(element, ({ step, opened, span, chosen, about, against, map, order, band }) => ({ step, opened, span, unit: chosen, about, against, map, order, band }));

/** What of that is chosen before anybody chooses: {about, against, map, order, band, unit}. */
export const unchosen = (payload) => ({ ...firstContrast(payload), map: null, order: ORDERS[0], band: FIRST_BAND, unit: null });

function on(element, act) {
  const drawing = drawings.get(element);
  return drawing ? act(drawing) : null;
}

/** Looks up sentences and fills their gaps; what is missing stays as it is. */
function speaker(strings) {
  return (name, values = {}) =>
    (strings[`drawing.${name}`] ?? name).replace(/\{(\w+)\}/g, (gap, key) => values[key] ?? gap);
}

/** The empty frame, its observers and its events; made once, so that a new result keeps what was chosen. */
function open(element) {
  const parts = ["bands", "strip", "ticks", "figure", "let_go", "ledger", "changed", "beside", "tint", "unread", "mark", "frame", "cursor"];
  const drawing = { element, map: null, order: ORDERS[0], band: FIRST_BAND, zoomed: null, player: null, ...NOTHING };
  for (const name of parts) drawing[name] = make("div", { className: `mmd-${name}` });
  const box = (name, children = []) => (drawing[name] = make("div", { className: `mmd-${name}` }, children));
  box("time", parts.map((name) => drawing[name])); // prettier-ignore
  box("sheet", [drawing.time]);
  box("scroll", [drawing.sheet]);
  box("readout");
  box("sum");
  box("table");
  drawing.button = make("button", { type: "button", className: "mmd-button mmd-play" });
  drawing.tableButton = make("button", { type: "button", className: "mmd-button" });
  const head = make("div", { className: "mmd-head" }, drawing.button, drawing.readout, spanLine(drawing));
  const foot = make("div", { className: "mmd-foot" }, drawing.tableButton, drawing.sum);
  box("root", [head, drawing.scroll, foot, drawing.table]).className = "mmd";
  for (const name of ["tint", "unread", "mark", "frame", "table"]) drawing[name].hidden = true;
  whenPlotly(() => drawing.payload && drawings.get(element) === drawing && paint(drawing));
  describe(drawing);
  element.replaceChildren(drawing.root);

  drawing.maps = () => drawing.payload.figure.data.filter(({ meta }) => meta.row === "units");
  drawing.shown = () => drawing.maps().find(({ meta }) => meta.key === drawing.map) ?? drawing.maps()[0];
  drawing.change = (settings) => change(drawing, settings);
  drawing.button.addEventListener("click", () => (drawing.player ? player.pause : player.play)(drawing));
  drawing.tableButton.addEventListener("click", () => toggleTable(drawing));
  listen(drawing); // before the tip, which Escape takes away first
  drawing.tip = offerTips(drawing.root);
  watch(drawing);
  drawings.set(element, drawing);
  return drawing;
}

/** What those hear who do not see it. */
function describe({ time, readout, table, tableButton, sum }) {
  count += 1;
  readout.setAttribute("aria-live", "polite");
  time.tabIndex = 0;
  time.setAttribute("role", "group");
  table.id = `mmd-table-${count}`;
  table.tabIndex = 0; // so that it can be scrolled with keys
  sum.id = `mmd-sum-${count}`;
  time.setAttribute("aria-describedby", sum.id);
  time.setAttribute("aria-details", table.id);
  tableButton.setAttribute("aria-controls", table.id);
}

/** Draw again when the page turns dark or light, or the width changes. */
function watch(drawing) {
  const { element, root, time, scroll } = drawing;
  const theme = new MutationObserver(() => {
    if (!element.isConnected) clear(element);
    else if (getComputedStyle(root).color !== drawing.ink) paint(drawing);
  });
  for (const place of [document.documentElement, document.body]) {
    theme.observe(place, { attributes: true, attributeFilter: ["class"] });
  }
  const size = new ResizeObserver(() => fit(drawing));
  size.observe(time);
  size.observe(scroll);
  const again = () => {
    if (!element.isConnected) clear(element);
    else if (drawing.room() !== drawing.seenRoom && drawing.time.clientWidth) rebuild(drawing);
  };
  addEventListener("resize", again);
  drawing.watchers = [theme, size, { disconnect: () => removeEventListener("resize", again) }];
}

/** Another room: everything is put elsewhere, and what was shown over it is shown there. */
function rebuild(drawing) {
  build(drawing);
  if (drawing.whatIf) showWhatIf(drawing, drawing.whatIf.given);
}

/** The rows have another room, not only another width (the page says so after it changed its own shape). */
export const resettle = (element) => on(element, (drawing) => drawing.room() !== drawing.seenRoom && rebuild(drawing));

/** Where a row lies within the column of time, in pixels: {top, height}; null where nothing is drawn. */
export const rowOf = (element, row) => on(element, ({ places }) => places.rows[row]);

/** A new result: what was pointed at and chosen in the last one is no more; the zoom stays where it fits. */
function forget(drawing, sameLength) {
  player.pause(drawing);
  Object.assign(drawing, NOTHING, firstContrast(drawing.payload), { sound: null, rows: null });
  if (!sameLength) drawing.zoomed = null;
  for (const part of ["tint", "frame"]) drawing[part].hidden = true;
  drawing.beside.replaceChildren();
}

function tellChoices(drawing) {
  const { about, against } = drawing;
  send(drawing, "contrast", { about, against });
  select(drawing, null);
  cursor.openStep(drawing, null);
}

/** Change any of what was chosen, and everything that shows it. */
function change(drawing, settings) {
  Object.assign(drawing, settings);
  if (drawing.about === drawing.against) drawing.against = null;
  const { about, against } = drawing;
  if ("about" in settings || "against" in settings || "seen" in settings) {
    showLedger(drawing);
    showTable(drawing);
  }
  if (Object.keys(settings).some((key) => key !== "seen")) paint(drawing);
  readOut(drawing);
  if ("about" in settings || "against" in settings) send(drawing, "contrast", { about, against });
  if ("chosen" in settings) send(drawing, "unit", { unit: drawing.chosen });
}

/** What depends on the width of a step. Returns the width of all of them; 0 in a hidden tab. */
function fitSteps(drawing) {
  const { time, payload, chips } = drawing;
  stretch(drawing);
  const width = time.clientWidth;
  if (width) fitStrip(drawing, payload, chips, width / payload.steps.length);
  return width;
}

/** What depends on the width. */
function fit(drawing) {
  const { figure } = drawing;
  const width = fitSteps(drawing);
  if (!width || drawing.width === width) return; // in a hidden tab we are called again when it opens
  paintStrip(drawing, getComputedStyle(drawing.root).getPropertyValue("--mm-audio").trim());
  if (figure.classList.contains("js-plotly-plot")) plotly().Plots.resize(figure);
  else if (drawing.width) paint(drawing); // a sketch, made for another width
  drawing.width = width;
}
