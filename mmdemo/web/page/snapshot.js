/** A picture of the drawing as it is on the page, made by the browser itself: its nodes and style sheets in one SVG. */

import { make, svg } from "../core/dom.js";
import { say } from "../core/words.js";

const SCALE = 2;
const PADDING = 20; // pixels around it
/** Of no use in a picture: buttons, hints, and what can be heard or opened. */
const CONTROLS = "button.mmd-button, .mm-tip, .mmd-table, .mmd-hint, .mmd:has(.mmd-cursor[hidden]) .mmd-head";

/** The drawing inside an element, below the answer and why -> a PNG, at twice its size and all of it where it scrolls. */
export async function snapshot(element) {
  const drawn = element.querySelector(".mmd");
  const [scroll, sheet, time] = [".mmd-scroll", ".mmd-sheet", ".mmd-time"].map((name) => drawn.querySelector(name));
  const whole = time.getBoundingClientRect().right - sheet.getBoundingClientRect().left;
  const width = drawn.clientWidth + Math.max(0, Math.ceil(whole) - scroll.clientWidth);
  const picture = make("div", { className: document.body.classList.contains("dark") ? "dark" : "" }, caption(), copy(drawn));
  const style = getComputedStyle(drawn);
  Object.assign(picture.style, {
    boxSizing: "border-box",
    width: `${width + 2 * PADDING}px`,
    padding: `${PADDING}px`,
    background: style.getPropertyValue("--mm-card"),
    fontFamily: style.fontFamily,
  });
  const [wide, high] = measure(picture);
  const inside = svg("foreignObject", { width: wide, height: high }, make("style", {}, rules()), picture);
  const root = svg("svg", { width: wide, height: high }, inside);
  const source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(root))}`;
  const image = make("img", { src: source });
  await image.decode();
  const canvas = make("canvas", { width: wide * SCALE, height: high * SCALE });
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.drawImage(image, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** The page's title, the answer, how far it can be trusted and why: a picture is seen far from the page. */
function caption() {
  const words = (selector) => document.querySelector(`#answer ${selector}`)?.textContent ?? "";
  const line = (text, style) => make("p", { style: `margin:0 0 6px;${style}` }, text);
  return make("div", { style: "margin-bottom:14px" }, [
    line(say("page.title"), "font-size:13px;opacity:.75"),
    line([words(".mm-label"), words(".mm-but")].filter(Boolean).join(", ") + ` · ${words(".mm-verdict small")}`, "font-size:26px;font-weight:700"),
    line(words(".mm-why"), "font-size:15px;max-width:80ch"),
  ]);
}

/** The palette, our style sheets and Plotly's, which has no text: it is made rule by rule. */
function rules() {
  const sheets = [...document.styleSheets].filter(({ ownerNode }) => ownerNode.localName === "style");
  const texts = sheets.map((sheet) => [...sheet.cssRules].map(({ cssText }) => cssText).join("\n"));
  return texts.filter((text) => /--mm-ink:|\.mmd|\.js-plotly-plot/.test(text)).join("\n");
}

/** A copy of a node with what a copy lacks: what is on its canvases, and what is chosen. */
function copy(node) {
  const twin = node.cloneNode(true);
  const canvases = [...node.querySelectorAll("canvas")];
  for (const [k, canvas] of [...twin.querySelectorAll("canvas")].entries()) {
    const image = make("img", { src: canvases[k].toDataURL(), className: canvas.className });
    image.style.cssText = `${canvas.style.cssText};position:absolute;height:100%`;
    canvas.replaceWith(image);
  }
  const choices = [...node.querySelectorAll("select")];
  for (const [k, select] of [...twin.querySelectorAll("select")].entries()) {
    select.replaceWith(make("span", {}, choices[k].selectedOptions[0]?.textContent ?? ""));
  }
  for (const control of twin.querySelectorAll(CONTROLS)) control.remove();
  twin.querySelector(".mmd-scroll").style.overflow = "visible"; // all of it, and no bars
  return twin;
}

/** How large it becomes. */
function measure(picture) {
  picture.style.position = "fixed";
  picture.style.left = "-10000px";
  document.body.append(picture);
  const size = [Math.ceil(picture.offsetWidth), Math.ceil(picture.offsetHeight)];
  picture.remove();
  picture.style.position = "";
  picture.style.left = "";
  return size;
}
