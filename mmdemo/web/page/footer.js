/** The line at the foot of the page. */

import { make, valueOf } from "../core/dom.js";
import { find, onLanguage, say } from "../core/words.js";

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
