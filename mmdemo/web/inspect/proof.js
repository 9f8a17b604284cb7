/** Is the ledger true? How fast the answer falls when the steps are taken away in the order in which each ranks them. */

import { make, svg } from "../core/dom.js";
import { number } from "../core/numbers.js";
import { term } from "../core/tooltip.js";
import { contrasted } from "./triangle.js";

const BEATEN = 0.8; // the thresholds of mmdemo/inference/verbalize.py
const TESTABLE = 6;
const LEVEL = 0.02;
const ORDER = ["ledger", "changed", "gradients", "random"];

/** The curves, their areas, and an honest sentence. */
export function proof(inspector, told) {
  const { say } = inspector;
  const names = ORDER.filter((name) => name in told.curves);
  const style = (name) => `mmi-line-${name === "changed" ? "other" : name}`;
  const rows = names.map((name) => {
    const title = term(say(`by_${name}`), say(`by_${name}_about`));
    const swatch = svg("svg", { viewBox: "0 0 22 6", class: "mmi-swatch" }, svg("path", { d: "M1 3H21", class: style(name) }));
    const { area } = told.curves[name];
    return make("li", { className: name === "ledger" ? "mmi-first" : "" }, swatch, title, make("span", {}, area === null ? "–" : number(area)));
  });
  const title = term(contrasted(inspector, "proof_title"), say("proof_about"), "mmi-title");
  return [
    make("h3", {}, title),
    make("div", { className: "mmi-side" }, chart(inspector, told, names, style),
      make("div", { className: "mmi-words" }, make("p", {}, verdict(inspector, told)), make("ol", { className: "mmi-areas" }, rows),
        make("p", { className: "mmi-mute" }, say("lower")))),
  ]; // prettier-ignore
}

/** Whether to believe the ledger, against chance and against integrated gradients, from the numbers alone. */
export function verdict({ payload, say, about }, { curves }) {
  const { area, beaten } = curves.ledger;
  const values = { label: payload.labels[about], percent: Math.round(100 * beaten) };
  if (payload.steps.length < TESTABLE) return say("explain.short");
  if (area === null) return say("explain.untested", values);
  const apart = area - curves.gradients.area;
  const other = Math.abs(apart) < LEVEL ? "as_gradients" : apart > 0 ? "later" : "sooner";
  return `${say(beaten >= BEATEN ? "explain.faithful" : "explain.unfaithful", values)} ${say(`explain.${other}`)}`;
}

/** Probability against the share of steps that are gone; the ledger on top. */
function chart({ payload, say, about }, { curves }, names, style) {
  const [width, height, left, bottom] = [360, 190, 42, 20];
  const x = (share) => left + share * (width - left - 6);
  const y = (p) => 8 + (1 - p) * (height - bottom - 8);
  const label = (place, words, anchor) => svg("text", { ...place, "text-anchor": anchor }, words);
  const grid = [0, 0.5, 1].flatMap((p) => [
    svg("path", { d: `M${left} ${y(p)}H${width - 6}`, class: "mmi-grid" }),
    label({ x: left - 6, y: y(p) + 3.5 }, `${100 * p} %`, "end"),
  ]);
  const ends = [[0, "start"], [0.5, "middle"], [1, "end"]].map(([share, anchor]) => label({ x: x(share), y: height - 4 }, `${100 * share} %`, anchor)); // prettier-ignore
  const lines = names.toReversed().map((name) => {
    const { removed, curve } = curves[name];
    const points = curve.map((p, k) => `${x(removed[k] / removed.at(-1)).toFixed(1)} ${y(p).toFixed(1)}`);
    return svg("path", { d: `M${points.join("L")}`, class: `mmi-curve ${style(name)}` });
  });
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": say("proof_chart", { label: payload.labels[about] }) }, ...grid, ...ends, ...lines);
  return make("figure", { className: "mmi-chart" }, make("figcaption", {}, say("proof_y", { label: payload.labels[about] })), drawn, make("figcaption", {}, say("proof_x")));
}
