/** A model card's Markdown as elements: headings, paragraphs, lists, tables; bold, code and links within them. */

import { make } from "../core/dom.js";

const INLINE = /(\*\*[^*]+\*\*|`[^`]+`|\[[^\]]+\]\([^)\s]+\))/;

/** What we write in our cards, and no more; whatever else there is stays text. */
export function written(markdown) {
  const blocks = markdown.replace(/<!--[\s\S]*?-->/g, "").split(/\n\s*\n/).map((block) => block.trim()).filter(Boolean); // prettier-ignore
  return make("div", { className: "mme-card", tabIndex: 0 }, ...blocks.map(block));
}

function block(text) {
  const lines = text.split("\n");
  const [, marks, title] = text.match(/^(#+) (.*)$/) ?? [];
  if (title) return make("h4", { className: marks.length < 3 ? "mme-large" : "" }, ...inline(title));
  if (lines.every((line) => line.startsWith("|"))) return table(lines);
  if (lines[0].startsWith("- ")) return make("ul", {}, ...text.slice(2).split(/\n- /).map((item) => make("li", {}, ...inline(item))));
  return make("p", {}, ...inline(text));
}

function table([head, , ...rows]) {
  const cells = (line, tag) => make("tr", {}, ...line.slice(1, -1).split("|").map((cell) => make(tag, {}, ...inline(cell.trim()))));
  const body = rows.map((row) => cells(row, "td"));
  return make("div", { className: "mme-scroll" }, make("table", {}, make("thead", {}, cells(head, "th")), make("tbody", {}, ...body)));
}

function inline(text) {
  return text.split(INLINE).map((part) => {
    if (part.startsWith("**")) return make("b", {}, part.slice(2, -2));
    if (part.startsWith("`")) return make("code", {}, part.slice(1, -1));
    const [, words, address] = part.match(/^\[([^\]]+)\]\(([^)]+)\)$/) ?? [];
    if (!words) return part;
    return address.startsWith("https://") ? make("a", { href: address, target: "_blank", rel: "noopener" }, words) : words;
  });
}
