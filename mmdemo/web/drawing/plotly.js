/**
 * Plotly, which draws the figure. It is large: the page has it fetched after the first paint (page/reading.js), and a
 * report brings its own. Until it is there, sketch.js stands in.
 */

const waiting = new Set();
let fetched = null;

/** The library, or null until it is there. */
export const plotly = () => globalThis.Plotly ?? null;

/** Call back once, as soon as it has come; never where it is there already. */
export function whenPlotly(callback) {
  if (!plotly()) waiting.add(callback);
}

/** Fetch it from an address, once. Returns a promise of it. */
export function fetchPlotly(address) {
  fetched ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: address, async: true, onload: resolve, onerror: reject });
    document.head.append(script);
  }).then(() => {
    for (const callback of waiting) callback();
    waiting.clear();
  });
  return fetched;
}
