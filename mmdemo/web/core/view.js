/** Other views of the page, each at an address of its own (#how, and #how-cell for its part): one is open, or none. */

import { onLanguage } from "./words.js";

const OPEN = "mm-learning"; // the page's class while any of them is open; which one is in its data-view
const views = new Map(); // name -> {fill, stale}
let before = { scroll: 0, address: null }; // where the page was when a view was opened

addEventListener("popstate", follow);
document.addEventListener("click", clicked);

const isOpen = (name) => document.body.dataset.view === name;

/**
 * A view in an element. `made` makes what is in it: when it is first opened, and again in another language.
 * Returns {refill, open, close}: say that what it shows is out of date; whether it is open; go back to the page. `turned` is
 * called with true when it is opened and with false when it is left.
 */
export function view(element, name, made, turned = () => {}) {
  const own = { stale: true, turned };
  own.fill = () => {
    own.stale = !isOpen(name);
    if (own.stale) return;
    element.replaceChildren(...made());
    goTo(name, wanted().part);
  };
  views.set(name, own);
  onLanguage(own.fill);
  follow();
  return { refill: own.fill, open: () => isOpen(name), close };
}

/** What the address says: a view, perhaps a part of it, or neither. */
function wanted() {
  const [name, part] = location.hash.slice(1).split("-");
  return views.has(name) ? { name, part } : { name: null, part: null };
}

/** Show what the address says. */
function follow() {
  const { name, part } = wanted();
  const shown = document.body.dataset.view ?? null;
  if (name !== shown) {
    if (!shown) before.scroll = scrollY;
    document.body.classList.toggle(OPEN, Boolean(name));
    if (name) document.body.dataset.view = name;
    else delete document.body.dataset.view;
    if (views.get(name)?.stale) views.get(name).fill();
    if (!name) scrollTo({ top: before.scroll, behavior: "instant" });
    else if (!part) scrollTo({ top: 0, behavior: "instant" });
    views.get(shown)?.turned(false);
    views.get(name)?.turned(true);
  }
  for (const link of document.querySelectorAll("a[data-view]")) link.ariaCurrent = link.dataset.view === name ? "page" : null;
  goTo(name, part);
}

/** A part of a view, once it is there. */
function goTo(name, part) {
  if (part) document.getElementById(`${name}-${part}`)?.scrollIntoView();
}

/** A link to a view opens it, and closes it where it is open; one to a part of it goes there. */
function clicked(event) {
  const goal = event.target.closest("a[data-view]")?.dataset.view;
  if (!goal) return;
  event.preventDefault();
  if (isOpen(goal)) return close();
  if (!wanted().name) before = { scroll: scrollY, address: location.href };
  history.pushState(null, "", `${location.pathname}${location.search}#${goal}`);
  return follow();
}

/** Back to the page, as it was. */
function close() {
  history.pushState(null, "", before.address ?? `${location.pathname}${location.search}`);
  follow();
}
