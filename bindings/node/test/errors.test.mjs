// What goes wrong, and how a program hears of it: the same from a promise and at once.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";

import * as tenure from "../lib/index.mjs";
import { ask, granted, jonas, later, maria, opened, orders, refusal } from "./house.mjs";

/** The same call in both forms. */
async function both(access, name, call) {
  const errors = [await refusal(access[name](call)), await refusal(() => access[`${name}Sync`](call))];
  assert.deepEqual(errors[1].problems, errors[0].problems);
  assert.equal(errors[1].code, errors[0].code);
  return errors[0];
}

test("a no has its code, its details, and what would pass", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  const no = await refusal(access.extend({ grant: "g1", actor: maria, span: "9h" }));
  assert.ok(no instanceof tenure.Refused && no instanceof tenure.TenureError && no instanceof Error);
  assert.equal(no.name, "Refused");
  assert.equal(no.code, "extension.too_long");
  assert.ok(no.message.length > 0 && Object.keys(no.details).length > 0);
  assert.deepEqual(no.wouldPass, { span: 3_600_000 });
  assert.match(no.stack, /errors\.test\.mjs/);
  const stale = await refusal(access.extend({ grant: "g1", actor: maria, ifEndsAt: later(1) }));
  assert.deepEqual(stale.wouldPass, { ifEndsAt: later(60) });
});

test("a policy that is wrong has all its problems, with places", async () => {
  const text = "version: 1\nflows:\n  - id: a\n    who: {any: [group:x]}\n    what: 7\n    durration: {max: 2h}\n";
  const wrong = await refusal(tenure.open(":memory:", { policy: { text, format: "yaml" } }));
  assert.ok(wrong instanceof tenure.InvalidPolicy);
  assert.ok(wrong.problems.length >= 2 && wrong.problems.every(({ line }) => line > 1), JSON.stringify(wrong.problems));
  assert.equal(wrong.code, wrong.problems[0].code);
  const access = await opened();
  const again = await refusal(access.publish({ actor: "system:host", policy: text, format: "yaml" }));
  assert.deepEqual(again.problems, wrong.problems);
});

test("an argument of the wrong type has its path", async () => {
  const access = await opened();
  const held = { person: "maria", resource: orders, permission: "read" };
  const circle = {};
  circle.self = circle;
  for (const [call, code, path] of [
    [5, "wrong_type", ""],
    [0, "wrong_type", ""],
    ["", "wrong_type", ""],
    [null, "wrong_type", ""],
    ["maria", "wrong_type", ""],
    [[], "wrong_type", ""],
    [{ ...held, person: 7 }, "wrong_type", "person"],
    [{ ...held, person: null }, "wrong_type", "person"],
    [{ ...held, person: "" }, "out_of_range", "person"],
    [{ ...held, resource: "orders" }, "wrong_type", "resource"],
    [{ ...held, resource: new Map() }, "wrong_type", "resource"],
    [{ ...held, resource: { ...orders, type: Symbol("x") } }, "wrong_type", "resource.type"],
    [{ ...held, resource: { ...orders, attributes: new Set() } }, "wrong_type", "resource.attributes"],
    [{ ...held, resource: { ...orders, attributes: { a: [1, Number.NaN] } } }, "wrong_type", "resource.attributes.a[1]"],
    [{ ...held, resource: { ...orders, attributes: { a: 7n } } }, "wrong_type", "resource.attributes.a"],
    [{ ...held, resource: { ...orders, attributes: { a: 2 ** 53 } } }, "out_of_range", "resource.attributes.a"],
    [{ ...held, resource: { ...orders, attributes: { a: { b: -(2 ** 53) } } } }, "out_of_range", "resource.attributes.a.b"],
    [{ ...held, resource: { ...orders, attributes: { a: () => 7 } } }, "wrong_type", "resource.attributes.a"],
    [{ ...held, resource: { ...orders, attributes: circle } }, "too_deep", undefined],
    [{ ...held, permission: undefined }, "missing_field", ""],
    [{ ...held, now: new Date(Number.NaN) }, "out_of_range", "now"],
    [{ ...held, now: "yesterday" }, "out_of_range", "now"],
    [{ ...held, permissions: "read" }, "unknown_field", "permissions"],
    [{ ...held, call: "sweep" }, "unknown_field", "call"],
    [{ ...held, resource: { ...orders, label: {} } }, "unknown_field", "resource.label"],
    [{ ...held, person: "\ud800" }, "out_of_range", "person"],
    [{ ...held, resource: { ...orders, type: "half \udcff" } }, "out_of_range", "resource.type"],
    [{ ...held, resource: { ...orders, labels: { env: "\ud800" } } }, "out_of_range", "resource.labels.env"],
    [{ ...held, resource: { ...orders, labels: { "\ud800": "prod" } } }, "out_of_range", "resource.labels"],
    [{ ...held, resource: { ...orders, attributes: { a: ["x", "\ud800"] } } }, "out_of_range", "resource.attributes.a[1]"],
    [{ ...held, resource: { ...orders, attributes: { "\ud800": 1 } } }, "out_of_range", "resource.attributes"],
  ]) {
    const error = await both(access, "holds", call);
    assert.ok(error instanceof tenure.InvalidPolicy, `${error}`);
    assert.equal(error.code, code, error.message);
    if (path !== undefined) assert.equal(error.problems[0].path, path, error.message);
  }
});

