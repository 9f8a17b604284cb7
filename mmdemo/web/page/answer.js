/** What was decided and why, what may be wrong with it, what each modality did for it, and what the model saw of it. */

import { arrived } from "../core/current.js";
import { make, valueOf } from "../core/dom.js";
import { offerTips, term } from "../core/tooltip.js";
import { find, list, name, onLanguage, percent, pieces, say } from "../core/words.js";
import { machine } from "./machine.js";
import { openingOf } from "./opening.js";
import { SEEN } from "./seen.js";
import { whatIfs } from "./whatifs.js";

const CHANCES = 3; // as many classes as have a bar
const MATTERS = 0.02; // how probable another class must be to be named beside the answer
const PULLED = 0.05; // of probability: an input that raised no class by more hardly counted
const FOUND_NOTHING = /^(text\.empty|image\.(nothing|blank|dark|face)|audio\.(silence|short|quiet)|video\.(no_face|silence|short))/; // read, and empty
const CHOOSING = [".mm-photo", ".mm-moved"]; // where a candidate is chosen: the focus stays there
const SENTENCES = 2; // more are not read
const TELLING = [/let_go/, /order_(two|three)/, /settled_[^f]/, /written/, /settled_first/, /order_same/];
const FITS = /^video\.fits/; // said first
const STANDING = /^video\.experimental/; // said of every video
const IN_NUMBERS = /lowered|raised/; // said beside the shares
const NAMED = new Set(["label", "word", "percent", "points", "modality", "slice", "seconds"]); // in bold

/** `tell` says to the server which candidate of the picture to read; a report has nobody to tell. */
export function answer({ element, props, watch, tell = null }) {
  const [spoken, card] = ["p.mm-spoken", ".mm-answer"].map((part) => element.querySelector(part));
  offerTips(element);
  const live = tell && { ifs: whatIfs(), cell: machine() };
  const show = () => {
    const value = openingOf(valueOf(props));
    const choosing = card.contains(document.activeElement) && CHOOSING.find((where) => document.activeElement.closest(where));
    arrived({ said: value });
    spoken.textContent = value?.used.length ? [headline(value), butSaid(value), trust(value)].filter(Boolean).join(", ") : "";
    card.replaceChildren(...(value ? parts(value, tell, live) : [make("p", { className: "mm-hint" }, say("page.empty"))]));
    if (choosing) card.querySelector(`${choosing} :is(button, input)`)?.focus();
  };
  watch("value", show);
  onLanguage(show);
  show();
}

function parts(value, tell, live) {
  const given = Object.keys({ ...value.saw, ...value.ignored });
  const panels = ["text", "image", "audio", "video"].filter((modality) => given.includes(modality));
  const apart = value.used.length > 1 && topsOf(value).size > 1;
  const caution = find("task.caution");
  const decided = value.used.length
    ? [verdict(value), make("div", { className: "mm-say" }, sayings(value)), shares(value)]
    : [make("p", { className: "mm-hint" }, unread(value))];
  // Where the drawing stands below the answer, it is closed at first, so that the drawing follows at once.
  const film = value.used.includes("video"); // which offset fits is most of its answer
  const seen = make(
    "details",
    { className: "mm-saws", open: film || !matchMedia("(max-width: 899px)").matches || !value.used.length },
    make("summary", { className: "mm-caption mm-saw" }, say(apart ? "page.apart" : value.used.length > 1 ? "page.saw_alone" : "page.saw")),
    make("div", { className: `mm-panels${apart ? " mm-apart" : ""}` }, ...panels.map((modality) => panel(modality, value, tell, apart))),
  );
  const top = make("div", { className: `mm-decided${value.used.length ? "" : " mm-none"}` }, ...decided);
  const inside = live && value.used.length ? [live.ifs, live.cell] : [];
  return [
    top,
    ...(film ? [seen, ...inside] : [...inside, ...(panels.length ? [seen] : [])]),
    ...(caution && value.used.length ? [make("p", { className: "mm-caution" }, caution)] : []),
  ];
}

