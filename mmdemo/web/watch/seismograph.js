/**
 * The drawing that scrolls: what was read, what was believed, the gates, what was let go, the ledger and the memory, of
 * the last steps. It is painted when there is something new and the browser has time for it.
 */

import { make, send, zoomOf } from "../core/dom.js";
import { term } from "../core/tooltip.js";
import { say } from "../core/words.js";
import { palette, ROWS } from "./paint.js";

const SECONDS = 13; // in sight, where there is room
const PER_SECOND = 12.5; // steps of sound
const NARROWEST = 3.4; // pixels of a step: on a phone fewer are in sight
const CALM = 500; // milliseconds between two pictures for whoever wants less motion
const SHARE = 3; // a picture is followed by the next after three times what it took, so that sound has the time it needs
const GAP = 11;
const GUTTER = 8; // pixels beside the names of the classes
const NOW = 16; // below the rows, for the word "now"
const LEAST = { input: 50, belief: 90, gates: 56, let_go: 26, ledger: 40, memory: 74 };
const GROWS = { input: 1, belief: 2.4, gates: 1.4, let_go: 0.4, ledger: 1, memory: 2.6 }; // shares of what room is left
const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12, Home: -Infinity, End: Infinity };

/**
 * Make it; `drawn` is called with each picture, for what moves with it. Its element sends `mmdemo:point` with the index of a step that was pressed or walked to, and `mmdemo:unit` with
 * the number of a unit; and `mmdemo:painted` with how long ago the last step in sight was heard, {index, lag, milliseconds}.
 *
 * @returns {{element: HTMLElement, show: function, resize: function, fill: function}} `fill(labels)` names the rows and
 *   the classes, in another language again; `show({steps, end, marked})` paints the steps that end before place `end`,
 *   and a line at the one with the index `marked`; `resize(room)` lays it out in so many pixels.
 */
