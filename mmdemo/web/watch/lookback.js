/** One step of a session, opened: what was believed at it, and its six equations with its own numbers, for one unit. */

import { make, send } from "../core/dom.js";
import { offerTips } from "../core/tooltip.js";
import { name, percent, say } from "../core/words.js";
import { changedMost, equations, story } from "../inspect/equations.js";

const BELIEFS = 3; // classes that are named
const MATTERS = 0.005; // how probable a class must be to be named beside the first

/** What equations.js knows of a step: z of i, f, g and o, then i, f, g, o, c before, c and h, (H,) each. */
export function insideOf(lstm, step, before) {
  const empty = new Float32Array(lstm.units);
  const held = before ?? { c: empty, h: empty };
  return [...lstm.preActivations(step.x, held.h), step.i, step.f, step.g, step.o, held.c, step.c, step.h];
}

/**
 * The place of it. `open({step, before, lstm, labels, focus})` shows a step, null closes it; its element sends `mmdemo:unit`
 * with the unit that is looked at, and `mmdemo:shut`.
 */
export function lookBack() {
  const element = make("section", { className: "mm-card mmi mmw-back", hidden: true });
  const body = make("div");
  element.append(body);
  offerTips(element);
  let shown = null;
  let unit = null;
  let [mean, full] = [false, false];

  const show = () => {
    element.hidden = !shown;
    body.replaceChildren(...(shown ? parts() : []));
  };
  const button = (words, pressed, act) => {
    const made = make("button", { type: "button", className: "mmi-button" }, words);
    if (pressed !== null) made.ariaPressed = String(pressed);
    made.addEventListener("click", act);
    return made;
  };
  const chooses = (next) => {
    const count = shown.lstm.units;
    [unit, mean] = [(next + count) % count, false];
    send({ element }, "unit", unit);
    show();
  };
  const parts = () => {
    const { step, before, lstm, labels } = shown;
    const speak = (key, values) => say(key.includes(".") ? key : `inspect.${key}`, values);
    const shut = button(speak("close"), null, () => send({ element }, "shut"));
    shut.classList.add("mmi-close");
    const of = make("span", { className: `mmi-of mm-of-${step.modality}` }, say(`live.of_${step.seen || step.modality !== "audio" ? step.modality : "quiet"}`, { word: `“${step.seen ?? ""}”`, slice: (step.seen?.slice ?? 0) + 1, slices: step.seen?.slices ?? 1 }));
    const order = [...step.belief.keys()].sort((a, b) => step.belief[b] - step.belief[a]);
    const named = order.slice(0, BELIEFS).filter((k, place) => !place || step.belief[k] >= MATTERS);
    const believed = named.map((k) => `${name(labels[k])}: ${percent(step.belief[k])}`).join(" · ");
    const head = [make("h3", { tabIndex: -1 }, speak("opened_step", { step: step.index + 1 }), of, shut), make("p", { className: "mmi-story" }, make("b", {}, say("live.believed")), ` ${believed}`)];
    if (!step.x) return [...head, make("p", { className: "mmi-story" }, say("live.rested"))];
    const inside = insideOf(lstm, step, before);
    const most = changedMost(inside);
    unit ??= most;
    const turn = (key, by, sign) => {
      const made = button(sign, null, () => chooses(unit + by));
      made.ariaLabel = speak(key);
      made.classList.add("mmi-turn");
      return made;
    };
    const field = make("input", { type: "number", min: 1, max: lstm.units, value: unit + 1, ariaLabel: speak("unit") });
    field.addEventListener("change", () => chooses(Math.min(lstm.units, Math.max(1, Math.round(field.value) || 1)) - 1));
    const tools = make(
      "div",
      { className: "mmi-row" },
      make("label", { className: "mmi-unit" }, make("span", {}, speak("unit")), turn("previous", -1, "‹"), field, turn("next", 1, "›")),
      button(speak("changed_most"), unit === most && !mean, () => chooses(most)),
      button(speak("mean_of_all"), mean, () => {
        mean = !mean;
        show();
      }),
      button(speak("full"), full, () => {
        full = !full;
        show();
      }),
    );
    const [[first, values], ...rest] = story(inside, mean ? null : unit, !before);
    const words = [make("b", {}, speak(first, values)), ...rest.map(([key, each]) => ` ${speak(key, each)}`)];
    const filled = equations(inside, mean ? null : unit, { say: speak, full, leak: step.leak });
    return [...head, tools, make("div", { className: "mmi-told" }, filled, make("p", { className: "mmi-story" }, words))];
  };

  return {
    element,
    open(next) {
      shown = next;
      if (next && next.unit !== undefined && next.unit !== null) unit = next.unit;
      show();
      if (next?.focus) element.querySelector("h3").focus();
    },
    retell: show,
  };
}
