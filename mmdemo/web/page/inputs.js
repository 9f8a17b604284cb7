/** Words for Gradio's own inputs, which have no place for a key and do not change their language in place. */

import { find, onLanguage, say, speakOf, spellings } from "../core/words.js";

/** What we name ourselves: [where, key, attribute, or null for its text]. */
const NAMED = [
  ["#run", "page.run", null],
  ["#text textarea", "page.text_placeholder", "placeholder"],
  ["#text textarea", "page.text", "aria-label"],
  ["#task", "page.task", "aria-label"],
  ["#image img", "page.given", "alt"],
  ["#use-text .label-text", "page.text_label", null],
  ["#use-image .label-text", "page.image_label", null],
  ["#use-audio .label-text", "page.audio_label", null],
  ["#use-video .label-text", "page.video_label", null],
];

let senses = {}; // of each task

/** Show only those inputs that the chosen task reads; before this is told, all but videos. */
export function readBy(tasks) {
  senses = tasks ?? {};
}

/** Attributes that are read out or shown. */
const SPOKEN = ["aria-label", "title"];

/** Keep Gradio's inputs in the language of the page, whenever they are drawn again. */
export function nameInputs() {
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      nameAll();
    });
  };
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true, characterData: true });
  document.addEventListener("input", soon); // a slider says where it stands
  document.addEventListener("keyup", letGo);
  onLanguage(nameAll);
  nameAll();
}

/** For Gradio, only the pointer lets go of a slider: let the keys do so too. */
function letGo({ key, target }) {
  if (target.matches?.(".mm-noise input") && /^(Arrow|Page|Home|End)/.test(key)) {
    target.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
  }
}

/** Where the sliders of noise stand: [["noise-blur", 40], ...]. */
export const noiseOf = () =>
  [...document.querySelectorAll(".mm-noise")].map((slider) => [slider.id, Number(slider.querySelector("input[type=range]")?.value ?? 0)]);

/** What a slider is for and where it stands: per cent, and for sounds the decibels that the noise lies below them. */
function nameSlider(slider) {
  const title = slider.querySelector("[data-testid='block-info']");
  const range = slider.querySelector("input[type='range']");
  if (!title || !range) return;
  const key = slider.id.replace("-", ".");
  const degree = Number(range.value);
  const where = find(degree ? `${key}_at` : "noise.none", { percent: degree, decibels: Number(range.max) - degree });
  put(title, null, degree ? `${say(key)} ${where}` : say(key));
  put(title, "title", say(`${key}_about`));
  put(range, "aria-label", say(key));
  put(range, "aria-valuetext", where);
}

function nameAll() {
  const task = document.querySelector("#task input:checked")?.value;
  speakOf(task);
  const reads = senses[task]?.join(" ");
  if (reads && document.body.dataset.reads !== reads) document.body.dataset.reads = reads;
  for (const [where, key, attribute] of NAMED) {
    for (const element of document.querySelectorAll(where)) put(element, attribute, say(key));
  }
  for (const input of document.querySelectorAll("#task input")) {
    const title = find(`task.${input.value}`);
    if (title) put(input.parentElement.querySelector("span"), null, title);
    input.parentElement.classList.toggle("mm-deaf", senses[input.value]?.includes("audio") === false);
  }
  for (const slider of document.querySelectorAll(".mm-noise")) nameSlider(slider);
  const keys = spellings("gradio");
  for (const root of document.querySelectorAll("#task, #text, #image, #audio, #video")) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const word = node.nodeValue.trim();
      if (keys.has(word) && say(keys.get(word)) !== word) node.nodeValue = node.nodeValue.replace(word, say(keys.get(word)));
    }
    for (const element of root.querySelectorAll("[aria-label], [title]")) {
      for (const attribute of SPOKEN) {
        const key = keys.get(element.getAttribute(attribute));
        if (key) put(element, attribute, say(key));
      }
    }
  }
}

/** Only where it differs: the observer above would call back for ever. */
function put(element, attribute, text) {
  if (attribute) {
    if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
  } else if (element.textContent !== text) element.textContent = text;
}
