/**
 * Pictures, sounds and videos in one slim bar: buttons that open Gradio's inputs, which lie in drawers below it, and what
 * was given, in small. Nobody sees a drawer at first, so Gradio makes it only when somebody is there: see core/ready.js.
 */

import { onResult } from "../core/current.js";
import { make, send, svg } from "../core/dom.js";
import { afterwards } from "../core/ready.js";
import { onLanguage, say } from "../core/words.js";
import { noiseOf } from "./inputs.js";

const DEVICE = { image: "camera", audio: "record", video: "film" }; // what the first button is called
const FILMED = 3300; // milliseconds that a video is recorded for: three seconds, and what a recorder takes to begin
const SLIDER = ".mm-noise input";
const PATIENCE = 4000; // milliseconds for Gradio to show what is pressed next
const ALLOWED = 60_000; // milliseconds for somebody to let the browser use camera and microphone
const open = new Set(); // the drawers that are open, each with what closes it
let films = 0; // how often a video was asked for
const makers = new Map(); // what is in a drawer, by its selector -> has it made, once, and promises it

/** The buttons of one input. */
export function give({ element, props, tell }) {
  const modality = JSON.parse(props.value);
  const place = element.querySelector(".mm-give");
  const button = (name, act) => {
    const made = make("button", { type: "button", className: `mm-press mm-${name}` });
    made.dataset.name = name;
    made.addEventListener("click", act);
    return made;
  };
  const own = (act) => () => {
    send({ element }, "given"); // what comes now is no example's
    return act(modality);
  };
  const device = button(DEVICE[modality], own(useDevice));
  const file = button("file", own(chooseFile));
  const seen = make("button", { type: "button", className: "mm-given", hidden: true });
  seen.addEventListener("click", () => drawer(modality, true));
  const clear = button("clear", own(() => clearOf(modality)?.click()));
  clear.hidden = true;
  place.replaceChildren(seen, device, file, clear);
  const show = () => {
    for (const each of [device, file, clear]) {
      const words = say(`give.${each.dataset.name}`);
      each.replaceChildren(...(each === clear ? ["×"] : [make("span", {}, words)]));
      each.ariaLabel = each === clear ? say(`give.clear_${modality}`) : null;
    }
    seen.ariaLabel = say(`give.seen_${modality}`);
  };
  onLanguage(show);
  show();
  const shown = (given) => {
    seen.hidden = clear.hidden = !given;
    device.classList.remove("mm-filming");
    if (!given) return;
    seen.replaceChildren(given === true ? (modality === "video" ? filmSign() : soundSign()) : make("img", { src: given, alt: "" }));
    if (!busy(modality)) drawer(modality, false);
  };
  makeLater(`#${modality}`, tell, () => watchInput(modality, shown));
  dropOn(element.closest(".mm-card"), modality);
}

