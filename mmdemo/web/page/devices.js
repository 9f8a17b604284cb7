/** Camera and microphone: what to do when they do not work, in sight beside them. */

import { attempt } from "../core/dom.js";
import { onLanguage, say } from "../core/words.js";

const DEVICES = { image: "videoinput", audio: "audioinput", video: "videoinput" };
const NEEDS = { image: ["video"], audio: ["audio"], video: ["video", "audio"] };
const troubles = { image: null, audio: null, video: null };
const listeners = new Set();

/** What may go wrong, by the name of the browser's error. */
const NAMES = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** One line under an input: how to use it, or what is wrong and what to do. */
export function help({ element, props }) {
  const modality = JSON.parse(props.value);
  const line = element.firstElementChild;
  const show = () => {
    const trouble = troubles[modality];
    line.textContent = say(`help.${modality}${trouble ? `_${trouble}` : ""}`);
    line.classList.toggle("mm-trouble", Boolean(trouble));
    line.role = trouble ? "alert" : null;
  };
  listeners.add(show);
  onLanguage(show);
  show();
  if (modality in DEVICES) look(modality);
}

function report(modality, trouble) {
  troubles[modality] = trouble;
  for (const show of listeners) attempt(show);
}

/** What can be known before anybody asks for the device. */
async function look(modality) {
  const media = navigator.mediaDevices;
  if (!media) return report(modality, "insecure");
  const devices = await media.enumerateDevices();
  return report(modality, devices.some(({ kind }) => kind === DEVICES[modality]) ? null : "none");
}

/** Gradio asks the browser and says nothing when it refuses: listen in. */
function listenIn(media) {
  const ask = media.getUserMedia.bind(media);
  media.getUserMedia = async (wanted) => {
    const modalities = Object.keys(NEEDS).filter((modality) => NEEDS[modality].some((kind) => wanted[kind]));
    try {
      const stream = await ask(wanted);
      for (const modality of modalities) report(modality, null);
      return stream;
    } catch (error) {
      for (const modality of modalities) report(modality, NAMES[error.name] ?? "denied");
      throw error;
    }
  };
}

if (navigator.mediaDevices?.getUserMedia) listenIn(navigator.mediaDevices);
