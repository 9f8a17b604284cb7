/** The drawing of the reading on the page, and the inspector under it. */

import { asker } from "../core/ask.js";
import { arrived } from "../core/current.js";
import { valueOf } from "../core/dom.js";
import { name, onLanguage, sentences } from "../core/words.js";
import { draw } from "../drawing/drawing.js";
import { fetchPlotly } from "../drawing/plotly.js";
import { inspect } from "../inspect/inspector.js";
import { firstTouch, openingOf, playOnce, preload } from "./opening.js";
import { roomFor } from "./stage.js";

/** How it was read. It may ask the server about what is drawn: see mmdemo/app/questions.py. */
export function drawing({ element, props, watch, attempt, tell }) {
  const [frame, inspector] = [".mm-frame", ".mm-inspect"].map((name) => element.querySelector(name));
  const asks = asker(tell);
  let opening = null;
  const ask = (question) => asks(opening ? { ...question, opening } : question);
  const take = () => {
    const value = openingOf(valueOf(props)) ?? { steps: [], labels: [] };
    opening = value.opening ?? null;
    const figure = { ...value, labels: value.labels.map(name) };
    const show = () => {
      inspect(inspector, frame, figure, { strings: sentences(), ask });
      draw(frame, figure, { strings: sentences(), ask, room: () => roomFor(frame), paced: true });
    };
    arrived({ figure: figure.steps.length ? figure : null, element: frame, ask }, attempt(show));
  };
  watch("value", take);
  onLanguage(take);
  take();
  const { plotly } = element.querySelector(".mm-card").dataset;
  const later = () => requestAnimationFrame(() => setTimeout(() => fetchPlotly(plotly))); // after the paint: it takes a while
  if (!opening) return later();
  playOnce(frame);
  preload(plotly);
  firstTouch(later);
  return null;
}
