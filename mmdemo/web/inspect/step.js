/** The step that is open: its equations, filled in, what happened in it, and the unit that it is shown for. */

import { make } from "../core/dom.js";
import { openAt, seenFrom } from "../drawing/drawing.js";
import { equations, story } from "./equations.js";

/** Which step it is, its equations, and what happened in it. */
export function stepParts(inspector) {
  const { payload, step, inside, unit, mean, full, seen, say, told, frame } = inspector;
  const toggle = (key, on, act) => {
    const button = press(inspector, key, act);
    button.ariaPressed = String(on);
    return button;
  };
  const shut = press(inspector, "close", () => openAt(frame, null), "mmi-close");
  const where = make("span", { className: `mmi-of mm-of-${payload.steps[step].modality}` }, inspector.where({ start: step, stop: step + 1 }));
  const tools = make(
    "div",
    { className: "mmi-row" },
    unitChoice(inspector),
    toggle("mean_of_all", mean, () => (Object.assign(inspector, { mean: !mean }), inspector.show())),
    toggle("full", full, () => (Object.assign(inspector, { full: !full }), inspector.show())),
    toggle("seen_from", seen, () => {
      seenFrom(frame, seen ? null : told);
      Object.assign(inspector, { seen: !seen });
      inspector.show();
    }),
  );
  const [[head, values], ...rest] = story(inside, mean ? null : unit, step === 0);
  const words = [make("b", {}, say(head, values)), ...rest.map(([key, values]) => ` ${say(key, values)}`)];
  const filled = equations(inside, mean ? null : unit, inspector);
  return [
    make("h3", { tabIndex: -1 }, say("opened_step", { step: step + 1 }), where, shut),
    tools,
    make("div", { className: "mmi-told" }, filled, make("p", { className: "mmi-story" }, words)),
  ];
}

/** Which unit: by its number, the one before or after it, or the one whose cell changed most. */
function unitChoice(inspector) {
  const { inside, unit, most, mean, say } = inspector;
  const count = inside[0].length;
  const field = make("input", { type: "number", min: 1, max: count, value: unit + 1, ariaLabel: say("unit") });
  field.dataset.focus = "unit";
  field.addEventListener("change", () => inspector.choosesUnit(Math.min(count, Math.max(1, Math.round(field.value) || 1)) - 1));
  const turn = (key, by) => {
    const button = press(inspector, key, () => inspector.choosesUnit((unit + by + count) % count), "mmi-turn");
    button.replaceChildren(by < 0 ? "‹" : "›");
    button.ariaLabel = say(key);
    return button;
  };
  const changed = press(inspector, "changed_most", () => inspector.choosesUnit(most));
  changed.ariaPressed = String(unit === most && !mean);
  return [make("label", { className: "mmi-unit" }, make("span", {}, say("unit")), turn("previous", -1), field, turn("next", 1)), changed];
}

/** A button that keeps the focus when everything is shown anew. */
export function press({ say }, key, act, className = "") {
  const button = make("button", { type: "button", className: `mmi-button ${className}` }, say(key));
  button.dataset.focus = key;
  button.addEventListener("click", act);
  return button;
}
