/** A tour of five stops on one example. Whatever it says, it says of the reading on the page, in that reading's numbers. */

import { now, onResult, shows } from "../core/current.js";
import { make } from "../core/dom.js";
import { onLanguage, say, translate } from "../core/words.js";
import { selectSteps } from "../drawing/drawing.js";
import { STOPS, story } from "./stops.js";

const EXAMPLE = "changes_its_mind";
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
    if (shows(EXAMPLE)) return void open(button);
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
    const wanted = () => here === stop && card.isConnected && now().figure === figure;
    const told = await STOPS[stop]({ figure, element, ask, wanted, ...story(figure) });
    if (!wanted()) return;
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
    selectSteps(now().element, null); // what the last stop has tried goes with it
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
