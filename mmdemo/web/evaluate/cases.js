/** The test cases behind a cell of the confusion matrix: seen, heard, and read again on the page. */

import { make, soundless } from "../core/dom.js";
import { percent, say } from "../core/words.js";

/** Put the cases of a cell into `place`; `ask` and `choose` are the evaluation's (evaluation.js). */
export async function listCases(place, { modality, truth, guess, count, labels, ask, choose }) {
  const wait = make("p", { className: "mmh-note" }, say("inspect.wait"));
  const outrun = () => wait.parentElement !== place; // something else was chosen meanwhile
  place.replaceChildren(wait);
  try {
    const { cases, kept, shows } = await ask({ ask: "cell", modality, truth, guess });
    if (outrun()) return;
    const title = say(truth === guess ? "evaluate.cell_right" : "evaluate.cell_wrong", { truth: labels[truth], guess: labels[guess] });
    const items = cases.map((one) => item(modality, one, { ask, choose }));
    const note = kept ? say("evaluate.shown", { shown: cases.length, count }) : say("evaluate.none_kept");
    place.replaceChildren(
      make("h4", {}, title),
      make("p", { className: "mmh-note" }, note),
      ...(cases.every(({ here }) => here) ? [] : [make("p", { className: "mm-warn mme-elsewhere" }, say(shows ? "evaluate.no_data" : "evaluate.not_shown", { variable: "MMDEMO_DATA" }))]),
      make("ol", { className: `mme-cases mme-cases-${shows ? modality : "text"}` }, ...items),
    );
  } catch (error) {
    if (!outrun()) place.replaceChildren(make("p", { className: "mm-warn" }, error.message));
  }
}

/** One case: what was given, how probable the answer was, and a way to read it on the page. */
function item(modality, { number, probability, reference, here, picture }, { ask, choose }) {
  const parts = { image: () => (picture ? make("img", { src: picture, alt: reference }) : null), audio: () => (here ? player(number, ask) : null), text: () => (here ? make("q", {}, reference) : null), video: () => null };
  const shown = parts[modality]() ?? make("code", {}, reference || "–");
  const read = make("button", { type: "button", className: "mm-inline" }, say("evaluate.read"));
  read.addEventListener("click", () => choose({ modality, number }));
  const line = make("span", { className: "mme-line-of" }, make("span", { title: reference }, percent(probability)), here ? read : null);
  return make("li", {}, shown, line);
}

/** Plays one recording, which is fetched when it is first asked for. */
function player(number, ask) {
  const button = make("button", { type: "button", className: "mm-chipped" }, `▶ ${say("evaluate.play")}`);
  let audio = null;
  button.addEventListener("click", async () => {
    const sound = audio ?? soundless();
    try {
      if (!audio) sound.src = (await ask({ ask: "case", modality: "audio", number })).url;
      audio = sound;
      audio.currentTime = 0;
      await audio.play();
    } catch (error) {
      button.textContent = error.message;
    }
  });
  return button;
}
