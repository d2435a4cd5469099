// A loop over effects: done on the next turn, and failed where the loop is left.

import assert from "node:assert/strict";
import { test } from "node:test";

import { granted, jonas, later, maria, opened, refusal } from "./house.mjs";

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
