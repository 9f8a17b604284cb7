/** The input itself on the axis of steps: words as chips, the picture over its slices, the spectrogram over its moments. */

import { channels } from "../core/colour.js";
import { make } from "../core/dom.js";
import { unpack } from "../core/packed.js";
import { across } from "./axis.js";
import { runs } from "./steps.js";

const FAN = 0.26; // of the strip's height, for the lines that lead from a picture's slices to their steps
const AIR = 1; // pixels between two slices
const BETWEEN = "#6c707a"; // its slices
const GROUND = "#0b0d12"; // under the picture and the spectrogram, in the light and in the dark

/** Bands, chips, canvases, a frame. Returns {nodes of each kind}: chips by step, canvases by modality, lit: the frame. */
export function fillStrip({ bands, strip }, { steps }, say) {
  const chips = [];
  const canvases = {};
  bands.replaceChildren();
  strip.replaceChildren();
  for (const { modality, start, length } of runs(steps)) {
    const name = make("span", {}, say(modality));
    const band = across(make("div", { title: say(modality) }, name), start, length, steps.length);
    band.style.setProperty("--hue", `var(--mm-${modality})`);
    bands.append(band);
    if (modality === "text") {
      for (let step = start; step < start + length; step++) {
        chips[step] = across(make("div", { className: "mmd-chip" }, [make("span", {}, steps[step].text)]), step, 1, steps.length);
        strip.append(chips[step]);
      }
      continue;
    }
    canvases[modality] = across(make("canvas"), start, length, steps.length);
    strip.append(canvases[modality]);
  }
  const lit = make("i", { className: "mmd-lit", hidden: true });
  strip.append(lit);
  return { chips, canvases, lit };
}

/** Draw the picture, in its own shape, and the spectrogram; `hue` is the sound's colour. */
export function paintStrip(drawing, hue) {
  const { canvases, payload, places } = drawing;
  const ramps = { image: [GROUND, "#ffffff"], audio: [GROUND, hue, "#f6fff2"], video: [GROUND, "#ffffff"] };
  for (const [modality, canvas] of Object.entries(canvases)) {
    if (modality === "video") {
      paintFilm(canvas, unpack(payload.strip.video), ramps);
      continue;
    }
    const seen = coloured(unpack(payload.strip[modality]), ramps[modality]);
    if (modality === "audio") {
      Object.assign(canvas, { width: seen.width, height: seen.height });
      canvas.getContext("2d").drawImage(seen, 0, 0);
    } else {
      const { start, length } = runs(payload.steps).find((run) => run.modality === modality);
      drawing.slices = { start, ...inSlices(canvas, seen, length, places.strip) };
    }
  }
}

/** The mouth of each 80 ms, and below it the spectrogram of the same moments. */
function paintFilm(canvas, rows, ramps) {
  const half = rows.length / 2;
  const mouths = coloured(rows.slice(0, half), ramps.image);
  const sound = coloured(rows.slice(half), ramps.audio);
  Object.assign(canvas, { width: mouths.width, height: 2 * half });
  const context = canvas.getContext("2d");
  context.drawImage(mouths, 0, 0);
  context.drawImage(sound, 0, half);
}

/**
 * A picture in its own shape, cut into its slices, and a line from each to its step: stretched to the width of its
 * steps, an 8 reads as an infinity sign. Returns where the slices lie in the row; null where it has no width yet.
 */
function inSlices(canvas, seen, count, high) {
  const wide = canvas.parentElement.clientWidth * (parseFloat(canvas.style.width) / 100); // CSS pixels
  if (!wide) return null; // in a hidden tab: it is painted again when it opens
  const sharp = Math.min(4, Math.max(1, devicePixelRatio) * 2);
  Object.assign(canvas, { width: Math.round(wide * sharp), height: Math.round(high * sharp) });
  const context = canvas.getContext("2d");
  context.scale(sharp, sharp);
  const { height, slice, left } = slicesOf(seen, count, wide, high);
  context.fillStyle = BETWEEN;
  context.fillRect(left, 0, count * (slice + AIR) - AIR, height);
  const style = getComputedStyle(canvas);
  context.strokeStyle = style.getPropertyValue("--mm-image").trim();
  context.lineWidth = 1;
  for (let k = 0; k < count; k++) {
    const from = [(k * seen.width) / count, 0, seen.width / count, seen.height];
    const x = left + k * (slice + AIR);
    context.drawImage(seen, ...from, x, 0, slice, height);
    const [start, end] = [x + slice / 2, ((k + 0.5) * wide) / count];
    context.globalAlpha = 0.55;
    context.beginPath();
    context.moveTo(start, height + 1);
    context.bezierCurveTo(start, (height + high) / 2, end, (height + high) / 2, end, high);
    context.stroke();
    context.globalAlpha = 1;
  }
  return { height, slice, left: canvas.offsetLeft + left };
}

