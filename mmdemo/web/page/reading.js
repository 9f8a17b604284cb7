/** The drawing of the reading on the page, and the inspector under it. */

import { asker } from "../core/ask.js";
import { arrived } from "../core/current.js";
import { valueOf } from "../core/dom.js";
import { name, onLanguage, sentences } from "../core/words.js";
import { draw } from "../drawing/drawing.js";
import { inspect } from "../inspect/inspector.js";

/** How it was read. It may ask the server about what is drawn: see mmdemo/app/questions.py. */
export function drawing({ element, props, watch, tell }) {
  const [frame, inspector] = [".mm-frame", ".mm-inspect"].map((name) => element.querySelector(name));
  const ask = asker(tell);
  const show = () => {
    const value = valueOf(props) ?? { steps: [], labels: [] };
    const figure = { ...value, labels: value.labels.map(name) };
    inspect(inspector, frame, figure, { strings: sentences(), ask });
    draw(frame, figure, { strings: sentences(), ask });
    arrived({ figure: figure.steps.length ? figure : null, element: frame, ask });
  };
  watch("value", show);
  onLanguage(show);
  show();
}