export function seismograph(drawn) {
  const names = make("div", { className: "mmw-names" });
  const canvas = make("canvas", { className: "mmw-canvas", tabIndex: 0, role: "slider", ariaValueMin: "0" });
  const element = make("div", { className: "mmw-graph" }, names, canvas);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let state = { steps: [], end: 0, marked: null };
  let labels = [];
  let heights = {};
  let colours = null;
  let waiting = false;
  let painted = -Infinity;
  let took = 0; // milliseconds
  let seen = { steps: [], x: 0, wide: 1 }; // what was painted last, for who points at it

  const layOut = (room) => {
    const rows = Object.keys(ROWS);
    const classes = Math.max(LEAST.belief, 9 * labels.length);
    const least = { ...LEAST, belief: classes };
    const free = Math.max(0, room - NOW - GAP * (rows.length - 1) - rows.reduce((sum, row) => sum + least[row], 0));
    const all = Object.values(GROWS).reduce((sum, share) => sum + share, 0);
    let top = 0;
    heights = {};
    for (const row of rows) {
      const height = Math.round(least[row] + (free * GROWS[row]) / all);
      heights[row] = { top, height };
      top += height + GAP;
    }
    const total = top - GAP + NOW;
    names.style.gridTemplateRows = rows.map((row) => `${heights[row].height}px`).join(" ");
    names.style.rowGap = `${GAP}px`;
    canvas.style.height = `${total}px`;
    later();
  };

  const paint = () => {
    waiting = false;
    if (!canvas.clientWidth) return;
    painted = performance.now();
    colours ??= palette(canvas);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const sharp = Math.min(3, devicePixelRatio * zoomOf(canvas));
    const size = [Math.round(width * sharp), Math.round(height * sharp)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    const context = canvas.getContext("2d");
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = `10.5px ${colours.font}`;
    const gutter = Math.ceil(Math.max(0, ...labels.map((label) => context.measureText(label).width))) + GUTTER;
    const across = width - gutter - 2;
    const columns = Math.max(20, Math.min(Math.round(SECONDS * PER_SECOND), Math.floor(across / NARROWEST)));
    const steps = state.steps.slice(Math.max(0, state.end - columns), state.end);
    const on = { context, steps, wide: across / columns, first: columns - steps.length, colours, labels, marked: state.marked };
    seen = { steps, x: gutter + on.first * on.wide, wide: on.wide };
    for (const [row, draw] of Object.entries(ROWS)) {
      const { top, height } = heights[row];
      draw({ ...on, box: { x: gutter, y: top, width: across, height } });
    }
    nameClasses(context, gutter);
    mark(context, gutter + across, height);
    const last = steps.at(-1);
    canvas.dataset.index = last?.index ?? "";
    drawn();
    took = performance.now() - painted;
    if (last?.heard) send({ element }, "painted", { index: last.index, lag: performance.now() - last.heard, milliseconds: last.milliseconds });
  };

  const nameClasses = (context, gutter) => {
    const { top, height } = heights.belief;
    const high = height / labels.length;
    context.font = `${Math.min(10.5, high)}px ${colours.font}`;
    context.fillStyle = colours.mute;
    context.textAlign = "right";
    context.textBaseline = "middle";
    labels.forEach((label, k) => context.fillText(label, gutter - GUTTER + 2, top + (k + 0.5) * high));
  };

  /** A line at the step that is looked at, or at the end. */
  const mark = (context, right, height) => {
    const place = seen.steps.findIndex(({ index }) => index === state.marked);
    const x = place < 0 ? right : seen.x + (place + 0.5) * seen.wide;
    context.strokeStyle = colours.ink;
    context.lineWidth = place < 0 ? 1.4 : Math.max(1.4, Math.min(3, seen.wide / 2));
    context.globalAlpha = place < 0 ? 0.8 : 0.55;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height - NOW);
    context.stroke();
    context.globalAlpha = 1;
    if (state.end < state.steps.length || place >= 0) return;
    context.font = `10.5px ${colours.font}`;
    context.fillStyle = colours.mute;
    context.textAlign = "right";
    context.textBaseline = "alphabetic";
    context.fillText(say("live.now"), right, height - 3);
  };

  const later = () => {
    if (waiting) return;
    waiting = true;
    const wait = Math.max(SHARE * took, still.matches ? CALM : 0) - (performance.now() - painted);
    if (wait > 0) setTimeout(() => requestAnimationFrame(paint), wait);
    else requestAnimationFrame(paint);
  };

  const spoken = () => {
    const { steps, marked } = state;
    const step = steps.find(({ index }) => index === marked) ?? steps.at(-1);
    canvas.ariaValueMax = String(Math.max(0, steps.length - 1));
    canvas.ariaValueNow = String(step ? steps.indexOf(step) : 0);
    canvas.ariaValueText = step ? say("live.step_spoken", { step: step.index + 1, label: labels[step.belief.indexOf(Math.max(...step.belief))] }) : say("live.empty");
  };

  canvas.addEventListener("click", ({ clientX, clientY }) => {
    const [place, zoom] = [canvas.getBoundingClientRect(), zoomOf(canvas)];
    const [x, y] = [(clientX - place.left) / zoom, (clientY - place.top) / zoom];
    const step = seen.steps[Math.floor((x - seen.x) / seen.wide)];
    if (!step) return;
    const { top, height } = heights.memory;
    if (y >= top && y < top + height) send({ element }, "unit", Math.floor(((y - top) / height) * step.c.length));
    send({ element }, "point", step.index);
  });
  canvas.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    if (by === undefined || !state.steps.length) return;
    event.preventDefault();
    const here = state.steps.findIndex(({ index }) => index === state.marked);
    const next = (here < 0 ? state.steps.length : here) + by;
    send({ element }, "point", state.steps[Math.max(0, Math.min(state.steps.length - 1, next))].index);
  });
  canvas.addEventListener("focus", spoken);
  new ResizeObserver(later).observe(canvas);
  const theme = new MutationObserver(() => {
    colours = null;
    later();
  });
  for (const node of [document.documentElement, document.body]) theme.observe(node, { attributes: true, attributeFilter: ["class"] });

  return {
    element,
    resize: layOut,
    fill(classes, room) {
      labels = classes;
      const small = (words) => make("small", {}, words);
      const keys = ["i", "f", "o"].map((gate) => {
        const key = small(say(`live.gate_${gate}`));
        key.style.color = `color-mix(in srgb, var(--mm-${gate}) 64%, var(--mm-ink))`;
        return key;
      });
      const more = { gates: keys, let_go: [] };
      names.replaceChildren(
        ...Object.keys(ROWS).map((row) =>
          make("div", {}, term(say(`live.row_${row}`), say(`live.row_${row}_about`)), ...(more[row] ?? [small(say(`live.row_${row}_small`))])),
        ),
      );
      canvas.ariaLabel = say("live.graph");
      spoken();
      layOut(room);
    },
    show(next) {
      const moved = next.marked !== state.marked;
      state = next;
      if (moved || document.activeElement === canvas) spoken();
      later();
    },
  };
}