/** The button that opens the sliders of noise; it says how many of them are up. */
export function harder({ element, tell }) {
  const [button] = element.children;
  const place = () => document.getElementById("harder-drawer");
  const show = () => {
    const up = noiseOf().filter(([, value]) => value > 0).length;
    button.textContent = up ? `${say("noise.open")} (${up})` : say("noise.open");
    button.ariaExpanded = String(place()?.classList.contains("mm-open") ?? false);
  };
  makeLater(SLIDER, tell, show);
  if (/[#&]noise-/.test(location.hash)) made(SLIDER); // of a link: it says where they stand
  button.addEventListener("click", async () => {
    if (!place()) await made(SLIDER);
    toggle(place(), !place().classList.contains("mm-open"), button, show);
    show();
  });
  document.addEventListener("input", show);
  onResult(() => setTimeout(show)); // an example puts them back
  onLanguage(show);
  show();
}

/** Have what is in a drawer made by Gradio, which `tell` asks for, afterwards; `then` is called when it is there. */
function makeLater(selector, tell, then) {
  let made = null;
  makers.set(selector, () => (made ??= (tell({}), appears(document.body, selector, Infinity)).then(then)));
  afterwards(() => makers.get(selector)());
}

/** What is in a drawer, made now if it is not there. */
const made = (selector) => makers.get(selector)();

const source = (modality) => document.getElementById(modality);
const sourcesOf = (modality) => source(modality).querySelectorAll(".source-selection button"); // a file, then the device
const clearOf = (modality) => (givenTo(modality) ? source(modality).querySelector(".icon-button-wrapper button:last-of-type") : null);

/** Gradio's button while it ends a recording; null while none runs. */
const filming = () => source("video")?.querySelector(".capture-button:has(.feather-square)") ?? null;

/** Whether the camera looks or the microphone listens. */
const busy = (modality) => Boolean(source(modality)?.querySelector("video:not(.hide):not([src])"));

/** What an input holds: a picture's address, true for a sound or a video, null for nothing. */
function givenTo(modality) {
  const root = source(modality);
  if (modality === "image") return root?.querySelector(".image-frame img, img[src*='/file=']")?.src ?? null;
  if (modality === "video") return root?.querySelector("video[src]") ? true : null;
  return root?.querySelector("[data-testid='waveform-controls']") ? true : null;
}

/** Open an input's drawer, or close it. */
function drawer(modality, on) {
  toggle(document.getElementById(`drawer-${modality}`), on, document.querySelector(`#give-${modality} button:not([hidden])`));
}

/** Open a drawer below what it belongs to, until somebody presses elsewhere or Escape. */
function toggle(place, on, back, after = () => {}) {
  if (!place || place.classList.contains("mm-open") === on) return;
  for (const close of open) close(false);
  place.classList.toggle("mm-open", on);
  if (!on) return;
  const close = (refocus) => {
    place.classList.remove("mm-open");
    open.delete(close);
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", escape, true);
    if (refocus) back?.focus();
    after();
  };
  const outside = ({ target }) => !place.contains(target) && !place.parentElement.contains(target) && close(false);
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close(true);
  };
  open.add(close);
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", escape, true);
}

/** One click to look or to listen: the drawer, Gradio's own choice of the source, and its own button. */
async function useDevice(modality) {
  if (!source(modality)) await made(`#${modality}`);
  if (modality === "video" && filming()) return; // pressed twice
  drawer(modality, true);
  clearOf(modality)?.click();
  const [, device] = sourcesOf(modality);
  if (!device?.classList.contains("selected")) device?.click();
  const wanted = modality === "audio" ? ".record-button" : ".wrap > div > button:has(.icon-wrap)"; // not that of files
  const looks = modality !== "audio" && source(modality).querySelector(".capture-button"); // it was pressed before
  if (!looks) (await appears(source(modality), wanted))?.click();
  if (modality === "video") await film();
}

/** Three seconds of video, once the camera looks; Gradio's own button ends them sooner. Of several presses the last counts. */
async function film() {
  films += 1;
  const mine = films;
  const record = await appears(source("video"), ".capture-button", ALLOWED);
  const camera = source("video").querySelector("video");
  if (!record || !camera) return;
  if (camera.readyState < 2) await new Promise((resolve) => camera.addEventListener("loadeddata", resolve, { once: true }));
  if (!record.isConnected || mine !== films || filming()) return; // it was closed, or pressed again, in the meantime
  record.click();
  document.querySelector(".mm-film").classList.add("mm-filming");
  setTimeout(() => record === filming() && record.click(), FILMED);
}

/** The browser's own dialog for a file. */
async function chooseFile(modality) {
  if (!source(modality)) await made(`#${modality}`);
  const there = source(modality).querySelector("input[type=file]");
  if (there) return there.click();
  clearOf(modality)?.click();
  sourcesOf(modality)[0]?.click();
  return (await appears(source(modality), "input[type=file]"))?.click();
}

/** An element within another, as soon as it is there; null if it does not come. */
function appears(root, selector, patience = PATIENCE) {
  const find = () => root.querySelector(selector);
  return new Promise((resolve) => {
    if (find()) return resolve(find());
    const end = (found) => {
      watcher.disconnect();
      clearTimeout(timer);
      resolve(found);
    };
    const watcher = new MutationObserver(() => find() && end(find()));
    const timer = Number.isFinite(patience) ? setTimeout(() => end(null), patience) : null;
    watcher.observe(root, { childList: true, subtree: true });
    return null;
  });
}

/** Call back with what an input holds: a picture's address, true for a sound, null for nothing; whenever that changes. */
function watchInput(modality, callback) {
  let before = null;
  const look = () => {
    const given = givenTo(modality);
    if (given === before) return;
    before = given;
    callback(given);
  };
  new MutationObserver(look).observe(source(modality), { childList: true, subtree: true, attributes: true, attributeFilter: ["src"] });
  look();
}

/** A file may be dropped on all of the card. */
function dropOn(card, modality) {
  card.addEventListener("dragover", (event) => event.preventDefault());
  card.addEventListener("drop", async (event) => {
    if (event.target.closest(`#${modality}`) || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    const { files } = event.dataTransfer; // which is emptied when this waits
    if (!source(modality)) await made(`#${modality}`);
    let input = source(modality).querySelector("input[type=file]");
    if (!input) {
      clearOf(modality)?.click();
      sourcesOf(modality)[0]?.click();
      input = await appears(source(modality), "input[type=file]");
    }
    if (!input) return;
    send({ element: card }, "given");
    input.files = files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

/** A small frame of a film. */
function filmSign() {
  const frame = [svg("rect", { x: 4, y: 1, width: 26, height: 16, rx: 3 }), svg("path", { d: "M14 5L22 9L14 13Z", class: "mm-play" })];
  return svg("svg", { viewBox: "0 0 34 18", width: 34, height: 18, "aria-hidden": "true" }, ...frame);
}

/** A small waveform. */
function soundSign() {
  const bars = [4, 9, 14, 7, 11, 5].map((high, k) => svg("rect", { x: 3 + 5 * k, y: 9 - high / 2, width: 3, height: high, rx: 1.5 }));
  return svg("svg", { viewBox: "0 0 34 18", width: 34, height: 18, "aria-hidden": "true" }, ...bars);
}
