/**
 * What a session can be asked, in messages; the same in a Worker and without one.
 *
 *     {ask: "open", weights: ArrayBuffer, forgetful}                 a new session
 *     {ask: "hear", samples: Float32Array}                           sound, 16,000 samples a second
 *     {ask: "wait", count}                                           steps of quiet, where there is no microphone
 *     {ask: "read", steps: Float32Array, modality, seen: [...]}      words or a picture, as the server's steps
 *     {ask: "remember", leak}                                        0 to 1, on every forget gate
 *     {ask: "look"}                                                  the last minute
 *     {ask: "reset"}                                                 forget all
 *
 * Every message is answered, in order, by {ask, steps: [...], milliseconds}; `open` by what the task is, `about`, as
 * well. What fails is answered by {ask, error}.
 */

import { Session } from "./session.js";
import { unpack } from "./weights.js";

/**
 * Make what answers messages.
 *
 * @param {function(object)} post - gets the answers.
 * @returns {function(object)} takes the messages.
 */
export function answering(post) {
  let session = null;
  const doing = {
    open({ weights, forgetful }) {
      session = new Session(unpack(weights), forgetful);
      return { about: session.about };
    },
    hear: ({ samples }) => ({ steps: session.hear(samples) }),
    wait: ({ count }) => ({ steps: session.wait(count) }),
    read: ({ steps, modality, seen }) => ({ steps: session.readAll(steps, modality, seen) }),
    remember: ({ leak }) => session.remember(leak),
    look: () => ({ steps: session.kept }),
    reset: () => session.reset(),
  };
  return (message) => {
    const start = performance.now();
    try {
      if (!session && message.ask !== "open") throw new Error("No session is open.");
      const answer = doing[message.ask](message);
      post({ ask: message.ask, steps: [], ...answer, milliseconds: performance.now() - start });
    } catch (error) {
      post({ ask: message.ask, error: String(error.message ?? error) });
    }
  };
}
