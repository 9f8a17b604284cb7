/**
 * Play: the cursor runs through the steps, through those of a sound together with the sound itself, and the ledger stands
 * as it stood at each of them.
 */

import { send, soundless } from "../core/dom.js";
import { unpack } from "../core/packed.js";
import { keepInSight, point } from "./cursor.js";
import { showGrowing, showLedger } from "./ledger.js";

const PACE = { text: 350, image: 120, audio: 80, video: 40 }; // milliseconds a step; a sound that is heard sets its own
const LOOK = 30; // milliseconds between two looks at where the sound is
const PATIENCE = 3000; // milliseconds to wait for the sound: then it goes on without

/** Run from the cursor on, or from the start where there is none or nothing is left. */
export function play(drawing) {
  if (drawing.player) return;
  const { payload, step, unread, about, against } = drawing;
  const last = payload.steps.length - 1;
  const player = {}; // while it is the drawing's, this run goes on
  drawing.player = player;
  drawing.sound ??= fetchSound(drawing, soundless());
  player.rows = null;
  if (drawing.rows?.about !== about || drawing.rows.against !== against) drawing.rows = { about, against, fetched: fetchRows(drawing) };
  drawing.rows.fetched.then((rows) => (player.rows = rows));
  showPlayer(drawing);
  unread.hidden = false;
  send(drawing, "play", { playing: true });
  visit(drawing, player, step === null || step === last ? 0 : step);
}

export function pause(drawing) {
  if (!drawing.player) return;
  drawing.player.audio?.pause();
  drawing.player = null;
  drawing.unread.hidden = true;
  showLedger(drawing);
  showPlayer(drawing);
  send(drawing, "play", { playing: false });
}

/** The button's words. */
export function showPlayer({ button, player, say }) {
  const word = say(player ? "pause" : "play");
  button.replaceChildren(word);
  button.classList.toggle("mmd-playing", Boolean(player));
}

/** Show a step, and go on to the next one when its time is over. */
async function visit(drawing, player, step) {
  const { steps } = drawing.payload;
  if (drawing.player !== player) return;
  if (step === steps.length) {
    pause(drawing);
    return;
  }
  point(drawing, step);
  keepInSight(drawing);
  if (player.rows && !drawing.seen) showGrowing(drawing, player.rows, step);
  const { modality, span } = steps[step];
  const next = () => visit(drawing, player, step + 1);
  if (modality === "audio" || modality === "video") {
    player.audio ??= await starts(await drawing.sound, span[0]);
    if (drawing.player !== player) player.audio?.pause(); // it was stopped while the sound was on its way
  } else {
    player.audio?.pause();
    player.audio = null;
  }
  if (player.audio && !player.audio.paused) whenHeard(drawing, player, modality === "video" ? (span[0] + span[1]) / 2 : span[1], next);
  else setTimeout(next, PACE[modality]);
}

/** Wait until the sound has come to a moment, or does not go on. */
function whenHeard(drawing, player, seconds, next) {
  const { audio } = player;
  if (audio.currentTime >= seconds || audio.paused || drawing.player !== player) next();
  else setTimeout(() => whenHeard(drawing, player, seconds, next), LOOK);
}

/** Start the sound at a moment -> the sound, or null where there is none or the browser refuses. */
async function starts(audio, seconds) {
  if (!audio) return null;
  audio.currentTime = seconds;
  try {
    await audio.play();
    return audio;
  } catch {
    return null;
  }
}

/** The recording as it was heard; null where there is none, nobody to ask, or no answer in time: the next Play asks again. */
async function fetchSound(drawing, audio) {
  const { ask, payload } = drawing;
  if (!ask || payload.steps.every(({ modality }) => modality !== "audio" && modality !== "video")) return null;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, null));
  try {
    const answer = await Promise.race([ask({ ask: "sound" }), late]);
    if (answer) return Object.assign(audio, { src: answer.url });
  } catch {
    // it is asked again, too
  }
  drawing.sound = null;
  return null;
}

/** The ledger as seen from every step, a row for each; null where nobody knows. The opening brings its own. */
async function fetchRows(drawing) {
  const { ask, payload, about, against } = drawing;
  const known = payload.seen;
  if (known?.about === about && known.against === against) return unpack(known.steps);
  if (!ask || payload.opening) return null;
  try {
    return unpack((await ask({ ask: "triangle", about, against })).steps);
  } catch {
    drawing.rows = null; // the next Play asks again
    return null;
  }
}
