/**
 * Gradio asks nothing any more of a server that it once lost, and makes the whole page anew as soon as that server is
 * found again. A live session would be gone with it, though sound needs no server. So while there is one, the server counts
 * as not found yet.
 */

const FOUND = /\/app_id$/; // what Gradio asks for every two seconds until it is answered

/**
 * @param {function(): boolean} lives - whether there is something to lose.
 * @param {function()} lost - called again and again while the page stays for it.
 */
export function stay(lives, lost) {
  const ask = window.fetch;
  window.fetch = (asked, ...rest) => {
    if (!FOUND.test(new URL(asked.url ?? asked, document.baseURI).pathname) || !lives()) return ask(asked, ...rest);
    lost();
    return Promise.reject(new TypeError("A live session goes on."));
  };
}
