/** The examples of the task in use. */

import { make, valueOf } from "../core/dom.js";
import { find, onLanguage, translate } from "../core/words.js";
import { wantedExample } from "./link.js";

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
  wantedExample(tell, () => valueOf(props) ?? []);
}