test("nothing is left out without a word", async () => {
  const access = await opened();
  const { id } = await granted(access);
  for (const [fields, path] of [
    [{ span: Number.NaN }, "span"],
    [{ span: Number.POSITIVE_INFINITY }, "span"],
    [{ span: 1.5 }, "span"],
    [{ span: -1 }, "span"],
    [{ span: () => 1 }, "span"],
    [{ if_ends_at: later(60) }, "if_ends_at"],
    [{ ifEndsAt: new Date("never") }, "ifEndsAt"],
    [{ ifEndsAt: 5 }, "if_ends_at"],
    [{ fields: new Map([["ticket", "7"]]) }, "fields"],
    [{ actor: "maria" }, "actor"],
    [{ actor: { ...maria, groups: new Set(["oncall"]) } }, "actor.groups"],
    [{ actor: { ...maria, admin: true } }, "actor.admin"],
  ]) {
    const error = await refusal(access.extend({ grant: id, actor: maria, ...fields }));
    assert.ok(error instanceof tenure.InvalidPolicy, `${path}: ${error}`);
    assert.equal(error.problems[0].path, path, error.message);
  }
  const { extensions } = await access.look({ grant: id });
  assert.deepEqual(extensions, { used: 0, left: 2, pending: 0 });
});

test("a call of no such name, and one below another", async () => {
  const access = await opened();
  for (const of of [undefined, 7, {}, { call: 7 }, { call: "grab" }, { call: "toString" }, { call: "sweep" }]) {
    const error = await refusal(access.explain({ of }));
    assert.ok(error instanceof tenure.InvalidPolicy, `${error}`);
  }
  const error = await refusal(access.explain({ of: { call: "extend", actor: maria, grant: "g", spam: "1h" } }));
  assert.equal(error.problems[0].path, "of.spam");
});

test("a store that cannot be opened is a fault, and so is a call after the last", async () => {
  const broken = await refusal(tenure.open("/no/such/folder/access.db"));
  assert.ok(broken instanceof tenure.Fault, `${broken}`);
  for (const [store, options] of [
    [undefined, {}],
    [7, {}],
    [":memory:", { polices: {} }],
    [":memory:", { clock: "noon" }],
    [":memory:", { clock: new Date("noon") }],
    [":memory:", { namespace: "" }],
    [":memory:", 7],
    [":memory:", null],
  ]) {
    const wrong = await refusal(tenure.open(store, options));
    assert.ok(wrong instanceof tenure.TenureError, `${wrong.stack}`);
    assert.ok(!(wrong instanceof tenure.Refused));
  }
  const access = await opened();
  const inFlight = [1, 2, 3].map((number) => access.request(ask({ grant: `g${number}` })));
  const closed = access.close();
  for (const each of inFlight) {
    const { stage, code } = await each.catch((error) => error);
    assert.ok(stage === "pending" || code === "closed");
  }
  await closed;
  const late = await both(access, "holds", { person: "maria", resource: orders, permission: "read" });
  assert.ok(late instanceof tenure.Fault);
  assert.deepEqual([late.code, late.details, late.wouldPass], ["closed", {}, undefined]);
});

test("a clock that nobody opened it with cannot be set", async () => {
  const access = await tenure.open(":memory:");
  const { code, message } = await refusal(access.setClock(later(1)));
  assert.equal(code, "out_of_range");
  assert.match(message, /only a handle that was opened with `clock`/);
  assert.equal((await refusal(access.request(ask({ actor: jonas })))).code, "flow.unknown");
});

test("what is no text is told by its name", async () => {
  const access = await opened();
  const half = "half \ud800";
  for (const [asked, path] of [
    [() => access.request(ask({ reason: half })), "reason"],
    [() => access.request(ask({ fields: { ticket: half } })), "fields.ticket"],
    [() => access.request(ask({ context: { [half]: 1 } })), "context"],
    [() => access.giveBack({ grant: half, actor: maria }), "grant"],
    [() => access.giveBack({ grant: "g", actor: `system:${half}` }), "actor"],
    [() => access.giveBack({ grant: "g", actor: { ...maria, groups: [half] } }), "actor.groups[0]"],
    [() => access.explain({ of: { call: half } }), "of.call"],
    [() => access.publish({ actor: "system:host", policy: half, format: "yaml" }), "policy"],
    [() => tenure.open(`${half}.db`), "store"],
    [() => opened({ policy: `${half}.yaml` }), "policy"],
    [() => opened({ namespace: half }), "namespace"],
    [() => opened({ key: half }), "key"],
  ]) {
    const error = await refusal(asked());
    assert.ok(error instanceof tenure.InvalidPolicy, `${path}: ${error}`);
    assert.deepEqual([error.code, error.problems[0].path], ["out_of_range", path], error.message);
  }
  const whole = "\u{1f600} gr\u00fc\u00dfe";
  assert.equal((await access.request(ask({ reason: whole }))).reason, whole);
});

test("a file that is not there, or is none of ours, is named", async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "tenure-named-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const nope = await refusal(opened({ policy: "nope.yaml" }));
  assert.match(nope.message, /^nope\.yaml: it cannot be read/);
  const wrong = path.join(folder, "wrong.yaml");
  writeFileSync(wrong, "version: 1\nflows:\n  - id: db\n    colour: red\n");
  const { problems, message } = await refusal(opened({ policy: wrong }));
  const { line, column } = problems.find(({ path }) => path === "flows[0].colour");
  assert.ok(message.includes(`wrong.yaml:${line}:${column}: \`flows[0].colour\`: `), message);
  const none = path.join(folder, "none.db");
  writeFileSync(none, Buffer.alloc(8192, "none of ours"));
  for (const store of [none, folder, path.join(folder, "nowhere/access.db")]) {
    const fault = await refusal(tenure.open(store));
    assert.ok(fault instanceof tenure.Fault && fault.message.split(store).length > 1, `${fault}`);
  }
});
