/** A tour of five stops on one example. Whatever it says, it says of the reading on the page, in that reading's numbers. */

import { now, onResult } from "./current.js";
import { make } from "./dom.js";
import { choose, seek } from "./drawing.js";
import { beliefsOf, best, signed, unpack } from "./kit.js";
import { evidence, firstContrast, sums } from "./ledger.js";
import { whereIs } from "./readout.js";
import { name, onLanguage, percent, say, sentences, translate } from "./words.js";

const EXAMPLE = "changes_its_mind";
const STOPS = [input, belief, gates, account, withoutIt];
const PLACES = [[".mmd-bands", ".mmd-ticks"], [".mmd-of-belief"], [".mmd-of-gates"], [".mmd-of-ledger", ".mmd-foot"], ["#text"]]; // prettier-ignore

/** The button beside the examples. It is not there where its example is not. */
export function tour({ element }) {
  const [button] = element.children;
  // Its words are left alone here: in WebKit a press whose words are replaced before it is let go is no click.
  const show = () => {
    element.hidden = !example();
  };
  new MutationObserver(show).observe(document.querySelector("#examples"), { childList: true, subtree: true });
  button.addEventListener("click", () => {
    const end = onResult(({ figure }) => {
      if (!figure) return;
      end();
      open(button);
    });
    example().click();
  });
  translate(element);
  show();
}

const example = () => document.querySelector(`#examples [data-example="${EXAMPLE}"]`);

