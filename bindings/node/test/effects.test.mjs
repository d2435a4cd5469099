// A loop over effects: done on the next turn, and failed where the loop is left.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import * as tenure from "../lib/index.mjs";
import { ask, granted, jonas, later, maria, opened, policy, refusal } from "./house.mjs";

const { millisOf } = createRequire(import.meta.url)("../lib/span.js");
const worker = "w1";
const events = async (access, kind) =>
  (await access.records()).records.filter((record) => JSON.stringify(record).includes(kind)).length;
const left = (access) => access.takeEffects({ worker: "other", lease: "1s", integration: "prod-pg" });

test("an effect is done when the next one is asked for", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  const kinds = [];
  for await (const effect of access.effects({ worker })) {
    assert.equal(effect.reported, false);
    assert.equal(effect.worker, worker);
    assert.deepEqual(effect.leaseUntil, later(1));
    kinds.push(Object.keys(effect.order)[0]);
  }
  assert.ok(kinds.includes("hold") && kinds.includes("tell"), `${kinds}`);
  assert.equal((await access.look({ grant: "g1" })).enforcement, "applied");
  await access.setClock(later(2));
  assert.deepEqual(await left(access), []);
});

for (const [how, leave] of [
  ["an error", () => { throw new Error("no route"); }],
  ["a break", () => "break"],
  ["a return", () => "return"],
]) {
  test(`an effect whose loop is left by ${how} has failed, and comes again`, async () => {
    const access = await opened();
    await granted(access, { grant: "g1" });
    let first;
    const loop = async () => {
      for await (const effect of access.effects({ worker, integration: "prod-pg" })) {
        first = effect;
        const left = leave();
        if (left === "break") break;
        if (left === "return") return;
      }
    };
    const outcome = await loop().catch((error) => error);
    if (how === "an error") assert.equal(outcome.message, "no route");
    assert.equal(first.reported, true);
    assert.equal((await access.look({ grant: "g1" })).enforcement, "applying");
    // Its pause is shorter than its lease was: it was given back, not forgotten.
    await access.setClock(later(0.9));
    const [again] = await left(access);
    assert.deepEqual([again.id, again.attempt], [first.id, 2]);
  });
}

test("whoever says what came of it is not contradicted", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  for await (const effect of access.effects({ worker, integration: "prod-pg" })) {
    const grant = await effect.done({ alreadyHeld: effect.order.hold.items.map(({ item }) => item) });
    assert.equal(grant.enforcement, "applied");
    break;
  }
  assert.equal((await access.look({ grant: "g1" })).enforcement, "applied");
  await access.giveBack({ grant: "g1", actor: maria });
  for await (const effect of access.effects({ worker, integration: "prod-pg" })) {
    await effect.failed(new Error("gone for good"), { final: true });
  }
  assert.equal((await access.look({ grant: "g1" })).enforcement, "removed");
});

test("what failed for good is stuck, with its reason on record", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  for await (const effect of access.effects({ worker, integration: "prod-pg" })) {
    await effect.failed(new Error("the account is gone"), { final: true });
  }
  assert.equal((await access.look({ grant: "g1" })).enforcement, "stuck_applying");
  assert.ok((await events(access, "the account is gone")) > 0);
});

test("what failed is told though its words are no text, too many, or none", async () => {
  for (const [error, words] of [
    ["no file \udcff.csv", "no file \ufffd.csv"],
    [new Error("no file \ud800"), "no file \ufffd"],
    [new Error("x".repeat(5_000)), "x".repeat(1_000)],
    ["\u{1f600}".repeat(501), "\u{1f600}".repeat(500)],
    [`x${"\u{1f600}".repeat(500)}`, `x${"\u{1f600}".repeat(499)}\ufffd`],
    [new Error(""), "no words"],
  ]) {
    const access = await opened();
    await granted(access, { grant: "g1" });
    for await (const effect of access.effects({ worker, integration: "prod-pg" })) {
      await effect.failed(error, { final: true });
    }
    const { records } = await access.history({ grant: "g1" });
    assert.deepEqual(records.filter(({ event }) => event === "effect_failed").map(({ error }) => error), [words]);
  }
});

test("an effect whose lease ran out comes again, and the loop hears so", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  const loop = async () => {
    for await (const effect of access.effects({ worker, integration: "prod-pg" })) {
      await access.setClock(new Date(effect.leaseUntil.getTime() + 1));
    }
  };
  assert.equal((await refusal(loop())).code, "effect.not_leased");
  assert.equal((await left(access)).length, 1);
  assert.equal((await access.look({ grant: "g1" })).enforcement, "applying");
});

test("a loop that polls waits for what comes, until it is told to stop", async () => {
  const access = await opened();
  const stop = new AbortController();
  const seen = [];
  const loop = (async () => {
    for await (const effect of access.effects({ worker, integration: "prod-pg", poll: 5, signal: stop.signal })) {
      seen.push(effect.kind);
      stop.abort();
    }
  })();
  await granted(access, { grant: "g1" });
  await loop;
  assert.deepEqual(seen, ["provision"]);
  assert.equal((await access.look({ grant: "g1" })).enforcement, "applied");
});

