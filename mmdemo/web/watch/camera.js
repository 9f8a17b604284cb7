/** A small picture of the camera's now and then: once a second if it has changed, and sometimes if it has not. */

import { make } from "../core/dom.js";
import { ask } from "./microphone.js";

const [WIDTH, HEIGHT] = [320, 240];
const EVERY = 1000; // milliseconds between two looks
const AGAIN = 5; // looks after which the same picture is read again
const SMALL = { width: 32, height: 24 }; // that two pictures are compared in
const CHANGED = 6; // levels of 255 that they differ by on average
const QUALITY = 0.8;

/**
 * Look through the camera.
 *
 * @param {HTMLVideoElement} video - shows what it sees.
 * @param {{seen: function({jpeg: string}): Promise, ended: function()}} told - gets the
 *   pictures, one at a time, as base64; `ended` is called if the camera is taken away.
 * @returns {Promise<function()>} what ends it.
 */
export async function look(video, { seen, ended }) {
  const stream = await ask({ video: { width: { ideal: 640 }, height: { ideal: 480 } } });
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", ended);
  video.srcObject = stream;
  video.muted = true;
  await video.play().catch(() => {}); // it was ended at once
  const change = changes();
  const picture = make("canvas", { width: WIDTH, height: HEIGHT }); // one for all, or they would pile up
  let busy = false;
  const timer = setInterval(async () => {
    if (busy || document.hidden || !video.videoWidth) return;
    take(video, picture);
    if (!change(picture)) return;
    busy = true;
    try {
      await seen({ jpeg: await base64(picture) });
    } finally {
      busy = false;
    }
  }, EVERY);
  return () => {
    clearInterval(timer);
    track.stop();
    if (video.srcObject === stream) video.srcObject = null; // another one may look by now
  };
}

/** What the camera shows, as much of it as has the shape of 320 x 240, drawn on a canvas of that size. */
function take(video, canvas) {
  const { videoWidth: wide, videoHeight: high } = video;
  const scale = Math.max(WIDTH / wide, HEIGHT / high);
  const [width, height] = [WIDTH / scale, HEIGHT / scale];
  canvas.getContext("2d").drawImage(video, (wide - width) / 2, (high - height) / 2, width, height, 0, 0, WIDTH, HEIGHT);
}

/** Whether a picture is worth a look: it is another one than the last that was, or that was a while ago. */
function changes() {
  let before = null;
  let looks = 0;
  const context = make("canvas", SMALL).getContext("2d", { willReadFrequently: true });
  return (picture) => {
    context.drawImage(picture, 0, 0, SMALL.width, SMALL.height);
    const { data } = context.getImageData(0, 0, SMALL.width, SMALL.height);
    looks += 1;
    const changed = !before || data.reduce((sum, value, k) => sum + Math.abs(value - before[k]), 0) / (0.75 * data.length) > CHANGED;
    if (!changed && looks < AGAIN) return false;
    [before, looks] = [data, 0];
    return true;
  };
}

async function base64(canvas) {
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
