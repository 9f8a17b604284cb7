/** A word, or a whole picture or sound, dragged up or down out of the row of inputs: it is left out. */

import { send, zoomOf } from "../core/dom.js";
import { runs } from "./steps.js";

const FAR = 14; // pixels up or down, rather than along, from which it is no longer a selection...
const OUT = 22; // ...and beyond the row, from which it is out of it

/**
 * Take hold of what a pointer is pressed on: {follows, ends}, or null where that is nothing of the row. `follows(event)`
 * says whether it is being dragged out, and moves it; `ends(event)` lets go of it, and says whether it had been dragged.
 */
export function grab(drawing, event) {
  const { strip, payload, span } = drawing;
  const node = event.target.closest?.(".mmd-chip, canvas");
  if (!node || !strip.contains(node)) return null;
  const steps = node.matches("canvas") ? runOf(drawing, node) : stepsOf(drawing, node, span);
  if (steps.stop - steps.start === payload.steps.length) return null; // of nothing, nothing can be read
  const nodes = node.matches("canvas") ? [node] : drawing.chips.slice(steps.start, steps.stop);
  const zoom = zoomOf(strip);
  const way = ({ clientX, clientY }) => [(clientX - event.clientX) / zoom, (clientY - event.clientY) / zoom];
  let out = false;
  const mark = (on) => nodes.forEach((each) => each.classList.toggle("mmd-dragged", on));
  const isOut = ({ clientY }) => {
    const { top, bottom } = strip.getBoundingClientRect();
    return clientY < top - OUT || clientY > bottom + OUT;
  };
  return {
    follows(move) {
      const [x, y] = way(move);
      if (!out && Math.abs(y) > FAR && Math.abs(y) > Math.abs(x)) {
        out = true;
        mark(true);
        drawing.cursor.hidden = drawing.tint.hidden = true;
      }
      if (!out) return false;
      for (const each of nodes) {
        each.style.translate = `${x}px ${y}px`;
        each.classList.toggle("mmd-outside", isOut(move));
      }
      return true;
    },
    ends(release) {
      if (!out) return false;
      mark(false);
      for (const each of nodes) {
        each.style.translate = "";
        each.classList.remove("mmd-outside");
      }
      drawing.tint.hidden = !drawing.span;
      if (release.type === "pointerup" && isOut(release)) send(drawing, "leave", steps);
      return true;
    },
  };
}

/** The span that is selected, if the word is in it; otherwise the word alone. */
function stepsOf({ chips }, chip, span) {
  const step = chips.indexOf(chip);
  return span && step >= span.start && step < span.stop ? { ...span } : { start: step, stop: step + 1 };
}

/** All steps of a picture or a sound. */
function runOf({ canvases, payload }, canvas) {
  const modality = Object.keys(canvases).find((name) => canvases[name] === canvas);
  const { start, length } = runs(payload.steps).find((run) => run.modality === modality);
  return { start, stop: start + length };
}