test("a loop without a worker, or over a store that is closed, says so", async () => {
  const access = await opened();
  const first = (options) => refusal(access.effects(options).next());
  assert.equal((await first()).code, "missing_field");
  assert.equal((await first({ worker, lease: "soon" })).code, "out_of_range");
  await access.close();
  assert.equal((await first({ worker })).code, "closed");
  assert.equal((await refusal(access.approve({ grant: "g", actor: jonas }))).code, "closed");
});

test("an option that there is not is told, and nothing is taken", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  for (const [options, code, path] of [
    [{ worker, integraton: "prod-pg" }, "unknown_field", "integraton"],
    [{ worker, limit: 1 }, "unknown_field", "limit"],
    [new Map([["worker", worker]]), "wrong_type", ""],
    [null, "wrong_type", ""],
    ["w1", "wrong_type", ""],
    [{ worker, integration: 7 }, "wrong_type", "integration"],
    [{ worker, poll: "5s", signal: 5 }, "wrong_type", "signal"],
    [{ worker, poll: "5s", signal: {} }, "wrong_type", "signal"],
  ]) {
    const error = await refusal(access.effects(options).next());
    assert.ok(error instanceof tenure.InvalidPolicy, `${error}`);
    assert.deepEqual([error.code, error.problems[0].path], [code, path], error.message);
  }
  const { message } = await refusal(access.effects({ worker, integraton: "prod-pg" }).next());
  const words = "there are `worker`, `lease`, `integration`, `poll`, `signal`";
  assert.equal(message, `\`integraton\`: there is no field \`integraton\`; ${words}`);
  assert.equal((await left(access)).length, 1);
});

test("a report with an option that there is not is none", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  for await (const effect of access.effects({ worker, integration: "prod-pg" })) {
    for (const report of [effect.done({ alreadyheld: [] }), effect.failed("no route", { finall: true }), effect.done(7)]) {
      assert.ok((await refusal(report)) instanceof tenure.InvalidPolicy);
      assert.equal(effect.reported, false);
    }
    await effect.failed("no route", { final: true });
  }
  assert.equal((await access.look({ grant: "g1" })).enforcement, "stuck_applying");
});

test("a loop polls after a span, and says what is none in the words of a lease", { timeout: 60_000 }, async () => {
  const access = await opened();
  const aborted = AbortSignal.abort();
  const outcome = (promise) => promise.then(() => "right", ({ code, problems: [{ message }] }) => [code, message]);
  for (const span of [
    ...[1, 250, "5s", " 5s ", "250ms", "1h 30m", "2d 3h", "PT30M", "P1DT2H", "P1D", "PT1S", "9999999999d"],
    ...["", " ", "soon", "5", "5 s", "-5s", "1h30m", "30m 1h", "1m 1m", "1.5s", "P", "PT", "P1DT", "P1Y", "PT1.5S", "1M", "5S"],
    ...[-1, -1.5, 1.5, Number.NaN, Number.POSITIVE_INFINITY, null, true, {}, [], 7n, new Date()],
  ]) {
    const polled = await outcome(access.effects({ worker, poll: span, signal: aborted }).next());
    const leased = await outcome(access.takeEffects({ worker, lease: span }));
    assert.equal(polled === "right", leased === "right", `${String(span)}: ${polled}; ${leased}`);
    if (typeof span === "string") assert.deepEqual(polled, leased);
  }
  for (const never of [0, "0s"]) {
    assert.equal((await outcome(access.effects({ worker, poll: never, signal: aborted }).next()))[0], "out_of_range");
  }
});

test("a loop waits for as long as a span of the same words lasts in a call", async () => {
  const flows = policy.flows.map((flow) => ({ ...flow, duration: { max: "30d" } }));
  const access = await opened({ policy: { version: 1, flows } });
  for (const span of [60_000, "95s", "60250ms", " 90s ", "1h 30m", "2d 3h 4m 5s 6ms", "PT30M", "P1DT2H", "P2DT3H4M5S", "P3D"]) {
    const { asked } = await access.request(ask({ span, reason: `${span}` }));
    assert.equal(millisOf(span, "poll"), asked, `${span}`);
  }
});

test("a loop that polls rests between its questions, however long it is told to", async () => {
  for (const poll of ["100ms", "30d"]) {
    const stop = new AbortController();
    let asked = 0;
    const idle = { takeEffects: async () => ((asked += 1), []) };
    const loop = tenure.Access.prototype.effects.call(idle, { worker, poll, signal: stop.signal }).next();
    setTimeout(() => stop.abort(), 250);
    assert.equal((await loop).done, true);
    assert.ok(asked >= 1 && asked <= 3, `${poll}: ${asked}`);
  }
});
