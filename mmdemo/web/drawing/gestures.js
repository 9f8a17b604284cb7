/** What mouse, finger and keys do on the drawing. */

import { send } from "../core/dom.js";
import { keepInSight, openStep, point, under } from "./cursor.js";
import { pause, play } from "./play.js";
import { between, select } from "./span.js";
import { grab } from "./takeout.js";
import { neighbour } from "./units.js";

export function listen(drawing) {
  const { time, root } = drawing;
  let from = null; // where the mouse button went down
  let dragged = false;
  let held = null; // of the row, which may be taken out

  time.addEventListener("pointerdown", (event) => {
    pause(drawing);
    const { step, unit } = under(drawing, event);
    point(drawing, step, unit);
    dragged = false;
    held = event.button === 0 ? grab(drawing, event) : null;
    if (held) time.setPointerCapture(event.pointerId);
    if (event.pointerType !== "mouse" || event.button !== 0) return; // a finger scrolls
    from = step;
    time.setPointerCapture(event.pointerId);
  });
  time.addEventListener("pointermove", (event) => {
    if (drawing.player) return;
    if (held?.follows(event)) {
      dragged = true;
      return;
    }
    const { step, unit } = under(drawing, event);
    point(drawing, step, unit);
    if (from === null || (step === from && !dragged)) return;
    dragged = true;
    select(drawing, between(from, step), false);
  });
  for (const type of ["pointerup", "pointercancel"]) {
    time.addEventListener(type, (event) => {
      const out = held?.ends(event);
      if (dragged && from !== null && !out) select(drawing, drawing.span);
      from = held = null;
    });
  }
  time.addEventListener("click", (event) => {
    if (dragged) return;
    const { step, unit } = under(drawing, event);
    const { span } = drawing;
    if (span && (step < span.start || step >= span.stop)) select(drawing, null);
    if (unit !== null) drawing.change({ chosen: unit });
    openStep(drawing, step);
  });
  time.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !drawing.player) point(drawing, null);
  });
  time.addEventListener("blur", () => drawing.player || point(drawing, null));
  time.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !press(drawing, event)) return;
    event.preventDefault();
  });
  root.addEventListener("keydown", (event) => event.key === "Escape" && leave(drawing));
}

/** Do what a key asks for. Returns whether it asks for anything. */
function press(drawing, { key, shiftKey }) {
  const { step, payload, player } = drawing;
  const last = payload.steps.length - 1;
  const goals = { ArrowLeft: (step ?? last + 1) - 1, ArrowRight: (step ?? -1) + 1, Home: 0, End: last };
  if (Object.hasOwn(goals, key)) {
    pause(drawing);
    const goal = Math.min(last, Math.max(0, goals[key]));
    if (shiftKey) extend(drawing, goal);
    point(drawing, goal);
    keepInSight(drawing);
  } else if (key === " ") {
    if (player) pause(drawing);
    else play(drawing);
  } else if (key === "Enter" && step !== null) {
    openStep(drawing, step, { focus: true });
  } else if ((key === "Delete" || key === "Backspace") && step !== null) {
    const { span } = drawing;
    send(drawing, "leave", span && step >= span.start && step < span.stop ? { ...span } : { start: step, stop: step + 1 });
  } else if (shiftKey && (key === "ArrowUp" || key === "ArrowDown")) {
    drawing.change({ chosen: neighbour(drawing, key === "ArrowDown" ? 1 : -1) });
  } else {
    return false;
  }
  return true;
}

/** Let the span grow or shrink from where it began to a step, as text is selected. */
function extend(drawing, goal) {
  const { span, step } = drawing;
  if (!span) drawing.anchor = step ?? goal;
  else if (drawing.anchor !== span.start && drawing.anchor !== span.stop - 1) drawing.anchor = span.start;
  select(drawing, between(drawing.anchor, goal));
}

/** Escape takes back one thing at a time: the explanation of a term, the span, the open step and its unit. */
function leave(drawing) {
  if (!drawing.tip.hidden) return;
  if (drawing.span) select(drawing, null);
  else if (drawing.opened !== null || drawing.chosen !== null) {
    drawing.change({ chosen: null });
    openStep(drawing, null);
  }
}