/** Why nothing was read: in short where there was something, whose own panel says more. */
function unread({ reason, ignored }) {
  const [modality, ...others] = Object.keys(ignored);
  if (!modality) return say(reason.key, reason.values);
  if (others.length) return say("page.unread_several");
  return say(FOUND_NOTHING.test(ignored[modality].key) ? `page.nothing_in_${modality}` : `page.unread_${modality}`);
}

/** The answer, in large type, and beside it the classes that came next, where they matter. */
function verdict(value) {
  const shown = headline(value);
  const long = shown.length > 3;
  const big = make("strong", { className: `mm-label${long ? " mm-long" : ""}` }, shown);
  const but = butSaid(value);
  const small = make("small", {}, term(trust(value), say("page.level_about")));
  const next = value.level === "unclear" && topsOf(value).size > 1 ? null : chances(value); // then nobody was ahead
  const guess = !next && value.level === "unclear" && topsOf(value).size < 2 ? make("small", { className: "mm-guess" }, say("page.guess", { label: value.label, percent: percent(value.probability) })) : null; // prettier-ignore
  const trusted = make("div", { className: "mm-trusted" }, but && make("span", { className: "mm-but" }, but), small, guess, next);
  return make("div", { className: `mm-verdict mm-${value.level}` }, big, trusted);
}

/** The answer; what is said where there is none, and where the modalities alone say different things. */
function headline(value) {
  if (value.level !== "unclear") return name(value.label);
  const [first, second, third] = [...topsOf(value)].map((k) => value.labels[k]);
  if (third) return say("page.among", { first, second, third });
  return second ? say("page.between", { first, second }) : say("page.unclear");
}

/** Beside an answer that one of the inputs gives: what another one says. */
function butSaid({ level, label, labels, alone, used }) {
  const mine = labels.indexOf(label);
  const tops = used.map((modality) => [modality, topOf(alone[modality] ?? [])]);
  const other = tops.filter(([, k]) => k !== mine).sort(([one], [two]) => Math.max(...alone[two]) - Math.max(...alone[one]))[0];
  if (level === "unclear" || used.length < 2 || !other || tops.every(([, k]) => k !== mine)) return null;
  return say("page.but", { modality: other[0], label: labels[other[1]] });
}

const trust = ({ probability, level }) => [...(level === "unclear" ? [] : [percent(probability)]), say(`page.level_${level}`)].join(" · ");

/** What to be careful about, and then why: the most telling sentences, in the order in which they were made. */
function sayings(value) {
  const warning = cautionOf(value);
  const agree = value.used.length > 1 && topsOf(value).size === 1 && !value.contradiction;
  const unclear = value.level === "unclear"; // then no sentence tells which class was ahead
  const why = unclear ? [] : telling(value.why?.sentences ?? []).flatMap((note) => inBold(note).concat(" "));
  if (agree && !unclear) why.push(say("page.agree"));
  else if (!unclear) why.unshift(...pulls(value).flatMap((note) => inBold(note).concat(" ")));
  if (!why.length && !warning) why.push(say("page.read", { inputs: list(value.used) }));
  const [fits, notes] = [true, false].map((wanted) => value.notes.filter(({ key }) => FITS.test(key) === wanted));
  return [
    ...fits.map((note) => make("p", { className: "mm-fits" }, say(note.key, note.values))),
    warning && make("p", { className: `mm-warn${STANDING.test(warning.key) ? " mm-standing" : ""}` }, inBold(warning)),
    why.length ? make("p", { className: "mm-why" }, why) : null,
    ...notes.map((note) => make("p", { className: "mm-note" }, say(note.key, note.values))),
  ];
}

/** What to be careful about; null where the headline and the level say all of it. */
function cautionOf(value) {
  const { contradiction, reason, used } = value;
  if (butSaid(value) && used.length === 2) return null;
  return contradiction ?? (reason?.key === "answer.likely" ? null : reason);
}

