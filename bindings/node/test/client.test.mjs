// What a host asks, and what it gets.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as tenure from "../lib/index.mjs";
import { NOW, ask, granted, jonas, later, maria, opened, orders, policy, refusal } from "./house.mjs";

/** What `tenure audit key` writes into a file. */
const KEY = "PRIVATE+KEY+audit.example.com+ca808ced+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
const here = path.dirname(fileURLToPath(import.meta.url));

test("a grant is asked for, approved, extended and given back", async () => {
  const access = await opened();
  const asked = await access.request(ask({ grant: "g1" }));
  assert.equal(asked.stage, "pending");
  assert.deepEqual(asked.requestedAt, NOW);
  const running = await access.approve({ grant: "g1", actor: jonas });
  assert.deepEqual(running.endsAt, later(60));
  assert.equal(running.granted, 3_600_000);
  const offer = await access.offer({ grant: "g1", actor: maria });
  assert.deepEqual(access.offerSync({ grant: "g1", actor: maria }), offer);
  assert.deepEqual([offer.allowed, offer.default, offer.endsAt], [true, 1_800_000, later(60)]);
  const extended = await access.extend({ grant: "g1", actor: maria, span: 1_800_000, ifEndsAt: offer.endsAt });
  assert.deepEqual(extended.endsAt, later(90));
  const again = await refusal(access.extend({ grant: "g1", actor: maria, ifEndsAt: offer.endsAt.toISOString() }));
  assert.equal(again.code, "extension.stale");
  const over = await access.giveBack({ grant: "g1", actor: maria });
  assert.deepEqual([over.stage, over.outcome, over.closedAt], ["closed", "given_back", NOW]);
  await access.close();
});

test("the clock of a test stands until it is set", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  const holds = () => access.holdsSync({ person: "maria", resource: orders, permission: "read" });
  assert.equal(holds().allowed, true);
  await access.setClock(later(61));
  assert.deepEqual(holds(), { allowed: false });
  assert.equal((await access.look({ grant: "g1" })).outcome, "expired");
});

test("holds is the same in all its forms", async () => {
  const access = await opened();
  const { id } = await granted(access);
  const held = { person: "maria", resource: orders, permission: "read" };
  const yes = { allowed: true, grant: id, until: later(60) };
  const known = { ...orders, labels: { env: "prod" } };
  for (const [call, expected] of [
    [held, yes],
    [{ ...held, resource: known }, yes],
    [{ ...held, now: later(59) }, yes],
    [{ ...held, permission: "write" }, { allowed: false }],
    [{ ...held, person: "eve" }, { allowed: false }],
  ]) {
    assert.deepEqual(access.holdsSync(call), expected);
    assert.deepEqual(await access.holds(call), expected);
  }
});

test("labels that are wrong are said to be, in all forms of holds", async () => {
  const access = await opened();
  await granted(access);
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`label-${at}`, "v"]));
  const came = (asking) => asking.then(({ allowed }) => allowed, ({ name, code, problems }) => ({ name, code, problems }));
  for (const [labels, right] of [
    [{ env: "prod", team: undefined }, true],
    [{ env: "v".repeat(1_000) }, true],
    [many, true],
    [undefined, true],
    [null, false],
    [["prod"], false],
    [new Map([["env", "prod"]]), false],
    [{ env: 7 }, false],
    [{ env: "\ud800" }, false],
    [{ "\ud800": "prod" }, false],
  ]) {
    const call = { person: "maria", resource: { ...orders, labels }, permission: "read" };
    const [sync, other] = [await came((async () => access.holdsSync(call))()), await came(access.holds(call))];
    assert.deepEqual(sync, other);
    assert.equal(sync === true, right, JSON.stringify(sync));
  }
});

test("an answer goes by which field was named", async () => {
  const access = await opened();
  const kit = await access.request({ kit: "start", actor: maria, grant: "k" });
  assert.deepEqual(kit.grants.map(({ id, endsAt }) => [id, endsAt]), [["k.quick", later(120)]]);
  const revoked = await access.revoke({ person: "maria", actor: "system:host", reason: "over" });
  assert.deepEqual(revoked, { revoked: ["k.quick"], notAllowed: [] });
  const one = await access.request({ ...ask({ grant: "g2" }) });
  assert.equal((await access.revoke({ grant: one.id, actor: "system:host", reason: "over" })).stage, "closed");
  assert.equal(await access.look({ grant: "nothing" }), null);
});

