/** The Worker of a live session: a file of its own, which `connect.js` starts. */

import { answering } from "./protocol.js";

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a Worker's own has no such argument
const answer = answering((message) => self.postMessage(message));
self.addEventListener("message", ({ data }) => answer(data));
