import assert from "node:assert/strict";
import test from "node:test";

import { load } from "./web.mjs";

const { keepInSight, under } = await load("cursor");
const { arrived, now, onResult } = await load("current");

const until = async (holds) => {
  if (holds()) return;
  await new Promise((resolve) => setTimeout(resolve, 5));
  await until(holds);
};

const sideways = (left, scrollLeft = 100) => {
  const scroll = { clientWidth: 500, scrollLeft };
  const time = { offsetLeft: 100, clientWidth: 2000 };
  const payload = { steps: Array.from({ length: 100 }) }; // of 20 pixels each
  keepInSight({ scroll, sheet: { offsetLeft: 0 }, time, step: left / 20, payload });
  return scroll.scrollLeft; // 400 pixels are left beside the names
};

test("it scrolls only where the cursor would be out of sight", () => {
  assert.deepEqual([100, 300, 480].map((left) => sideways(left)), [100, 100, 100]);
  assert.equal(sideways(60), -40); // a quarter of the room before it
  assert.equal(sideways(500), 220);
});

test("what an event points at lies within the steps", () => {
  const drawing = {
    places: { rows: { units: { top: 0, height: 100 } } },
    payload: { steps: [1, 2, 3, 4] },
    time: { getBoundingClientRect: () => ({ left: 100, top: 0, width: 400 }), offsetWidth: 400 },
    units: [6, 5],
  };
  const at = (clientX, clientY) => under(drawing, { clientX, clientY });
  assert.deepEqual(at(100, 10), { step: 0, unit: 6 });
  assert.deepEqual(at(299, 60), { step: 1, unit: 5 });
  assert.deepEqual([at(20, 0).step, at(900, 0).step], [0, 3]);
});

test("what has come is drawn before whoever listens is told, and of two that come at once only the second", async () => {
  const done = [];
  const end = onResult(() => done.push("told"));
  arrived({ figure: 1 }, () => done.push("first"));
  arrived({ figure: 2 }, () => done.push("second"));
  assert.deepEqual(done, []);
  await until(() => done.at(-1) === "told");
  end();
  assert.deepEqual(done, ["second", "told"]);
});

test("answer and drawing come one after the other, and whoever listens is told once, of both", async () => {
  const told = [];
  const end = onResult((current) => told.push({ ...current }));
  arrived({ said: 1 });
  arrived({ figure: 2 });
  assert.deepEqual([now().said, now().figure], [1, 2]);
  await until(() => told.length);
  end();
  arrived({ said: 3 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(told.map(({ said, figure }) => [said, figure]), [[1, 2]]);
});
