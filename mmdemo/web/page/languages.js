/** The choice of the language. */

import { make } from "../core/dom.js";
import { language, languages, onLanguage, speak } from "../core/words.js";

/** Fill a group with a button for each language; the one in use is pressed. */
export function offerLanguages(group) {
  for (const [code, title] of Object.entries(languages)) {
    const button = make("button", { type: "button", lang: code, textContent: title });
    button.addEventListener("click", () => speak(code));
    group.append(button);
  }
  const show = () => {
    for (const button of group.children) button.setAttribute("aria-pressed", String(button.lang === language()));
  };
  onLanguage(show);
  show();
}
