/** The three inputs of a session: words that are typed, the camera, the microphone; and what starts and stops it all. */

import { make, put } from "../core/dom.js";
import { explain, term } from "../core/tooltip.js";
import { say } from "../core/words.js";

const PAUSE = 900; // milliseconds after which what was typed last counts as finished
const QUIETEST = -60; // dB of full scale, where the bar of the microphone begins

/** Minutes and seconds. */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/**
 * Make them.
 *
 * @param {{typed: function(boolean), turned: function(string), went: function(), chose: function()}} does - something was
 *   typed (true: and finished), a device's switch was pressed, Start or Stop was, and the recording was chosen.
 */
export function cards({ typed, turned, went, chose }) {
  const text = make("textarea", { rows: 1, maxLength: 2000, spellcheck: false });
  let pausing = null;
  text.addEventListener("input", ({ isComposing }) => {
    clearTimeout(pausing);
    if (isComposing) return;
    typed(false);
    pausing = setTimeout(() => typed(true), PAUSE);
  });
  text.addEventListener("compositionend", () => typed(false));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    typed(true);
  });
  const video = make("video", { muted: true, playsInline: true, hidden: true, ariaHidden: "true" });
  const meter = make("i");
  const bar = make("div", { className: "mmw-meter", role: "meter", ariaValueMin: "0", ariaValueMax: "100" }, meter);
  const go = make("button", { type: "button", className: "mmw-go" });
  go.addEventListener("click", went);
  const recording = make("button", { type: "button", className: "mm-inline mmw-play" });
  recording.addEventListener("click", chose);

  const made = { text: card("text", text), image: card("image", video), audio: card("audio", bar) };
  for (const modality of ["image", "audio"]) made[modality].toggle.addEventListener("click", () => turned(modality));
  made.audio.foot.append(recording);
  const element = make("div", { className: "mmw-cards" }, made.text.card, made.image.card, made.audio.card, go);
  let last = null;

  /** Show how things are: see `live.js`. */
  const show = (state) => {
    last = state;
    const { running, seconds, devices, lines, hears, plays } = state;
    element.classList.toggle("mmw-running", running);
    for (const [modality, { head, line, toggle }] of Object.entries(made)) {
      const wanted = say(`live.card_${modality}`);
      if (head.textContent !== wanted) {
        head.replaceChildren(term(wanted, say(`live.card_${modality}_about`)));
        explain(toggle, say(`live.turn_about_${modality}`));
      }
      const said = lines[modality] ? say(lines[modality].key, lines[modality].values) : "";
      const about = lines[modality]?.about;
      if (line.textContent !== said) line.replaceChildren(about ? term(said, say(about.key, about.values)) : said);
      line.className = `mmw-line${lines[modality]?.trouble ? " mm-trouble" : ""}`;
      line.role = lines[modality]?.trouble ? "alert" : null;
      toggle.hidden = modality === "text" || !running || (modality === "audio" && !hears);
      toggle.ariaChecked = String(devices[modality]);
      toggle.ariaLabel = say(`live.switch_${modality}`);
    }
    video.hidden = !devices.image;
    bar.hidden = !devices.audio;
    recording.hidden = !running || !hears;
    put(recording, say(plays ? "live.play_stop" : "live.play"));
    explain(recording, say("live.play_about"));
    text.placeholder = say("live.type");
    text.ariaLabel = say("live.type_label");
    bar.ariaLabel = say("live.loudness");
    const words = say(running ? "live.stop" : "live.start");
    if (go.dataset.words !== words) {
      go.dataset.words = words;
      go.replaceChildren(make("b", {}, words), make("small"));
      explain(go, say("live.go_about"));
    }
    go.classList.toggle("mmw-stop", running);
    put(go.lastChild, running ? clock(seconds) : "");
  };

  return {
    element,
    text,
    video,
    go,
    show,
    retell: () => {
      for (const { head } of Object.values(made)) head.replaceChildren();
      if (last) show(last);
    },
    /** How loud it is, by the root of the mean square of a piece. */
    loud(size) {
      const share = Math.max(0, Math.min(1, 1 - (20 * Math.log10(size + 1e-9)) / QUIETEST));
      meter.style.transform = `scaleX(${share.toFixed(3)})`;
      bar.ariaValueNow = String(Math.round(100 * share));
    },
  };
}

/** A card: its name, its switch, what is in it, and a line that says what is wrong or what becomes of it. */
function card(modality, content) {
  const head = make("h2");
  const toggle = make("button", { type: "button", className: "mmw-switch", role: "switch", hidden: true });
  const line = make("p", { className: "mmw-line" });
  const foot = make("div", { className: "mmw-foot" }, line);
  const whole = make("section", { className: `mm-card mmw-card mm-of-${modality}` }, make("div", { className: "mmw-head" }, head, toggle), content, foot);
  return { card: whole, head, toggle, line, foot };
}
