/** What was decided and why, what may be wrong with it, what each modality did for it, and what the model saw of it. */

import { arrived, now } from "./current.js";
import { make, soundless, svg, valueOf } from "./dom.js";
import { explainTerms } from "./terms.js";
import { find, list, name, onLanguage, percent, pieces, say } from "./words.js";

const CHANCES = 5; // as many classes as have a bar
const OTHERS = 3; // as many as are named beside the shares...
const LIKELY = 0.005; // ...and how probable they must be
const SENTENCES = 3; // more are not read
const TELLING = [/let_go/, /order_(two|three)/, /settled_[^f]/, /lowered/, /raised/, /written/, /settled_first/, /order_same/];
const FOLLOW = 30; // milliseconds between two looks at where the sound is
const NAMED = new Set(["label", "word", "percent", "points", "modality", "slice", "seconds"]); // in bold

/** `tell` says to the server which candidate of the picture to read; a report has nobody to tell. */
export function answer({ element, props, watch, tell = null }) {
  const [spoken, card] = element.children;
  const tip = make("div", { className: "mm-tip", role: "tooltip", hidden: true });
  element.classList.add("mm-terms");
  element.append(tip);
  explainTerms({ root: element, tip });
  const show = () => {
    const value = valueOf(props);
    const choosing = card.contains(document.activeElement) && document.activeElement.closest(".mm-photo");
    arrived({ said: value });
    spoken.textContent = value?.used.length ? `${name(value.label)}, ${trust(value)}` : "";
    card.replaceChildren(...(value ? parts(value, tell) : [make("p", { className: "mm-hint" }, say("page.empty"))]));
    if (choosing) card.querySelector(".mm-photo button")?.focus();
  };
  watch("value", show);
  onLanguage(show);
  show();
}

