/** Questions to the server, each with a number, and their answers, which all come back through one part of the page. */

import { valueOf } from "./dom.js";
import { say } from "./words.js";

const waiting = new Map(); // the number of a question -> what waits for its answer
const PATIENCE = 30_000; // milliseconds, after which a question counts as lost
let questions = 0;
let before = Promise.resolve(); // one question at a time: two answers at once would arrive as one

/** A function that asks through a part's `tell` and promises the answer; a refusal is an error that has words. */
export function asker(tell) {
  const put = (question) =>
    new Promise((resolve, reject) => {
      questions += 1;
      const number = questions;
      waiting.set(number, { resolve, reject });
      setTimeout(() => waiting.delete(number) && reject(new Error(say("ask.lost"))), PATIENCE);
      tell({ ...question, number });
    });
  return (question) => {
    const answered = before.then(() => put(question));
    before = answered.catch(() => {});
    return answered;
  };
}

/** The same where there is no server: the answers were kept, and `knows` says whether a question's is among them. */
export function recaller(replies) {
  const find = (question) => replies.find((reply) => Object.entries(question).every(([key, value]) => reply[key] === value));
  const ask = (question) => (ask.knows(question) ? Promise.resolve(find(question)) : Promise.reject(new Error(say("ask.lost"))));
  ask.knows = (question) => Boolean(find(question));
  return ask;
}

/** The part of the page through which the answers come. */
export function replies({ props, watch }) {
  watch("value", () => {
    const value = valueOf(props);
    const { resolve, reject } = waiting.get(value?.number) ?? {};
    waiting.delete(value?.number);
    if (value?.refused) reject?.(new Error(say(value.refused.key, value.refused.values)));
    else resolve?.(value);
  });
}
