/** What was seen of a video: how well its sound fits at each offset, the gates at the best and the worst, and a slider. */

import { make, svg } from "../core/dom.js";
import { say } from "../core/words.js";

const HIGH = 74; // of the bars, in pixels of the drawing
const WIDE = 20; // of one of them, with the air beside it
const LINE = 40; // of the gates' lines

/** The bars, the slider and the gates; without `tell` nothing can be moved. */
export function film({ offsets, correlation, late, seconds }, tell, { offsets: beside }) {
  const slider = tell && (offsets.length || late) ? mover(late, tell) : null;
  if (!offsets.length) return [make("p", { className: "mm-caption" }, say("offsets.none", { seconds: seconds.toFixed(1) })), slider];
  return [bars(offsets, correlation), make("p", { className: "mm-caption" }, say("offsets.about")), slider, beside && gates(offsets, beside)];
}

const milliseconds = (late) => Math.round(1000 * late);

/** By how much a sound is late, in words. */
function moved(late) {
  const by = milliseconds(late);
  return say(by ? (by > 0 ? "offsets.late" : "offsets.early") : "offsets.as_it_is", { milliseconds: Math.abs(by) });
}

/** A bar for each offset, the best one in colour, and a ring for the plain correlation. */
function bars(offsets, correlation) {
  const scores = offsets.map(([, score]) => score);
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  const best = scores.indexOf(most);
  const width = WIDE * offsets.length;
  const label = offsets.map(([late, score]) => `${moved(late)}: ${score.toFixed(1)}`).join("; ");
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${HIGH + 16}`, role: "img", "aria-label": `${say("offsets.label")} ${label}`, class: "mm-offsets" });
  const [lowest, highest] = [Math.min(...correlation), Math.max(...correlation)];
  offsets.forEach(([late, score], k) => {
    const high = 3 + ((HIGH - 8) * (score - least)) / (most - least || 1);
    const bar = svg("rect", { x: k * WIDE + 3, y: HIGH - high, width: WIDE - 6, height: high, rx: 2, class: k === best ? "mm-best" : "" });
    bar.append(Object.assign(svg("title", {}), { textContent: `${moved(late)}: ${score.toFixed(2)} · ${say("offsets.plain")} ${correlation[k].toFixed(2)}` }));
    const y = HIGH - 3 - ((HIGH - 8) * (correlation[k] - lowest)) / (highest - lowest || 1);
    drawn.append(bar, svg("circle", { cx: (k + 0.5) * WIDE, cy: y, r: 3 }));
    if (k % 3 === 0) {
      const words = svg("text", { x: (k + 0.5) * WIDE, y: HIGH + 13, "text-anchor": "middle" });
      words.textContent = `${late > 0 ? "+" : late < 0 ? "−" : ""}${Math.abs(milliseconds(late))}`;
      drawn.append(words);
    }
  });
  return drawn;
}

/** The slider that moves the sound by hand; what it makes of it is read at once. */
function mover(late, tell) {
  const range = make("input", { type: "range", min: 0, max: 12, step: 1, className: "mm-mover" });
  range.value = Math.round(late / 0.08) + 6;
  const words = make("span", {});
  const where = () => {
    const by = 80 * (range.value - 6);
    return say(by ? (by > 0 ? "offsets.later" : "offsets.earlier") : "offsets.not_moved", { milliseconds: Math.abs(by) });
  };
  const show = () => {
    words.textContent = `${say("offsets.move")} ${where()}`;
    range.setAttribute("aria-valuetext", where());
  };
  range.addEventListener("input", show);
  range.addEventListener("change", () => tell({ candidate: Number(range.value) }));
  show();
  return make("label", { className: "mm-moved mm-caption" }, words, range);
}

/** The mean of each gate at every step, where the sound fits best, and where it fits worst. */
function gates(offsets, { which, gates: both }) {
  const [best, worst] = which.map((k) => moved(offsets[k][0]));
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const rows = [..."ifo"].map((gate) => {
    const all = both.flatMap((each) => each[gate]);
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const line = (values) => values.map((value, k) => `${k ? "L" : "M"}${((200 * k) / (values.length - 1 || 1)).toFixed(1)} ${(LINE - 2 - ((LINE - 4) * (value - low)) / (high - low || 1)).toFixed(1)}`).join("");
    const paths = both.map((each, k) => svg("path", { d: line(each[gate]), class: k ? "mm-worst" : "" }));
    const drawn = svg("svg", { viewBox: `0 0 200 ${LINE}`, preserveAspectRatio: "none", "aria-hidden": "true", class: "mm-gate" }, ...paths);
    drawn.style.setProperty("--gate", `var(--mm-${gate})`);
    return make("tr", {}, make("th", { scope: "row" }, say(`drawing.${gate}`)), ...both.map((each) => make("td", {}, mean(each[gate]).toFixed(3))), make("td", {}, drawn));
  });
  const head = make("tr", {}, make("td", {}), ...[best, worst].map((words) => make("th", { scope: "col" }, words)), make("td", {}));
  return make("table", { className: "mm-beside" }, make("caption", {}, say("offsets.gates")), make("thead", {}, head), make("tbody", {}, ...rows));
}
