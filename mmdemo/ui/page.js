/** The parts of the page around the answer: each function brings one of parts.py's templates to life. */

import { draw } from "./drawing.js";
import { make, store, valueOf } from "./dom.js";
import { find, language, languages, name, onLanguage, say, sentences, speak, translate } from "./words.js";

export { answer } from "./answer.js";
export { help } from "./help.js";

/** A part that is words alone. */
export function words({ element }) {
  translate(element);
}

/** What the page is; also the words of Gradio's own inputs, which have no place for a key. */
export function title({ element }) {
  translate(element);
  const tidy = () => {
    document.title = say("page.title");
    dressInputs();
  };
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      dressInputs();
    });
  }).observe(document.body, { childList: true, subtree: true });
  onLanguage(tidy);
  document.documentElement.lang = language();
  tidy();
  tellGradio();
}

/** The language, and light or dark. */
export function switches({ element }) {
  const [segments, theme] = element.children;
  for (const [code, title] of Object.entries(languages)) {
    const button = make("button", { type: "button", lang: code, textContent: title });
    button.addEventListener("click", () => {
      speak(code);
      tellGradio();
    });
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

/** How it was read. */
export function drawing({ element, props, watch }) {
  const frame = element.querySelector(".mm-frame");
  const show = () => {
    const value = valueOf(props) ?? { steps: [], labels: [] };
    draw(frame, { ...value, labels: value.labels.map(name) }, { strings: sentences() });
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
      items.push(say("page.checkpoint", { checkpoint: `checkpoints/${value.checkpoint}` }));
    }
    const api = make("a", { href: "?view=api", textContent: say("page.api") });
    place.replaceChildren(...items.map((item) => make("span", {}, item)), make("span", {}, say("page.kept")), api);
  };
  watch("value", show);
  onLanguage(show);
  show();
}

/** Words for what is Gradio's: [where, key, attribute or null for its text]. */
const FOREIGN = [
  ["#run", "page.run", null],
  ["#text textarea", "page.text_placeholder", "placeholder"],
  ["#text textarea", "page.text", "aria-label"],
  ["#task [role=radiogroup], #task fieldset", "page.task", "aria-label"],
  ["#use-text label > span", "page.text", null],
  ["#use-image label > span", "page.image", null],
  ["#use-audio label > span", "page.audio", null],
];

function dressInputs() {
  for (const [where, key, attribute] of FOREIGN) {
    for (const element of document.querySelectorAll(where)) put(element, attribute, say(key));
  }
  for (const input of document.querySelectorAll("#task input")) {
    const title = find(`task.${input.value}`);
    if (title) put(input.parentElement.querySelector("span"), null, title);
  }
}

/** Only where it differs: the observer above would call back for ever. */
function put(element, attribute, text) {
  if (attribute) {
    if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
  } else if (element.textContent !== text) element.textContent = text;
}

/** Gradio's buttons change their language too, where its module is found; it offers no public way. */
async function tellGradio() {
  const address = performance.getEntriesByType("resource").find(({ name }) => /\/assets\/core-[^/]*\.js$/.test(name))?.name;
  const core = address && (await import(address));
  core?.changeLocale?.(language() === "zh" ? "zh-CN" : language());
}
