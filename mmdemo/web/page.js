/** The parts of the page around the answer: each function brings one of parts.py's templates to life. */

import { asker } from "./ask.js";
import { arrived } from "./current.js";
import { draw } from "./drawing.js";
import { make, store, valueOf } from "./dom.js";
import { nameInputs } from "./inputs.js";
import { inspect } from "./inspector.js";
import { present } from "./present.js";
import { find, language, languages, name, onLanguage, say, sentences, speak, translate } from "./words.js";

export { answer } from "./answer.js";
export { replies } from "./ask.js";
export { compare } from "./compare.js";
export { evaluation } from "./evaluation.js";
export { help } from "./help.js";
export { how } from "./how.js";
export { take } from "./take.js";
export { tour } from "./tour.js";

/** A part that is words alone. */
export function words({ element }) {
  translate(element);
}

/** What the page is. */
export function title({ element }) {
  const show = () => {
    document.title = say("page.title");
  };
  document.documentElement.lang = language();
  onLanguage(show);
  show();
  translate(element);
  nameInputs();
}

/** The presenter's mode, the language, and light or dark. */
export function switches({ element }) {
  const [segments, theme] = element.querySelectorAll(".mm-segments, .mm-theme");
  for (const [code, title] of Object.entries(languages)) {
    const button = make("button", { type: "button", lang: code, textContent: title });
    button.addEventListener("click", () => speak(code));
    segments.append(button);
  }
  const show = () => {
    for (const button of segments.children) button.setAttribute("aria-pressed", String(button.lang === language()));
  };
  const dark = (on) => {
    document.body.classList.toggle("dark", on);
    theme.setAttribute("aria-pressed", String(on));
  };
  const kept = store.get("theme");
  dark(kept ? kept === "dark" : document.body.classList.contains("dark"));
  theme.addEventListener("click", () => {
    dark(!document.body.classList.contains("dark"));
    store.set("theme", document.body.classList.contains("dark") ? "dark" : "light");
  });
  present(element.querySelector(".mm-present"));
  onLanguage(show);
  show();
  translate(element);
}

/** Chips that fill the inputs and show the result at one click. */
export function examples({ element, props, watch, tell }) {
  const chips = element.lastElementChild;
  const show = () => {
    const names = valueOf(props) ?? [];
    element.hidden = !names.length;
    chips.replaceChildren(
      ...names.map((example) => {
        const chip = make("button", { type: "button", className: "mm-chipped", textContent: find(`example.${example}`) ?? example });
        chip.dataset.example = example;
        chip.addEventListener("click", () => tell({ name: example }));
        return chip;
      }),
    );
  };
  watch("value", show);
  onLanguage(show);
  translate(element);
  show();
}

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

/** Where and how fast it ran, and what becomes of what was given. */
export function footer({ element, props, watch }) {
  const place = element.firstElementChild;
  const show = () => {
    const value = valueOf(props);
    const items = [];
    if (value) {
      const stages = Object.entries(value.milliseconds).map(([stage, ms]) => `${say(`stage.${stage}`)} ${Math.round(ms)}`);
      const total = Math.round(Object.values(value.milliseconds).reduce((sum, ms) => sum + ms, 0));
      items.push(say("page.ran", { device: value.device.toUpperCase(), total, stages: stages.join(", ") }));
      items.push(say("page.checkpoint", { checkpoint: `checkpoints/${value.checkpoint}`, hash: value.hash, version: value.version }));
    }
    const terms = find("task.terms");
    if (terms) items.push([`${terms} `, make("a", { href: "#evaluate-card" }, say("task.card"))]);
    const api = make("button", { type: "button", textContent: say("page.api") });
    api.addEventListener("click", () => document.querySelector(".show-api").click());
    place.replaceChildren(...items.map((item) => make("span", {}, ...[item].flat())), make("span", {}, say("page.kept")), api);
  };
  watch("value", show);
  onLanguage(show);
  show();
}