test("a call is a value where one asks how it would come out", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  const of = { call: "extend", grant: "g1", actor: maria, span: "9h", ifEndsAt: later(60) };
  const { checks, refused } = await access.explain({ of });
  assert.equal(refused.code, "extension.too_long");
  assert.equal(refused.wouldPass.span, 3_600_000);
  assert.ok(checks.some(({ verdict }) => verdict === "fail"));
  const decision = await access.explain({ of: { call: "approveExtension", grant: "g1", actor: jonas } });
  assert.equal(decision.refused.code, "approval.not_approver");
});

test("names of facts stay as the host writes them", async () => {
  const when = 'principal.team_name == "db" && context.dayShift';
  const flow = { ...policy.flows[1], id: "day", when };
  const access = await opened({ policy: { version: 1, flows: [flow] } });
  const call = ask({ flow: "day", items: [{ resource: orders, permission: "list" }], fields: { ticket_no: "7", ticketNo: "8" } });
  const no = await refusal(access.request(call));
  assert.ok(no instanceof tenure.Refused, `${no}`);
  const grant = await access.request({ ...call, context: { dayShift: true } });
  assert.deepEqual(grant.fields, { ticket_no: "7", ticketNo: "8" });
});

test("everything that is not a command answers too", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  assert.deepEqual((await access.catalog({ actor: maria })).flows.map(({ id, breakGlass }) => [id, breakGlass]), [
    ["prod-db", undefined],
    ["quick", undefined],
  ]);
  assert.equal((await access.list()).grants.length, 1);
  assert.equal((await access.list({ holder: "maria", stage: "closed" })).grants.length, 0);
  assert.deepEqual((await access.inbox({ actor: jonas })).grants, []);
  const { at, holders } = await access.whoHas({ resource: orders });
  assert.deepEqual([at, holders[0].until], [NOW, later(60)]);
  assert.ok((await access.history({ grant: "g1" })).records.length > 1);
  assert.ok((await access.records({ after: 1 })).records.length > 0);
  assert.equal((await access.prove({ position: 1 })).position, 1);
  assert.deepEqual(await access.sweep(), { people: 0, events: 0 });
});

test("a policy is a path, a text, or fields", async () => {
  const access = await opened({ policy: { text: JSON.stringify(policy), format: "json" } });
  const { published } = await access.publish({ actor: "system:host", policy: "version: 1\nflows: []\n", format: "yaml" });
  assert.match(published, /^[0-9a-f]+/);
  assert.equal((await refusal(access.request(ask()))).code, "flow.withdrawn");
});

test("it reads the same by import and by require", async () => {
  const required = createRequire(import.meta.url)("../lib/index.js");
  assert.deepEqual(Object.keys(required).sort(), Object.keys(tenure).sort());
  for (const name of Object.keys(required)) assert.equal(required[name], tenure[name]);
});

test("a handle is closed where its block ends", async () => {
  const access = await opened();
  await access[Symbol.asyncDispose]();
  assert.equal((await refusal(access.list())).code, "closed");
  await access.close();
});

test("the types know all that a handle is opened with", () => {
  const { properties } = JSON.parse(readFileSync(path.join(here, "../../../crates/port/schema/config.schema.json"), "utf8"));
  const [, options] = /interface OpenOptions \{\n(.*?)^\}/ms.exec(readFileSync(path.join(here, "../lib/index.d.ts"), "utf8"));
  const known = [...options.matchAll(/^  (\w+)\?:/gm)].map(([, name]) => name);
  assert.deepEqual(["store", ...known].sort(), Object.keys(properties).sort());
});

test("checkpoints are signed with the key of the host", async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "tenure-key-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "log.key");
  writeFileSync(file, `${KEY}\n`);
  for (const key of [file, KEY]) {
    const access = await opened({ key });
    const signed = await access.checkpoint();
    assert.match(signed.checkpoint, /^audit\.example\.com\/default\n[^]*\n\u2014 audit\.example\.com\/default /);
    assert.match(signed.key, /^audit\.example\.com\/default\+/);
  }
  assert.equal((await refusal((await opened()).checkpoint())).code, "signer");
  const wrong = await refusal(opened({ key: path.join(folder, "nothing.key") }));
  assert.ok(wrong instanceof tenure.InvalidPolicy && wrong.problems[0].path === "key", `${wrong}`);
});

test("records are as they stand on record", async () => {
  const access = await opened();
  await granted(access, { grant: "g1" });
  for (const { records } of [await access.history({ grant: "g1" }), await access.records()]) {
    assert.ok(records.some((record) => record.recorded_at === "2026-03-02T09:00:00.000Z"), JSON.stringify(records));
  }
});
