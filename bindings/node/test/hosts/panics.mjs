// A library that was built to panic: every form of call is a fault, and the process goes on.
//
//   panics.mjs INDEX     the `index.js` beside such a library

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const tenure = createRequire(import.meta.url)(process.argv[2]);
const { Fault } = tenure;
const access = await tenure.open(":memory:");
const held = { person: "PANIC", resource: { integration: "pg", type: "db", name: "a" }, permission: "read" };
const panicked = (error) => error instanceof Fault && error.code === "panicked";

await assert.rejects(access.holds(held), panicked);
await assert.rejects(access.look({ grant: "PANIC" }), panicked);
assert.throws(() => access.holdsSync({ ...held, resource: { ...held.resource, labels: {} } }), panicked);
assert.throws(() => access.holdsSync(held), panicked);
await assert.rejects(tenure.open("PANIC"), panicked);
const many = await Promise.allSettled(Array.from({ length: 50 }, () => access.look({ grant: "PANIC" })));
assert.ok(many.every(({ reason }) => panicked(reason)));
assert.equal(await access.look({ grant: "calm" }), null);
await access.close();
console.log("went on");
