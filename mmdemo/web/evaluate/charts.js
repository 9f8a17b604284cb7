/** Small charts of the evaluation: accuracies as lines or as dots with their intervals, each with its numbers in words. */

import { make, svg } from "../core/dom.js";
import { say } from "../core/words.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [360, 190, 46, 18, 10, 24]; // of a line chart, in its own units

/** 0.9934 -> "99.3 %"; only all is "100 %". */
export function share(p, digits = 1) {
  if (p === 1) return "100\u00a0%";
  const rounded = (100 * p).toFixed(digits);
  return Number(rounded) === 100 && digits < 4 ? share(p, digits + 1) : `${rounded}\u00a0%`;
}

/** Where an axis of accuracies begins, so that the lowest of them is well on it: a round number. */
export function floorOf(values) {
  const lowest = Math.min(...values);
  const step = lowest > 0.85 ? 0.05 : lowest > 0.5 ? 0.1 : 0.25;
  return Math.max(0, Math.round((Math.ceil(lowest / step - 1e-9) - 1) * step * 100) / 100);
}

/**
 * A line chart with a readout and, one click away, a table. ticks: words under the places along x; lines: [{name, hue,
 * values}], as many values as ticks, of which null is not drawn; x: what the ticks are.
 */
export function lines({ title, x, ticks, drawn, low = null }) {
  const every = drawn.flatMap(({ values }) => values.filter((value) => value !== null));
  const floor = low ?? floorOf(every);
  const right = (place) => LEFT + (ticks.length > 1 ? place / (ticks.length - 1) : 0.5) * (WIDTH - LEFT - RIGHT);
  const up = (value) => TOP + ((1 - value) / (1 - floor)) * (HEIGHT - TOP - BOTTOM);
  const grid = [0, 0.5, 1].flatMap((part) => {
    const value = floor + part * (1 - floor);
    return [
      svg("path", { d: `M${LEFT} ${up(value)}H${WIDTH - RIGHT}`, class: "mme-grid" }),
      svg("text", { x: LEFT - 7, y: up(value) + 4, "text-anchor": "end" }, share(value, Number.isInteger(Math.round(1e6 * value) / 1e4) ? 0 : 1)),
    ];
  });
  const marks = ticks.map((words, place) => svg("text", { x: right(place), y: HEIGHT - 6, "text-anchor": "middle" }, words));
  const cursor = svg("path", { class: "mme-cursor" });
  const curves = drawn.flatMap(({ values, hue }) => {
    const points = values.flatMap((value, place) => (value === null ? [] : [`${right(place).toFixed(1)} ${up(value).toFixed(1)}`]));
    return [
      svg("path", { d: `M${points.join("L")}`, class: "mme-line", style: `--hue: ${hue}` }),
      svg("path", { d: points.map((point) => `M${point}h0`).join(""), class: "mme-dots", style: `--hue: ${hue}` }),
    ];
  });
  const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title }, cursor, ...grid, ...marks, ...curves);
  const keys = drawn.map(({ name, hue }) => {
    const key = make("span", { className: "mme-key" }, name);
    key.style.setProperty("--hue", hue);
    return key;
  });
  const told = make("p", { className: "mme-told" }, x);
  const point = (place) => {
    cursor.setAttribute("d", place === null ? "" : `M${right(place)} ${TOP}V${HEIGHT - BOTTOM}`);
    const words = (k) => drawn.filter(({ values }) => values[k] !== null).map(({ name, values }) => `${name} ${share(values[k])}`);
    told.textContent = place === null ? x : `${ticks[place]}: ${words(place).join(", ")}`;
  };
  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const along = ((event.clientX - box.left) / box.width) * WIDTH;
    const place = Math.round(((along - LEFT) / (WIDTH - LEFT - RIGHT)) * (ticks.length - 1));
    point(Math.max(0, Math.min(ticks.length - 1, place)));
  });
  chart.addEventListener("pointerleave", () => point(null));
  return make("figure", { className: "mme-chart" }, [
    make("figcaption", {}, title),
    make("div", { className: "mme-keys" }, ...keys),
    chart,
    told,
    make("details", {}, make("summary", {}, say("evaluate.as_table")), table(x, ticks, drawn)),
  ]);
}

function table(x, ticks, drawn) {
  const head = make("tr", {}, make("th", { scope: "col" }, x), ...drawn.map(({ name }) => make("th", { scope: "col" }, name)));
  const rows = ticks.map((words, k) => {
    const cells = drawn.map(({ values }) => make("td", {}, values[k] === null ? "–" : share(values[k])));
    return make("tr", {}, make("th", { scope: "row" }, words), ...cells);
  });
  return make("table", { className: "mme-table" }, make("thead", {}, head), make("tbody", {}, ...rows));
}

/**
 * Accuracies as dots on a common axis, with their 95 % intervals where there are some.
 * rows: [{name, value, interval, hue, more}]; more: further cells, as words.
 */
export function dots(label, rows) {
  const low = floorOf(rows.flatMap(({ value, interval }) => [value, ...(interval ?? [])]));
  const items = rows.map(({ name, value, interval, hue, more }) => {
    const item = make("li", {}, make("span", { className: "mme-name" }, name), track(value, interval, hue, low), make("b", {}, share(value)));
    if (more) item.append(make("small", {}, more));
    return item;
  });
  const scale = make("li", { ariaHidden: "true" }, make("span"), axis(low));
  return make("ol", { className: "mme-dotted", ariaLabel: label }, ...items, scale);
}

/** One dot with its whiskers, between `low` and all. */
export function track(value, interval, hue, low) {
  const place = (p) => `${(100 * Math.max(0, p - low)) / (1 - low)}%`;
  const line = make("span", { className: "mme-track", ariaHidden: "true" });
  line.style.setProperty("--hue", hue ?? "var(--mm-ink)");
  if (interval) {
    const whisker = make("i", { className: "mme-whisker" });
    Object.assign(whisker.style, { left: place(interval[0]), width: `calc(${place(interval[1])} - ${place(interval[0])})` });
    line.append(whisker);
  }
  const dot = make("i", { className: "mme-dot" });
  dot.style.left = place(value);
  line.append(dot);
  return line;
}

/** What the ends of the tracks mean. */
export const axis = (low) => make("p", { className: "mme-axis", ariaHidden: "true" }, make("span", {}, share(low, 0)), make("span", {}, share(1, 0)));
