/** What was seen of a video: how well its sound fits at each offset, how the gates differ there, and another sound to try. */

import { make, send, svg } from "../core/dom.js";
import { say } from "../core/words.js";

const STEP = 80; // milliseconds from one offset to the next
const [WIDE, AIR] = [22, 6]; // of a bar with the air beside it, in the drawing's own pixels
const [TOP, HIGH, BELOW] = [16, 84, 6]; // above the bars, of the highest one, and below zero
const LEAST = 6; // log-odds as high as the bars: where no offset fits better than others, none looks as if it did
const ALIKE = 0.5; // the same of correlations
const LINE = 40; // of the gates' lines

/** The bars, the slider and the gates; without `tell` nothing can be moved. */
export function film({ offsets, correlation, late, seconds }, tell, value) {
  const moves = tell && (offsets.length || late) ? mover(late, tell, value) : null;
  const none = value.ignored.video ? null : make("p", { className: "mm-caption" }, say("offsets.none", { seconds: seconds.toFixed(1) }));
  if (!offsets.length) return [none, moves];
  const legend = make("p", { className: "mm-caption" }, say("offsets.about"));
  return [bars(offsets, correlation), legend, moves, value.offsets && gates(offsets, value.offsets)];
}

const milliseconds = (late) => Math.round(1000 * late);

/** By how much a sound is late, in words. */
function moved(late) {
  const by = milliseconds(late);
  return say(by ? (by > 0 ? "offsets.late" : "offsets.early") : "offsets.as_it_is", { milliseconds: Math.abs(by) });
}

/** A bar for each offset, the best one in colour and with its number, and a ring for the plain correlation. */
function bars(offsets, correlation) {
  const scores = offsets.map(([, score]) => score);
  const best = scores.indexOf(Math.max(...scores));
  const width = WIDE * offsets.length;
  const zero = TOP + HIGH;
  const up = (value, whole) => Math.max(-BELOW, (HIGH * value) / whole);
  const most = Math.max(LEAST, scores[best]);
  const alike = Math.max(ALIKE, ...correlation);
  const label = offsets.map(([late, score]) => `${moved(late)}: ${score.toFixed(1)}`).join("; ");
  const text = (k, y, words, anchor = "middle") => {
    const x = { start: 0, middle: (k + 0.5) * WIDE, end: width }[anchor];
    return Object.assign(svg("text", { x, y, "text-anchor": anchor, class: k === best && y < zero ? "mm-best" : "" }), { textContent: words });
  };
  const drawn = svg(
    "svg",
    { viewBox: `0 0 ${width} ${zero + BELOW + 19}`, role: "img", "aria-label": `${say("offsets.label")} ${label}`, class: "mm-offsets" },
    svg("line", { x1: 0, x2: width, y1: zero, y2: zero }),
  );
  offsets.forEach(([late, score], k) => {
    const high = up(score, most);
    const size = Math.max(1, Math.abs(high));
    const bar = svg("rect", { x: k * WIDE + AIR / 2, y: high > 0 ? zero - size : zero, width: WIDE - AIR, height: size, rx: 1, class: k === best ? "mm-best" : "" });
    const ring = svg("circle", { cx: (k + 0.5) * WIDE, cy: zero - up(correlation[k], alike), r: 3 });
    const about = `${moved(late)}: ${signed(score)} · ${say("offsets.plain")} ${correlation[k].toFixed(2)}`;
    drawn.append(svg("g", {}, Object.assign(svg("title", {}), { textContent: about }), bar, ring));
  });
  const [first, last] = [offsets[0][0], offsets.at(-1)[0]];
  const below = zero + BELOW + 15;
  drawn.append(text(best, zero - Math.max(0, up(scores[best], most)) - 5, signed(scores[best])));
  drawn.append(text(0, below, moved(first), "start"), text((offsets.length - 1) / 2, below, say("offsets.as_it_is")), text(0, below, moved(last), "end"));
  return drawn;
}

const signed = (score) => `${score < 0 ? "−" : "+"}${Math.abs(score).toFixed(1)}`;

/** The slider that moves the sound by hand, and, of an example, another sentence's sound; it is read at once. */
function mover(late, tell, { example, moved: before }) {
  const range = make("input", { type: "range", min: 0, max: 12, step: 1, className: "mm-mover" });
  range.value = Math.round(milliseconds(late) / STEP) + 6;
  const words = make("b", {});
  const where = () => {
    const by = STEP * (range.value - 6);
    return say(by ? (by > 0 ? "offsets.later" : "offsets.earlier") : "offsets.not_moved", { milliseconds: Math.abs(by) });
  };
  const show = () => {
    words.textContent = where();
    range.setAttribute("aria-valuetext", where());
  };
  const of = example ?? before;
  range.addEventListener("input", show);
  range.addEventListener("change", () => {
    send({ element: range }, "given"); // the example as it is shown is no link's any more
    tell({ candidate: Number(range.value), moved: of });
  });
  show();
  const label = make("label", { className: "mm-moved" }, make("span", {}, `${say("offsets.move")} `, words), range);
  return make("div", { className: "mm-sounds" }, label, of ? another(of) : null);
}

/** The button that opens the example with another sentence's sound; null where there is none, or where it is open. */
function another(example) {
  const other = [...document.querySelectorAll("#examples [data-example$='_other']")].find((chip) => chip.dataset.example !== example);
  if (!other) return null;
  const button = make("button", { type: "button", className: "mm-press mm-another" }, say("offsets.another"));
  button.addEventListener("click", () => other.isConnected && other.click());
  return button;
}

/** The mean of each gate at every 80 ms, where the sound fits best, and where it fits worst. */
function gates(offsets, { which, gates: both }) {
  const rows = [..."ifo"].map((gate) => {
    const [best, worst] = both.map((each) => inPairs(each[gate]));
    const [low, high] = [Math.min(...best, ...worst), Math.max(...best, ...worst)];
    const place = (value) => (LINE - 2 - ((LINE - 4) * (value - low)) / (high - low || 1)).toFixed(1);
    const line = (values) => values.map((value, k) => `${k ? "L" : "M"}${((200 * k) / (values.length - 1 || 1)).toFixed(1)} ${place(value)}`).join("");
    const paths = [svg("path", { d: line(worst), class: "mm-worst" }), svg("path", { d: line(best) })];
    const drawn = svg("svg", { viewBox: `0 0 200 ${LINE}`, preserveAspectRatio: "none", "aria-hidden": "true", class: "mm-gate" }, ...paths);
    drawn.style.setProperty("--gate", `var(--mm-${gate})`);
    const means = both.map((each, k) => make("td", { className: k ? "mm-worst" : "" }, mean(each[gate]).toFixed(3)));
    return make("tr", {}, make("th", { scope: "row" }, say(`drawing.${gate}`)), make("td", {}, drawn), ...means);
  });
  const heads = ["best", "worst"].map((name, k) =>
    make("th", { scope: "col", className: k ? "mm-worst" : "" }, say(`offsets.${name}`), make("small", {}, moved(offsets[which[k]][0]))),
  );
  const head = make("thead", {}, make("tr", {}, make("td", { colSpan: 2 }), ...heads));
  return make("table", { className: "mm-beside" }, make("caption", {}, say("offsets.gates")), head, make("tbody", {}, ...rows));
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Lips and voice together: alone, they go up and down at every step. */
const inPairs = (values) => Array.from({ length: Math.floor(values.length / 2) }, (_, k) => (values[2 * k] + values[2 * k + 1]) / 2);
