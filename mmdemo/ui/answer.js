/** What was decided, why it may be wrong, what each modality says alone, and what the model saw of it. */

import { make, valueOf } from "./dom.js";
import { list, name, onLanguage, percent, say } from "./words.js";

const CHANCES = 5; // as many classes as have a bar

export function answer({ element, props, watch }) {
  const [spoken, card] = element.children;
  const show = () => {
    const value = valueOf(props);
    spoken.textContent = value?.used.length ? `${name(value.label)}, ${trust(value)}` : "";
    card.replaceChildren(...(value ? parts(value) : [make("p", { className: "mm-hint" }, say("page.empty"))]));
  };
  watch("value", show);
  onLanguage(show);
  show();
}

function parts(value) {
  const given = Object.keys({ ...value.saw, ...value.ignored });
  const panels = ["text", "image", "audio"].filter((modality) => given.includes(modality));
  const decided = value.used.length
    ? [verdict(value), make("div", { className: "mm-say" }, sayings(value)), chances(value.labels, value.probabilities)]
    : [make("p", { className: "mm-hint" }, say(value.reason.key, value.reason.values))];
  const seen = [
    make("p", { className: "mm-caption mm-saw" }, say(value.used.length > 1 ? "page.saw_alone" : "page.saw")),
    make("div", { className: "mm-panels" }, ...panels.map((modality) => panel(modality, value))),
  ];
  const top = make("div", { className: `mm-decided${value.used.length ? "" : " mm-none"}` }, ...decided);
  return panels.length ? [top, ...seen] : [top];
}

/** The answer, in large type. */
function verdict(value) {
  const shown = name(value.label);
  const big = make("strong", { className: `mm-label${shown.length > 3 ? " mm-long" : ""}` }, shown);
  const small = make("small", {}, trust(value));
  return make("div", { className: `mm-verdict ${value.sure ? "mm-sure" : "mm-unsure"}` }, big, small);
}

const trust = ({ probability, sure }) => `${percent(probability)} · ${say(sure ? "page.sure" : "page.unsure")}`;

/** A few sentences: what was read, whether it agrees, and what should be known besides. */
function sayings(value) {
  const notes = [];
  if (value.contradiction) notes.push([value.contradiction, "mm-warn"]);
  else if (value.reason) notes.push([value.reason, "mm-warn"]);
  notes.push(...value.notes.map((note) => [note, "mm-note"]));
  const first = say("page.read", { inputs: list(value.used) });
  const tops = new Set(Object.values(value.alone).map((p) => p.indexOf(Math.max(...p))));
  const agree = value.used.length > 1 && tops.size === 1 && !value.contradiction;
  return [
    make("p", {}, agree ? `${first} ${say("page.agree")}` : first),
    ...notes.map(([note, className]) => make("p", { className }, say(note.key, note.values))),
  ];
}

/** All classes, the most probable ones first, as small bars. */
function chances(labels, probabilities) {
  const order = [...labels.keys()];
  order.sort((a, b) => probabilities[b] - probabilities[a]);
  const rows = order.slice(0, CHANCES).map((k, place) => {
    const bar = make("i", { className: "mm-bar" });
    bar.style.setProperty("--share", probabilities[k]);
    const row = make("li", { className: place ? "" : "mm-first" }, make("span", {}, name(labels[k])), make("b", {}, bar));
    row.append(make("span", {}, percent(probabilities[k])));
    return row;
  });
  return make("ol", { className: "mm-chances", ariaLabel: say("page.chances") }, ...rows);
}

/** One modality: what it says alone, and what was seen of it. */
function panel(modality, { labels, used, alone, ignored, saw }) {
  const p = used.length > 1 ? alone[modality] : null; // alone, it says what was said above
  const best = p && p.indexOf(Math.max(...p));
  const heading = make("h3", {}, say(`page.${modality}`));
  if (p) heading.append(make("small", {}, say("page.alone", { label: labels[best], percent: percent(p[best]) })));
  const seen = saw[modality] ? { text: tokens, image: photo, audio: wave }[modality](saw[modality]) : [];
  const why = ignored[modality] && make("p", { className: "mm-warn" }, say(ignored[modality].key, ignored[modality].values));
  return make("section", { className: `mm-panel mm-of-${modality}${used.includes(modality) ? "" : " mm-out"}` }, heading, why, seen);
}

const tokens = (seen) => [
  make("div", { className: "mm-tokens" }, ...seen.tokens.map((token) => make("span", { className: "mm-token" }, token))),
];

/** The photo with the box that was found in it, and the small square that the model reads. */
function photo({ photo: source, box, pixels }) {
  const frame = make("div", { className: "mm-photo" }, make("img", { src: source, alt: say("page.photo") }));
  if (!box) return [make("div", { className: "mm-seen" }, frame)];
  const mark = make("i");
  const [left, top, right, bottom] = box.map((edge) => `${100 * edge}%`);
  Object.assign(mark.style, { left, top, width: `calc(${right} - ${left})`, height: `calc(${bottom} - ${top})` });
  frame.append(mark);
  const canvas = make("canvas", { width: pixels[0].length, height: pixels.length, role: "img", ariaLabel: say("page.pixels") });
  const image = new ImageData(canvas.width, canvas.height);
  pixels.flat().forEach((grey, k) => image.data.set([grey, grey, grey, 255], 4 * k));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return [make("div", { className: "mm-seen" }, frame, canvas)];
}

/** The waveform of the whole recording; what was found to be speech stands out. */
function wave({ peaks, seconds, segments }) {
  const svg = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const drawn = svg("svg", { viewBox: `0 0 ${peaks.length} 100`, preserveAspectRatio: "none", role: "img", "aria-label": say("page.wave") });
  for (const [start, end] of segments) {
    const scale = peaks.length / seconds;
    drawn.append(svg("rect", { x: start * scale, width: (end - start) * scale, y: 0, height: 100 }));
  }
  const speech = (k) => segments.some(([start, end]) => start <= ((k + 0.5) * seconds) / peaks.length && ((k + 0.5) * seconds) / peaks.length <= end);
  for (const heard of [false, true]) {
    const lines = peaks.map((peak, k) => (speech(k) === heard ? `M${k + 0.5} ${50 - Math.max(1, peak * 0.46)}V${50 + Math.max(1, peak * 0.46)}` : ""));
    drawn.append(svg("path", { d: lines.join(""), class: heard ? "mm-heard" : "mm-unheard" }));
  }
  const spoken = segments.reduce((sum, [start, end]) => sum + end - start, 0);
  const caption = say("page.speech", { spoken: Number(spoken.toFixed(1)), seconds: Number(seconds.toFixed(1)) });
  return [make("div", { className: "mm-wave" }, drawn), make("p", { className: "mm-caption" }, caption)];
}
