/** Take the result away: files that the server makes of it, a picture of the drawing, and a link to it. */

import { now, onResult } from "../core/current.js";
import { make } from "../core/dom.js";
import { explain, offerTips } from "../core/tooltip.js";
import { language, onLanguage, say, translate } from "../core/words.js";
import { linkToHere, ownFiles } from "./link.js";
import { snapshot } from "./snapshot.js";

const SERVED = ["json", "npz", "csv"];

/** The line of buttons. */
export function take({ element }) {
  const line = element.firstElementChild;
  const buttons = [...SERVED, "png", "report", "link"].map((kind) => {
    const button = make("button", { type: "button" });
    button.dataset.take = kind;
    button.addEventListener("click", () => press(button, kind));
    return button;
  });
  const address = make("input", { type: "text", readOnly: true, hidden: true });
  const said = make("span", { role: "status" });
  offerTips(element);
  line.replaceChildren(...buttons.map((button) => make("span", { className: "mm-taken" }, button)), said, address);

  const press = async (button, kind) => {
    button.setAttribute("aria-busy", "true");
    address.hidden = true;
    said.textContent = "";
    try {
      if (kind === "link") said.textContent = await copyLink(address);
      else if (kind === "png") save(await snapshot(now().element), "mmdemo.png");
      else await fetchFile(kind);
    } catch (error) {
      said.textContent = error.name === "Error" ? error.message : say("take.failed");
    }
    button.removeAttribute("aria-busy");
  };
  const show = () => {
    element.hidden = !now().figure;
    for (const button of buttons) {
      button.textContent = say(`take.${button.dataset.take}`);
      explain(button, say(`take.${button.dataset.take}_about`));
    }
    address.ariaLabel = say("take.address");
    said.textContent = "";
    translate(element);
  };
  onResult(show);
  onLanguage(show);
  show();
}

/** Have the server make a file, and save it. */
async function fetchFile(format) {
  const { name, type, base64 } = await now().ask({ ask: "take", format, language: language() });
  save(new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type }), name);
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Copy the link; where copying is forbidden, the address is there to copy. What is not in it is said. */
async function copyLink(address) {
  const link = linkToHere();
  if (!link) return say("take.no_words");
  const without = ownFiles() ? ` · ${say("take.own_files")}` : "";
  try {
    await navigator.clipboard.writeText(link);
    return say("take.copied") + without;
  } catch {
    Object.assign(address, { value: link, hidden: false });
    address.select();
    return without;
  }
}