/** Of inputs that disagree: which class each of them raised most, the one that did most first. */
function pulls({ labels, why, used }) {
  const pulled = used.flatMap((modality) => (why?.shares[modality] ? [[modality, topOf(why.shares[modality]), Math.max(...why.shares[modality])]] : []));
  if (pulled.length < 2) return [];
  pulled.sort((one, two) => two[2] - one[2]);
  return pulled.map(([modality, k, share]) => ({ key: share < PULLED ? "page.pulled_little" : "page.pulled", values: { modality, label: labels[k] } }));
}

/** The answers that the modalities would give alone. */
const topsOf = ({ alone }) => new Set(Object.values(alone).map(topOf));
const topOf = (p) => p.indexOf(Math.max(...p));
const shared = (why) => Object.keys(why?.shares ?? {}).length > 1;

/** The sentences most worth reading. */
function telling(notes) {
  const rank = ({ key }) => TELLING.findIndex((kind) => kind.test(key));
  const best = new Set(notes.filter((note) => rank(note) >= 0).toSorted((a, b) => rank(a) - rank(b)).slice(0, SENTENCES));
  return notes.filter((note) => best.has(note));
}

/** A sentence with what matters in bold. */
const inBold = ({ key, values }) =>
  pieces(key, values).map(({ text, gap }) => (NAMED.has(gap?.replace(/^(first|second|third)_/, "")) ? make("b", {}, text) : text));

/** What each modality did for the answer, in numbers: bars around zero that add up. Opened by who wants to know. */
function shares({ labels, label, probability, why }) {
  if (!shared(why)) return null;
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
  const title = term(say("page.shares", { label }), say("page.shares_about", { label }));
  const sum = parts.map(([, share]) => signed(share, 4)).join(" ");
  const [all, none] = [probability, why.prior[k]];
  const check = term(
    say("page.shares_sum", { all: all.toFixed(2), none: none.toFixed(2) }),
    say("page.shares_sum_about", { sum, all: all.toFixed(4), none: none.toFixed(4), label }),
    "mm-sum",
  );
  const list = make("ol", { className: "mm-shares", ariaLabel: say("page.shares", { label }) }, ...rows);
  const words = why.sentences.filter(({ key }) => IN_NUMBERS.test(key)).map((note) => make("p", {}, inBold(note)));
  return make("details", { className: "mm-shared" }, make("summary", {}, say("page.in_numbers")), title, list, check, ...words);
}

const signed = (number, digits = 2) => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(digits)}`;

/** The classes that matter, the most probable ones first, as small bars; null where only one does. */
function chances({ labels, probabilities }) {
  const order = [...labels.keys()];
  order.sort((a, b) => probabilities[b] - probabilities[a]);
  const worth = order.filter((k, place) => place < CHANCES && (!place || probabilities[k] >= MATTERS));
  if (worth.length < 2) return null;
  const rows = worth.map((k, place) => {
    const bar = make("i", { className: "mm-bar" });
    bar.style.setProperty("--share", probabilities[k]);
    const row = make("li", { className: place ? "" : "mm-first" }, make("span", {}, name(labels[k])), make("b", {}, bar));
    row.append(make("span", {}, percent(probabilities[k])));
    return row;
  });
  return make("ol", { className: "mm-chances", ariaLabel: say("page.chances") }, ...rows);
}

/** One modality: what it says alone, in large type where they differ, and what was seen of it. */
function panel(modality, value, tell, apart) {
  const { labels, used, alone, ignored, saw } = value;
  const p = used.length > 1 ? alone[modality] : null; // alone, it says what was said above
  const best = p && topOf(p);
  const heading = make("h3", {}, say(`page.${modality}`));
  if (p && apart) heading.append(make("strong", {}, name(labels[best])), make("small", {}, percent(p[best])));
  else if (p) heading.append(make("small", {}, say("page.alone", { label: labels[best], percent: percent(p[best]) })));
  const seen = saw[modality] ? SEEN[modality](saw[modality], tell, value) : [];
  const why = ignored[modality] && make("p", { className: "mm-warn" }, say(ignored[modality].key, ignored[modality].values));
  return make("section", { className: `mm-panel mm-of-${modality}${used.includes(modality) ? "" : " mm-out"}` }, heading, why, seen);
}
