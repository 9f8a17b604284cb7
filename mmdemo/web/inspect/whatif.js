/** What if? The steps that are open are left out, or a gate is held over them, and it reads again. */

import { make, send } from "../core/dom.js";
import { best, percent } from "../core/numbers.js";
import { term } from "../core/tooltip.js";
import { overlay } from "../drawing/drawing.js";

const GATES = ["f", "i", "o", "g"];
const CHANGED = 4; // classes that are shown, at most
const SEEN = 0.005; // of a probability: less is not worth a bar

/** The buttons, the form, and what came of the last question. */
export function whatIf(inspector) {
  const { say, span, where, tried, held, knows } = inspector;
  const what = where(span);
  const button = (key, change) => {
    const press = make("button", { type: "button", className: "mmi-button" }, say(key));
    press.dataset.change = key;
    press.hidden = !knows(asked(span, change()));
    press.addEventListener("click", () => tryOut(inspector, change));
    return press;
  };
  const gate = make("select", { ariaLabel: say("gate") }, GATES.map((key) => new Option(say(`gate_${key}`), key)));
  const slider = make("input", { type: "range", step: 0.01, ariaLabel: say("value") });
  const shown = make("output", {});
  const fill = () => {
    slider.min = held.gate === "g" ? -1 : 0;
    slider.max = 1;
    gate.value = held.gate;
    slider.value = held.value;
    held.value = Number(slider.value);
    shown.textContent = held.value.toFixed(2).replace("-", "−");
  };
  gate.addEventListener("change", () => (Object.assign(held, { gate: gate.value }), fill()));
  slider.addEventListener("input", () => {
    Object.assign(held, { value: Number(slider.value) });
    fill();
    follow(inspector, held);
  });
  fill();
  const hold = make("span", { className: "mmi-hold" }, say("hold"), gate, say("hold_at"), slider, shown, button("try", () => held));
  hold.hidden = !knows(asked(span, { gate: "i", value: 0.5 })); // or any other
  const title = term(say("what_if"), say("what_if_about"), "mmi-title");
  return [
    make("h3", {}, title, make("small", {}, what)),
    make("div", { className: "mmi-row" }, button("leave_out", () => ({ gate: null })), button("hold_open", () => ({ gate: "f", value: 1 })), hold),
    tried && outcome(inspector),
  ];
}

const asked = ({ start, stop }, change) => ({ ask: "what_if", start, stop, ...change });

/** Have it read again with a change, and show what came of it. */
export async function tryOut(inspector, change) {
  if (!(await reread(inspector, change()))) return;
  inspector.show();
  inspector.announce(sentence(inspector).map(({ text }) => text).join(""));
}

async function reread(inspector, change) {
  const { span, where, last } = inspector;
  const told = await inspector.asks(asked(span, change), "if");
  if (!told || inspector.span !== span) return false;
  inspector.tried = { ...told, was: last, where: where(span) };
  const [{ text }] = sentence(inspector);
  overlay(inspector.frame, { kept: told.kept, beliefs: told.beliefs, label: text.trim().replace(/[:：]$/, "") });
  tell(inspector);
  return true;
}

/** While the slider is dragged: one question at a time, and the last one is of where it stands; nothing else is redrawn. */
async function follow(inspector, held) {
  inspector.wanted = { ...held };
  if (inspector.following) return;
  const change = inspector.wanted;
  inspector.following = true;
  const read = await reread(inspector, change);
  inspector.following = false;
  if (!read) return;
  const place = inspector.body.querySelector(".mmi-if");
  place?.querySelector(".mmi-outcome")?.remove();
  place?.append(outcome(inspector));
  if (inspector.wanted !== change) follow(inspector, inspector.wanted);
}

/** What came of it, in words: [{text, gap}], with a gap for what is worth a bolder type. */
function sentence({ payload, say, tried }) {
  const { was, probabilities, gate, value } = tried;
  const [old, now] = [best(was), best(probabilities)];
  const key = !gate ? "without" : gate === "f" && value === 1 ? "opened" : "held";
  const values = { where: tried.where, gate: gate ? say(`gate_${gate}`) : "", value: String(value).replace("-", "−") };
  const chances = { now: payload.labels[now], chance: percent(probabilities[now]), old: payload.labels[old], before: percent(was[old]) };
  return [{ text: `${say(key, values)} `, gap: null }, ...say.pieces(old === now ? "still" : "instead", chances)];
}

/** The sentence, the classes that changed most, and the way back. */
function outcome(inspector) {
  const { payload, say, tried } = inspector;
  const { was, probabilities } = tried;
  const words = sentence(inspector).map(({ text, gap }) => (gap ? make("b", {}, text) : text));
  const change = (k) => Math.abs(probabilities[k] - was[k]);
  const order = [...was.keys()].sort((a, b) => change(b) - change(a));
  const shown = order.slice(0, CHANGED).filter((k, place) => !place || change(k) >= SEEN);
  const rows = shown.map((k) => {
    const bars = [was[k], probabilities[k]].map((p, place) => {
      const bar = make("i", { className: place ? "mmi-now" : "" });
      bar.style.width = `${100 * p}%`;
      return bar;
    });
    const numbers = make("span", {}, `${percent(was[k])} → `, make("b", {}, percent(probabilities[k])));
    return make("li", {}, make("span", {}, payload.labels[k]), make("span", { className: "mmi-bars" }, bars), numbers);
  });
  const back = make("button", { type: "button", className: "mmi-button" }, say("back"));
  back.addEventListener("click", () => {
    forget(inspector);
    inspector.show();
    inspector.announce(say("is_back"));
  });
  return make("div", { className: "mmi-outcome" }, make("div", {}, make("p", {}, words), back), make("ol", { className: "mmi-changed" }, rows));
}

/** Back to what was read. */
export function forget(inspector) {
  if (!inspector.tried) return;
  overlay(inspector.frame, null);
  inspector.tried = null;
  tell(inspector);
}

/** Tell the page around the drawing which what-if is shown. */
function tell({ frame, tried }) {
  const { start, stop, gate, value, label, probabilities } = tried ?? {};
  send({ element: frame }, "tried", tried && { start, stop, gate, value, label, probability: Math.max(...probabilities) });
}
