/** What the model saw of each input: the words, the photo with the box that was read, the waveform with its speech. */

import { now } from "../core/current.js";
import { make, soundless, svg } from "../core/dom.js";
import { say } from "../core/words.js";
import { film } from "./offsets.js";

const FOLLOW = 30; // milliseconds between two looks at where the sound is

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

/** What was seen of an input, by its modality: (seen, tell, value) => elements; without `tell` nothing can be pressed. */
export const SEEN = { text: tokens, image: photo, audio: wave, video: film };
