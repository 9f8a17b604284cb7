/** The head of the page: its title and its switches; and every other part that is words alone. */

import { store } from "../core/dom.js";
import { offerTips } from "../core/tooltip.js";
import { language, onLanguage, say, translate } from "../core/words.js";
import { letFilesIn } from "./files.js";
import { nameInputs } from "./inputs.js";
import { offerLanguages } from "./languages.js";
import { present } from "./present.js";

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
  letFilesIn();
}

/** The presenter's mode, the language, and light or dark. */
export function switches({ element }) {
  const [segments, theme] = element.querySelectorAll(".mm-segments, .mm-theme");
  offerTips(element);
  offerLanguages(segments);
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
  translate(element);
}