/** The card and the frame around what it speaks of; `back` gets the focus when the tour ends. */
function open(back) {
  const frame = make("div", { className: "mmt-frame", ariaHidden: "true" });
  const [place, title, text] = [make("small"), make("h3", { tabIndex: -1, id: "mmt-title" }), make("p", { id: "mmt-text" })];
  const [before, after, close] = ["mmt-before", "mmt-after", "mmt-close"].map((className) => make("button", { type: "button", className }));
  const card = make("div", { className: "mm-card mmt", role: "dialog" }, [place, close, title, text, make("div", { className: "mmt-buttons" }, before, after)]);
  card.setAttribute("aria-labelledby", title.id);
  card.setAttribute("aria-describedby", text.id);
  let stop = 0;

  const show = async () => {
    const { figure, element, ask } = now();
    if (!figure) return leave(); // something else was read meanwhile, and nothing could be
    place.textContent = say("tour.place", { stop: stop + 1, stops: STOPS.length });
    title.textContent = say(`tour.title_${stop + 1}`);
    before.textContent = say("tour.before");
    after.textContent = say(stop === STOPS.length - 1 ? "tour.end" : "tour.after");
    before.disabled = !stop;
    close.textContent = "×";
    close.ariaLabel = say("tour.close");
    const here = stop;
    text.textContent = "…";
    put();
    const told = await STOPS[stop]({ figure, element, ask, ...story(figure) });
    if (here !== stop || !card.isConnected) return;
    text.textContent = told;
    put();
  };
  const put = () => frameUp(frame, PLACES[stop], card);
  const go = (to) => {
    if (to >= STOPS.length) return leave();
    stop = Math.max(0, to);
    intoSight(PLACES[stop]);
    show();
    title.focus({ preventScroll: true });
  };
  const leave = () => {
    for (const end of ends) end();
    card.remove();
    frame.remove();
    back.focus({ preventScroll: true });
  };
  const again = new ResizeObserver(put);
  again.observe(document.body);
  addEventListener("scroll", put, { passive: true });
  const ends = [onLanguage(show), onResult(show), () => again.disconnect(), () => removeEventListener("scroll", put)];
  before.addEventListener("click", () => go(stop - 1));
  after.addEventListener("click", () => go(stop + 1));
  close.addEventListener("click", leave);
  card.addEventListener("keydown", (event) => {
    const act = { ArrowRight: () => go(stop + 1), ArrowLeft: () => go(stop - 1), Escape: leave }[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
  document.querySelector(".mmt .mmt-close")?.click(); // one tour at a time
  document.body.append(frame, card);
  go(0);
}

/** Where in the window the parts are that a stop speaks of; null where they cannot be seen. */
function rect(places) {
  const nodes = places.flatMap((place) => [...document.querySelectorAll(place.startsWith("#") ? place : `#drawing ${place}`)]);
  const boxes = nodes.filter((node) => node.getClientRects().length).map((node) => node.getBoundingClientRect());
  if (!boxes.length) return null;
  const whole = places[0].startsWith("#") ? boxes[0] : document.querySelector("#drawing .mmd-scroll").getBoundingClientRect();
  const [top, bottom] = [Math.min(...boxes.map((box) => box.top)), Math.max(...boxes.map((box) => box.bottom))];
  return { left: whole.left, width: whole.width, top, height: bottom - top };
}

/** Scroll so that it stands in the upper half, since the card is below it. */
function intoSight(places) {
  const box = rect(places);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (box) scrollBy({ top: box.top - Math.min(140, innerHeight / 6), behavior: still ? "instant" : "smooth" });
}

/** The frame around it, and the card below it or, where there is no room, above it. */
function frameUp(frame, places, card) {
  const box = rect(places);
  frame.hidden = !box;
  if (!box) return;
  const air = 6;
  Object.assign(frame.style, {
    left: `${box.left - air}px`,
    top: `${box.top - air}px`,
    width: `${box.width + 2 * air}px`,
    height: `${box.height + 2 * air}px`,
  });
  const below = box.top + box.height + 2 * air + 8;
  const top = below + card.offsetHeight < innerHeight ? below : Math.max(8, box.top - air - 8 - card.offsetHeight);
  card.style.top = `${Math.min(top, innerHeight - card.offsetHeight - 8)}px`;
  card.style.left = `${Math.max(8, Math.min(box.left + box.width - card.offsetWidth, box.left + 110))}px`;
}

/**
 * What happened in a reading: the class ahead after each step, the step at which what had been ahead fell most, and
 * which class that was, if another was ever ahead.
 */
export function story(figure) {
  const rows = beliefsOf(figure);
  const ahead = figure.steps.map((_, step) => best(rows.map((row) => row[step])));
  let [turn, fall] = [0, 0];
  for (let step = 1; step < ahead.length; step++) {
    const drop = rows[ahead[step - 1]][step - 1] - rows[ahead[step - 1]][step];
    if (drop > fall) [turn, fall] = [step, drop];
  }
  const first = ahead[0];
  return { rows, ahead, turn, fell: turn ? ahead[turn - 1] : null, first, changed: ahead.some((k) => k !== ahead[0]) };
}

/** Stop 1: what the LSTM reads. */
function input({ figure, element }) {
  seek(element, 0);
  const kinds = [...new Set(figure.steps.map(({ modality }) => modality))].map(name);
  return say("tour.input", { count: figure.steps.length, kinds: kinds.join(", "), first: where(figure, 0) });
}

/** Stop 2: what it believed, and when. */
function belief({ figure, element, rows, first, changed }) {
  seek(element, figure.settled);
  const values = {
    first: figure.labels[first],
    before: percent(rows[first][0]),
    where: where(figure, 0),
    settled: where(figure, figure.settled),
    label: figure.labels[figure.answer],
    after: percent(rows[figure.answer].at(-1)),
  };
  return say(changed ? "tour.belief_changed" : "tour.belief_same", values);
}

/** Stop 3: the gates where what had been believed fell most. */
function gates({ figure, element, turn, fell, rows }) {
  seek(element, turn);
  const mean = (key, step) => unpack(figure.figure.data.find(({ meta }) => meta.kind === "mean" && meta.key === key).y)[0][step];
  const values = { where: where(figure, turn), f: mean("f", turn).toFixed(2), i: mean("i", turn).toFixed(2) };
  if (fell === null) return say("tour.gates_same", values);
  const written = { label: figure.labels[fell], before: percent(rows[fell][turn - 1]), after: percent(rows[fell][turn]) };
  return say(mean("i", turn) < mean("i", turn - 1) ? "tour.gates_forget" : "tour.gates_turn", { ...values, ...written });
}

/** Stop 4: the ledger, and its largest entry. */
function account({ figure, element }) {
  const contrast = firstContrast(figure);
  choose(element, contrast);
  const bars = evidence(unpack(figure.ledger.evidence), contrast);
  const most = best(bars.map(Math.abs));
  seek(element, most);
  const { evidence: sum, logits, bias } = sums(figure, contrast);
  return say("tour.ledger", {
    label: figure.labels[contrast.about],
    other: contrast.against === null ? say("drawing.mean_of_all") : figure.labels[contrast.against],
    where: where(figure, most),
    most: signed(bars[most]),
    sum: signed(sum),
    logits: signed(logits),
    bias: signed(bias),
  });
}

/** Stop 5: what would have been without the step that wrote most; then it is the reader's turn. */
async function withoutIt({ figure, ask }) {
  const bars = evidence(unpack(figure.ledger.evidence), firstContrast(figure));
  const start = best(bars.map(Math.abs));
  try {
    const { label, probabilities } = await ask({ ask: "what_if", start, stop: start + 1 });
    const values = { where: where(figure, start), label: name(label), percent: percent(Math.max(...probabilities)) };
    return `${say("tour.without", values)} ${say("tour.yours")}`;
  } catch {
    return say("tour.yours"); // the server has forgotten the reading, or was asked too much
  }
}

/** A step as a person would point at it. Its word stays as it was written, even where it is the name of a class. */
function where({ steps }, step) {
  const words = sentences();
  return whereIs(steps, step, (key, values) => words[`drawing.${key}`].replace(/\{(\w+)\}/g, (_, gap) => values[gap]));
}
