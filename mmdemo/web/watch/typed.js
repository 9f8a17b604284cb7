/** Words as they are typed: each is read once, when it is finished. */

const END = /[\s.,;:!?，。；：！？、]/u; // after which a word is finished
const WIDE = /[\u3400-\u9fff]/u; // is a word without a space around it

/**
 * What of a text is finished and has not been read yet.
 *
 * @param {string} text - all that stands there.
 * @param {number} read - how many characters of it were read already.
 * @param {boolean} [all] - the rest counts as finished, too: Enter was pressed, or nothing has come for a while.
 * @returns {{words: string, read: number}} what to read now, "" for nothing, and how much has been read with it.
 */
export function finished(text, read, all = false) {
  const start = Math.min(read, text.length); // some of it may have been taken away again
  const last = text.split("").findLastIndex((sign) => END.test(sign) || WIDE.test(sign)) + 1;
  const end = all ? text.length : Math.max(start, last);
  const words = text.slice(start, end).trim();
  return { words: /[\p{L}\p{N}]/u.test(words) ? words : "", read: end };
}
