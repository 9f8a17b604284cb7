/** The six equations of one step, filled in: for one unit, or averaged over all; and what happened, in words. */

import { make } from "../core/dom.js";
import { best, number } from "../core/numbers.js";
import { term } from "../core/tooltip.js";

const ROWS = ["zi", "zf", "zg", "zo", "i", "f", "g", "o", "before", "c", "h"]; // of what the server tells of a step
const LITTLE = 0.1; // held or written, below which it is not much; and a gate below it is nearly shut
const [SHUT, OPEN] = [0.5, 0.9]; // a forget gate below one lets go of more than half, above the other of next to nothing

/** The numbers of one unit. */
export const ofUnit = (inside, unit) => Object.fromEntries(ROWS.map((name, row) => [name, inside[row][unit]]));

/** The unit whose cell changed most. */
export const changedMost = (inside) => best(inside[9].map((c, unit) => Math.abs(c - inside[8][unit])));

/** Means over the units, of the gates and of each product as a whole. */
export function ofAll(inside) {
  const units = Array.from(inside[0], (_, unit) => ofUnit(inside, unit));
  const mean = (of) => units.reduce((sum, values) => sum + of(values), 0) / units.length;
  const signals = Object.fromEntries(["i", "f", "g", "o", "before", "c", "h"].map((name) => [name, mean((unit) => unit[name])]));
  return { ...signals, kept: mean(({ f, before }) => f * before), wrote: mean(({ i, g }) => i * g) };
}

/** The lines for one unit: [what it is about, its pieces], numbers among the pieces being numbers. */
const lines = ({ zi, zf, zg, zo, i, f, g, o, before, c, h }, leak) => [
  ["i", ["i = σ(", zi, ") = ", i]],
  ["f", leak === 1 ? ["f = σ(", zf, ") = ", f] : ["f = ", leak, " × σ(", zf, ") = ", f]],
  ["g", ["g = tanh(", zg, ") = ", g]],
  ["o", ["o = σ(", zo, ") = ", o]],
  ["c", ["c = ", f, " × ", before, " + ", i, " × ", g, " = ", c]],
  ["h", ["h = ", o, " × tanh(", c, ") = ", h]],
];

/** The lines for the means. */
const meanLines = ({ i, f, g, o, kept, wrote, c, h }, say) => [
  ["i", [`${say("mean")} i = `, i]],
  ["f", [`${say("mean")} f = `, f]],
  ["g", [`${say("mean")} g = `, g]],
  ["o", [`${say("mean")} o = `, o]],
  ["means_c", [`${say("mean")} c = ${say("mean")}(f × ${say("before")}) + ${say("mean")}(i × g) = `, kept, " + ", wrote, " = ", c]],
  ["means_h", [`${say("mean")} h = ${say("mean")}(o × tanh(c)) = `, h]],
];

/** As much as is good to look at, or all that a float32 holds. */
export function written(value, full) {
  if (full) return String(Number(value.toPrecision(8))).replaceAll("-", "−");
  if (value === 0 || Math.abs(value) >= 0.1) return number(value);
  const fine = Number(value.toFixed(3)) ? value.toFixed(3) : String(Number(value.toPrecision(1)));
  return fine.replaceAll("-", "−");
}

/** A number in brackets where a sign would stand beside another. */
function text(pieces, full) {
  return pieces
    .map((piece, k) => {
      if (typeof piece === "string") return piece;
      const shown = written(piece, full);
      return piece < 0 && /[×+] $/.test(pieces[k - 1]) ? `(${shown})` : shown;
    })
    .join("");
}

/** The equations as a list, each of which says what it is about, and its numbers in full; `leak` is what f was multiplied by. */
export function equations(inside, unit, { say, full, leak = 1 }) {
  const all = unit === null ? meanLines(ofAll(inside), say) : lines(ofUnit(inside, unit), leak);
  const rows = all.map(([about, pieces]) => {
    const line = term(text(pieces, full), `${say(`${about}_about`)} ${say("in_full")} ${text(pieces, true)}`, "mmi-equation");
    line.style.setProperty("--hue", `var(--mm-${"ifo".includes(about) ? about : "ink"})`);
    return make("li", {}, line);
  });
  return make("ol", { className: `mmi-equations${full ? " mmi-long" : ""}` }, rows);
}

/** What happened, as keys and values: the first is the head, the others say it in numbers. */
export function story(inside, unit, first) {
  return unit === null ? ofAllUnits(inside) : ofOneUnit(ofUnit(inside, unit), first);
}

function ofOneUnit({ i, f, g, o, before, c, h }, first) {
  const [kept, wrote] = [f * before, i * g];
  const held = Math.abs(before) >= LITTLE;
  const anew = Math.abs(wrote) >= LITTLE;
  const values = Object.fromEntries(Object.entries({ i, f, g, o, before, c, h, kept, wrote }).map(([name, value]) => [name, written(value)]));
  const note = (key) => [key, values];
  const gate = f < SHUT ? "closed" : f >= OPEN ? "open" : "between";
  const rest = { closed: ["forgot", "replaced"], open: ["kept", "added"], between: ["faded", "added"] }[gate];
  const added = rest[1] === "added" && wrote * before < 0 ? "opposed" : rest[1];
  const head = held ? (anew ? added : rest[0]) : anew ? "wrote" : "quiet";
  const memory = first ? "held_nothing" : held ? `held_${gate}` : "held_little";
  const news = anew ? "news" : i < LITTLE ? "news_shut" : Math.abs(g) < LITTLE ? "news_none" : "news_little";
  return [note(head), note(memory), note(news), note(o < LITTLE ? "shows_shut" : "shows")];
}

function ofAllUnits(inside) {
  const units = Array.from(inside[0], (_, unit) => ofUnit(inside, unit));
  const count = (test) => units.filter(test).length;
  const values = {
    units: units.length,
    forgot: count(({ f }) => f < SHUT),
    wrote: count(({ i, g }) => Math.abs(i * g) >= LITTLE),
    shown: count(({ o }) => o >= SHUT),
    little: LITTLE,
  };
  return [["means_head", values], ["means_counts", values], ["means_note", values]];
}