/** Frame the slice of the picture that a step is; of another step, or none, nothing. */
export function lightSlice({ lit, slices, payload }, step) {
  lit.hidden = !slices?.slice || payload.steps[step]?.modality !== "image";
  if (lit.hidden) return;
  lit.style.transform = `translateX(${slices.left + (step - slices.start) * (slices.slice + AIR)}px)`;
  Object.assign(lit.style, { width: `${slices.slice}px`, height: `${slices.height}px` });
}

/** Where the slices lie: how high and wide each is, and where the first begins. */
function slicesOf({ width, height }, count, wide, high) {
  const room = wide - AIR * (count - 1);
  const tall = Math.max(1, Math.min(high * (1 - FAN), (room * height) / width));
  const slice = (tall * width) / height / count;
  return { height: tall, slice, left: (wide - count * slice - AIR * (count - 1)) / 2 };
}

/** Rows of codes as a canvas of their size, in the colours of a ramp. */
function coloured(rows, ramp) {
  const canvas = make("canvas", { width: rows[0].length, height: rows.length });
  const stops = ramp.map(channels);
  const image = new ImageData(canvas.width, canvas.height);
  rows.forEach((row, y) =>
    row.forEach((value, x) => {
      const place = (value / 255) * (stops.length - 1);
      const k = Math.min(Math.floor(place), stops.length - 2);
      const rgb = stops[k].map((from, c) => from + (stops[k + 1][c] - from) * (place - k));
      image.data.set([...rgb, 255], 4 * (y * canvas.width + x));
    }),
  );
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** What depends on the width of a step, in pixels: the names of the bands, the direction of the words, and the ticks. */
export function fitStrip({ bands, strip, ticks }, { steps }, chips, width) {
  nameBands(bands);
  strip.classList.remove("mmd-upright");
  const cramped = chips.some((chip) => chip.firstChild.scrollWidth > chip.clientWidth - 3);
  strip.classList.toggle("mmd-upright", cramped);
  const marks = [];
  for (const { modality, start, length } of runs(steps)) {
    const list = { text: () => [], image: slices, audio: moments, video: filmed }[modality];
    for (const [place, text] of list(steps.slice(start, start + length), width)) {
      const mark = make("span", { className: `mmd-${modality}` }, text);
      mark.style.left = `${(100 * (start + place)) / steps.length}%`;
      marks.push(mark);
    }
  }
  ticks.replaceChildren(...marks);
}

/** A name may run on over the next band, whose own then makes room; one that finds none is left to the colour alone. */
function nameBands(bands) {
  let taken = 0; // so far, in pixels
  for (const band of bands.children) {
    const name = band.firstChild;
    const shift = Math.max(0, taken - band.offsetLeft);
    const end = band.offsetLeft + shift + name.offsetWidth;
    const fits = shift < band.offsetWidth && end <= bands.offsetWidth;
    name.style.left = `${shift}px`;
    name.style.visibility = fits ? "" : "hidden";
    if (fits) taken = end + 8;
  }
}

/** Numbers of slices: [[place in steps, text]]. */
function slices(steps, width) {
  const every = [1, 2, 5, 10].find((n) => n * width >= 18) ?? 20;
  return [...steps.keys()].filter((k) => k === 0 || (k + 1) % every === 0).map((k) => [k + 0.5, String(k + 1)]);
}

/** The same for lips and voice, two steps a moment. */
const filmed = (steps, width) => moments(steps.filter((_, k) => k % 2 === 0), 2 * width).map(([place, text]) => [2 * place, text]);

/** Round seconds, each where its moment is: [[place in steps, text]]. */
function moments(steps, width) {
  const pace = Math.max(...steps.map(({ span: [start, end] }) => end - start)); // seconds a step, but at the recording's edges
  const every = [0.1, 0.2, 0.5, 1, 2].find((seconds) => (seconds / pace) * width >= 40) ?? 5;
  const marks = [];
  steps.forEach(({ span: [start, end] }, k) => {
    const moment = Math.ceil(start / every - 1e-6) * every;
    if (moment < end - 1e-6) marks.push([k + (moment - start) / (end - start), `${Number(moment.toFixed(1))} s`]);
  });
  return marks;
}
