/** Sound in pieces of 80 ms: of the microphone, as it is, or of a recording. None of it leaves the browser. */

const RATE = 16_000;
const AS_IT_IS = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** What went wrong, by the name of the browser's error: `denied`, `none` or `busy`. */
const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Ask the browser for a device. What it refuses is an error whose message is the reason. */
export async function ask(wanted) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia(wanted);
  } catch (error) {
    throw new Error(REASONS[error.name] ?? "denied", { cause: error });
  }
}

/**
 * Listen to the microphone.
 *
 * @param {string} listener - the address of the AudioWorklet's file.
 * @param {{heard: function(Float32Array), ended: function()}} told - gets the pieces; `ended` is called if it is taken away.
 * @returns {Promise<function()>} what ends it; its `hold(on)` holds it for a while.
 */
export async function listen(listener, { heard, ended }) {
  const stream = await ask({ audio: AS_IT_IS });
  const [track] = stream.getAudioTracks();
  const off = () => track.stop();
  track.addEventListener("ended", ended);
  try {
    const stop = await through(listener, heard, async (context) => context.createMediaStreamSource(stream));
    return Object.assign(() => (off(), stop()), { hold: stop.hold });
  } catch (error) {
    off();
    throw error;
  }
}

/**
 * Play a recording, from its beginning again when it ends, and listen to it.
 *
 * @param {string} recording - its address.
 * @returns {Promise<function()>} what ends it; its `hold(on)` holds it for a while.
 */
export async function play(listener, recording, { heard }) {
  const answer = await fetch(recording);
  if (!answer.ok) throw new Error("none");
  const bytes = await answer.arrayBuffer();
  let source = null;
  const stop = await through(listener, heard, async (context) => {
    source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.slice(0));
    source.loop = true;
    source.connect(context.destination);
    source.start();
    return source;
  });
  return Object.assign(() => (source.stop(), stop()), { hold: stop.hold });
}

/** Lead a source through the worklet. At 16,000 samples a second, or at the device's own rate where a browser wants that. */
async function through(listener, heard, sourceOf) {
  let context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
  let source = null;
  try {
    source = await sourceOf(context);
  } catch {
    await context.close();
    context = new AudioContext({ latencyHint: "interactive" }); // Firefox joins no rates
    source = await sourceOf(context);
  }
  try {
    await context.audioWorklet.addModule(listener);
  } catch (error) {
    await context.close(); // or a recording would play on that nobody listens to
    throw error;
  }
  const node = new AudioWorkletNode(context, "mm-listener", { numberOfInputs: 1, numberOfOutputs: 1 });
  node.port.addEventListener("message", ({ data }) => heard(data));
  node.port.start();
  source.connect(node).connect(context.destination); // it is silent; without a way out, Safari lets it rest
  await context.resume();
  let held = false;
  const goOn = () => context.state === "closed" || context.resume().catch(() => {}); // it is still interrupted
  context.addEventListener("statechange", () => held || context.state === "running" || goOn()); // a call came in
  const stop = () => {
    node.port.close();
    context.close();
  };
  return Object.assign(stop, {
    hold(on) {
      held = on;
      return on ? context.suspend() : goOn();
    },
  });
}