function parts(value, tell) {
  const given = Object.keys({ ...value.saw, ...value.ignored });
  const panels = ["text", "image", "audio"].filter((modality) => given.includes(modality));
  const shared = Object.keys(value.why?.shares ?? {}).length > 1;
  const apart = value.used.length > 1 && topsOf(value).size > 1;
  const decided = value.used.length
    ? [
        verdict(value),
        make("div", { className: "mm-say" }, sayings(value)),
        shared ? shares(value) : chances(value.labels, value.probabilities),
      ]
    : [make("p", { className: "mm-hint" }, say(value.reason.key, value.reason.values))];
  const seen = [
    make("p", { className: "mm-caption mm-saw" }, say(apart ? "page.apart" : value.used.length > 1 ? "page.saw_alone" : "page.saw")),
    make("div", { className: `mm-panels${apart ? " mm-apart" : ""}` }, ...panels.map((modality) => panel(modality, value, tell, apart))),
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

/** What to be careful about, and then why: the most telling sentences, in the order in which they were made. */
function sayings(value) {
  const warning = value.contradiction ?? value.reason;
  const agree = value.used.length > 1 && topsOf(value).size === 1 && !value.contradiction;
  const caution = find("task.caution");
  const why = telling(value.why?.sentences ?? []).flatMap((note) => inBold(note).concat(" "));
  if (agree) why.push(say("page.agree"));
  return [
    warning && make("p", { className: "mm-warn" }, inBold(warning)),
    make("p", { className: "mm-why" }, why.length ? why : say("page.read", { inputs: list(value.used) })),
    ...value.notes.map((note) => make("p", { className: "mm-note" }, say(note.key, note.values))),
    caution && make("p", { className: "mm-caution" }, caution),
  ];
}

/** The answers that the modalities would give alone. */
const topsOf = ({ alone }) => new Set(Object.values(alone).map(topOf));
const topOf = (p) => p.indexOf(Math.max(...p));

/** The sentences most worth reading. */
function telling(notes) {
  const rank = ({ key }) => TELLING.findIndex((kind) => kind.test(key));
  const best = new Set(notes.toSorted((a, b) => rank(a) - rank(b)).slice(0, SENTENCES));
  return notes.filter((note) => best.has(note));
}

/** A sentence with what matters in bold. */
const inBold = ({ key, values }) =>
  pieces(key, values).map(({ text, gap }) => (NAMED.has(gap?.replace(/^(first|second|third)_/, "")) ? make("b", {}, text) : text));

/** What each modality did for the answer, as bars around zero that add up, and the next classes in small print. */
function shares({ labels, label, probability, probabilities, why }) {
  const k = labels.indexOf(label);
  const parts = Object.entries(why.shares).map(([modality, share]) => [modality, share[k]]);
  const least = Math.min(0, ...parts.map(([, share]) => share));
  const span = Math.max(0, ...parts.map(([, share]) => share)) - least || 1;
  const rows = parts.map(([modality, share]) => {
    const bar = make("i", { className: "mm-bar" });
    bar.style.left = `${(100 * (Math.min(share, 0) - least)) / span}%`;
    bar.style.width = `${(100 * Math.abs(share)) / span}%`;
    const zero = make("i", { className: "mm-zero" });
    zero.style.left = `${(-100 * least) / span}%`;
    const number = make("span", {}, signed(share));
    return make("li", { className: `mm-of-${modality}` }, make("span", {}, say(`page.${modality}`)), make("b", {}, zero, bar), number);
  });
  const term = make("button", { type: "button", className: "mm-term" }, say("page.shares", { label }));
  const sum = parts.map(([, share]) => signed(share, 4)).join(" ");
  const [all, none] = [probability, why.prior[k]];
  const check = make("button", { type: "button", className: "mm-term mm-sum" }, say("page.shares_sum", { all: all.toFixed(2), none: none.toFixed(2) }));
  term.dataset.about = say("page.shares_about", { label });
  check.dataset.about = say("page.shares_sum_about", { sum, all: all.toFixed(4), none: none.toFixed(4), label });
  const list = make("ol", { className: "mm-shares", ariaLabel: say("page.shares", { label }) }, ...rows);
  return make("div", { className: "mm-shared" }, term, list, check, others(labels, probabilities));
}

const signed = (number, digits = 2) => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(digits)}`;

/** The classes that came next, in one line. */
function others(labels, probabilities) {
  const order = [...labels.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(1, 1 + OTHERS);
  const likely = order.filter((k) => probabilities[k] >= LIKELY);
  if (!likely.length) return null;
  const rows = likely.map((k) => make("li", {}, make("span", {}, name(labels[k])), ` ${percent(probabilities[k])}`));
  return make("div", { className: "mm-next" }, make("span", {}, say("page.next")), make("ol", { ariaLabel: say("page.next") }, ...rows));
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

/** One modality: what it says alone, in large type where they differ, and what was seen of it. */
function panel(modality, { labels, used, alone, ignored, saw }, tell, apart) {
  const p = used.length > 1 ? alone[modality] : null; // alone, it says what was said above
  const best = p && topOf(p);
  const heading = make("h3", {}, say(`page.${modality}`));
  if (p && apart) heading.append(make("strong", {}, name(labels[best])), make("small", {}, percent(p[best])));
  else if (p) heading.append(make("small", {}, say("page.alone", { label: labels[best], percent: percent(p[best]) })));
  const seen = saw[modality] ? { text: tokens, image: photo, audio: wave }[modality](saw[modality], tell) : [];
  const why = ignored[modality] && make("p", { className: "mm-warn" }, say(ignored[modality].key, ignored[modality].values));
  return make("section", { className: `mm-panel mm-of-${modality}${used.includes(modality) ? "" : " mm-out"}` }, heading, why, seen);
}

const tokens = (seen) => [
  make("div", { className: "mm-tokens" }, ...seen.tokens.map((token) => make("span", { className: "mm-token" }, token))),
];

/** The photo with the box that was read in it, what else might be read, and the small square that the model reads. */
function photo({ photo: source, box, candidates = [], taken = 0, pixels }, tell) {
  const frame = make("div", { className: "mm-photo" }, make("img", { src: source, alt: say("page.photo") }));
  if (!box) return [make("div", { className: "mm-seen" }, frame)];
  const others = [...candidates.keys()].filter((k) => k !== taken);
  frame.append(
    placed(make("i"), box),
    ...others.map((k) => {
      if (!tell) return placed(make("i", { className: "mm-other" }), candidates[k]);
      const words = say("page.candidate", { number: k + 1, count: candidates.length });
      const button = make("button", { type: "button", className: "mm-other", ariaLabel: words, title: words });
      button.addEventListener("click", () => tell({ candidate: k }));
      return placed(button, candidates[k]);
    }),
  );
  const canvas = make("canvas", { width: pixels[0].length, height: pixels.length, role: "img", ariaLabel: say("page.pixels") });
  const image = new ImageData(canvas.width, canvas.height);
  pixels.flat().forEach((grey, k) => image.data.set([grey, grey, grey, 255], 4 * k));
  canvas.getContext("2d").putImageData(image, 0, 0);
  const caption = say(tell ? "page.candidates" : "page.candidates_fixed", { count: candidates.length });
  return [
    make("div", { className: "mm-seen" }, frame, canvas),
    others.length ? make("p", { className: "mm-caption" }, caption) : null,
  ];
}

/** An element over a box, which is in shares of the photo. */
function placed(element, box) {
  const [left, top, right, bottom] = box.map((edge) => `${100 * edge}%`);
  Object.assign(element.style, { left, top, width: `calc(${right} - ${left})`, height: `calc(${bottom} - ${top})` });
  element.style.zIndex = Math.round(100 * (1 - (box[2] - box[0]) * (box[3] - box[1]))); // the smaller, the more on top
  return element;
}

/** The waveform of the whole recording: what was taken to be speech stands out, and can be heard. */
function wave({ peaks, seconds, segments }, tell) {
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
  const spans = segments.map(([start, end]) => say("page.speech_span", { start: tenths(start), end: tenths(end) }));
  const words = say(spans.length ? "page.speech" : "page.speech_none", { spans: spans.join(", "), seconds: tenths(seconds) });
  const caption = make("p", { className: "mm-caption" }, words);
  if (tell && spans.length) caption.append(" ", listen(segments));
  return [make("div", { className: "mm-wave" }, drawn), caption];
}

const tenths = (seconds) => Number(seconds.toFixed(1));

/** A button that plays what was taken of the recording, and nothing else of it. */
function listen(segments) {
  const button = make("button", { type: "button", className: "mm-inline mm-listen" }, say("page.speech_play"));
  let audio = null;
  let place = 0;
  const end = () => {
    audio?.pause();
    button.textContent = say("page.speech_play");
  };
  const follow = () => {
    if (!audio || audio.paused) return;
    if (!button.isConnected) end(); // another result is shown
    else if (audio.currentTime < segments[place][1]) setTimeout(follow, FOLLOW);
    else if (place + 1 < segments.length) {
      place += 1;
      audio.currentTime = segments[place][0];
      setTimeout(follow, FOLLOW);
    } else end();
  };
  button.addEventListener("click", async () => {
    if (audio && !audio.paused) return end();
    place = 0;
    const sound = audio ?? soundless();
    try {
      if (!audio) sound.src = (await now().ask({ ask: "sound" })).url;
      audio = sound;
      [[audio.currentTime]] = segments;
      await audio.play();
      button.textContent = say("page.speech_stop");
      follow();
    } catch {
      end(); // the reading is gone, or the browser refuses to play
    }
  });
  return button;
}
