/** The stage: answer and drawing beside each other, both in the first screen; where there is no room for that, below each other. */

import { now, onResult } from "../core/current.js";
import { zoomOf } from "../core/dom.js";
import { resettle } from "../drawing/drawing.js";

const WIDE = matchMedia("(min-width: 900px)");
const AIR = 24; // pixels below the ledger
const EDGE = 10; // pixels between the answer that stays and the edge of the window
const LEAST = 320; // pixels of room: with less, the page is scrolled anyway

/** Whether answer and drawing are beside each other; `onShape` calls back when that changes. */
export const beside = () => WIDE.matches;
export const onShape = (callback) => WIDE.addEventListener("change", callback);

/** How much height the rows of a drawing have in the first screen; null where it is scrolled to. */
export function roomFor(frame) {
  if (!WIDE.matches || !frame.isConnected) return null;
  const scroll = frame.querySelector(".mmd-scroll") ?? frame;
  const zoom = zoomOf(scroll);
  const top = scroll.getBoundingClientRect().top + scrollY;
  const room = Math.floor((innerHeight - top) / zoom - AIR);
  return room < LEAST ? null : room;
}

/** Scroll to the answer of a run where it is not in sight, and let the drawing follow the shape of the page. */
export function settle(stage) {
  let before = now().said;
  onResult(({ said, figure }) => {
    const fresh = said && said !== before && JSON.stringify(said) !== JSON.stringify(before);
    const first = before === null;
    before = said;
    if (!fresh || first || WIDE.matches || !figure) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!document.activeElement?.closest?.("#text")) stage().scrollIntoView({ block: "start", behavior: still ? "instant" : "smooth" });
  });
  keepAnswer();
  const again = new ResizeObserver(() => now().element && resettle(now().element));
  again.observe(document.querySelector("#cards") ?? document.body);
  WIDE.addEventListener("change", () => now().element && resettle(now().element));
}

/** The answer, and the cell in it, stay in sight while the drawing is scrolled: from their last line on, if they are tall. */
function keepAnswer() {
  const card = document.querySelector("#answer .mm-answer");
  if (!card) return;
  const put = () => card.closest("#answer").style.setProperty("--stick", `${Math.min(EDGE, innerHeight / zoomOf(card) - card.offsetHeight - EDGE)}px`);
  new ResizeObserver(put).observe(card);
  addEventListener("resize", put);
}
