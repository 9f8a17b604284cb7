/** The head of the page: its title and its switches. */

import { store, valueOf } from "../core/dom.js";
import { offerTips } from "../core/tooltip.js";
import { language, onLanguage, say, translate } from "../core/words.js";
import { letFilesIn } from "./files.js";
import { nameInputs, readBy } from "./inputs.js";
import { follow } from "./link.js";
import { offerLanguages } from "./languages.js";
import { present } from "./present.js";
import { settle } from "./stage.js";

/** What the page is. */
export function title({ element }) {
  const show = () => {
    document.title = say("page.title");
  };
  document.documentElement.lang = language();
  onLanguage(show);
  show();
  translate(element);
  element.querySelector(".mm-skip").addEventListener("click", skip);
  nameInputs();
  letFilesIn();
  settle(() => document.getElementById("stage"));
  follow();
}

/** Past the inputs, to what was drawn, or to where it will be. */
function skip(event) {
  event.preventDefault();
  const goal = document.querySelector("#drawing .mmd-time") ?? document.querySelector("#answer .mm-answer");
  if (goal.tabIndex < 0) goal.tabIndex = -1;
  goal.focus();
}

/** The views, the presenter's mode, the language, and light or dark. */
export function switches({ element, props }) {
  readBy(valueOf(props));
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
