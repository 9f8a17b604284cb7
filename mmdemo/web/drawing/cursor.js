/** Where one is in the drawing: the cursor, and the step that stays open. Overlays, since to ask Plotly takes too long. */

import { send, zoomOf } from "../core/dom.js";
import { across, glide } from "./axis.js";
import { readOut } from "./readout.js";
import { select } from "./span.js";
import { lightSlice } from "./strip.js";
import { unitAt } from "./units.js";

/** Move the cursor; null takes it away. */
export function point(drawing, step, unit = null) {
  const { payload, cursor, unread, chips } = drawing;
  if (step !== null && step === drawing.step && unit === drawing.unit) return;
  chips[drawing.step]?.classList.remove("mmd-on");
  chips[step]?.classList.add("mmd-on");
  lightSlice(drawing, step);
  Object.assign(drawing, { step, unit });
  const count = payload.steps.length;
  cursor.hidden = step === null;
  drawing.root.classList.toggle("mmd-pointing", step !== null);
  glide(cursor, step, 1, count);
  unread.style.clipPath = `inset(0 0 0 ${(100 * (step + 1)) / count}%)`;
  readOut(drawing);
  send(drawing, "step", { step, unit });
}

/** Open a step, with the unit that is chosen, and frame it; null closes it. What is open is what is selected. */
export function openStep(drawing, step, how = {}) {
  const { payload, frame, chosen, span } = drawing;
  if (step !== null && span && (span.start !== step || span.stop !== step + 1)) select(drawing, null);
  drawing.opened = step;
  frame.hidden = step === null;
  across(frame, step, 1, payload.steps.length);
  send(drawing, "open", { step, unit: step === null ? null : chosen, ...how });
}

/** What an event points at: the step, and the unit where it is over the heat map. */
export function under(drawing, event) {
  const box = drawing.time.getBoundingClientRect();
  const last = drawing.payload.steps.length - 1;
  const step = Math.floor(((event.clientX - box.left) / box.width) * (last + 1));
  return { step: Math.min(last, Math.max(0, step)), unit: unitAt(drawing, (event.clientY - box.top) / zoomOf(drawing.time)) };
}

/** Scroll sideways, never the page, so far that the cursor can be seen. */
export function keepInSight({ scroll, sheet, time, step, payload }) {
  const names = time.offsetLeft - sheet.offsetLeft; // they stay at the left, over what scrolls
  const wide = time.clientWidth / payload.steps.length;
  const [left, right] = [step * wide, (step + 1) * wide];
  const room = scroll.clientWidth - names;
  if (left < scroll.scrollLeft) scroll.scrollLeft = left - room / 4;
  else if (right > scroll.scrollLeft + room) scroll.scrollLeft = right - (3 * room) / 4;
}
