// The service over HTTP, in a store whose clock stands until it is set.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { open } from "tenure";

import { service } from "./service.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const policy = path.join(here, "flows.yaml");
const NINE = Date.parse("2026-03-02T09:00:00Z");
const PEOPLE = {
  maria: { id: "maria", groups: ["support"] },
  jonas: { id: "jonas", groups: ["support-leads"] },
  eve: { id: "eve", groups: ["support"] },
};

/** Asks as somebody: status, body and headers. */
const asking = (url) => async (who, method, at, body) => {
  const headers = { "content-type": "application/json", ...(who && { authorization: `Bearer ${who}` }) };
  const answer = await fetch(url + at, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, body: await answer.json(), until: answer.headers.get("access-until"), link: answer.headers.get("link") };
};

async function served(t) {
  const access = await open(":memory:", { policy, clock: new Date(NINE) });
  const sessions = (req) => PEOPLE[/^Bearer (\S+)$/.exec(req.get("authorization") ?? "")?.[1]];
  const server = service(access, sessions).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await access.close();
  });
  const ask = asking(`http://127.0.0.1:${server.address().port}`);
  const at = (minutes) => access.setClock(new Date(NINE + minutes * 60_000));
  /** Maria's access, approved by Jonas: half an hour from nine. */
  const granted = async () => {
    const { body } = await ask("maria", "POST", "/access", { reason: "INC-7", span: "30m" });
    const approved = await ask("jonas", "POST", `/access/${body.grant}/approve`);
    return { grant: body.grant, endsAt: approved.body.endsAt };
  };
  return { access, ask, at, granted };
}

test("a route is open while access is held, and shut when it ends", async (t) => {
  const { ask, at, granted } = await served(t);
  assert.equal((await ask(undefined, "GET", "/orders")).status, 401);
  assert.deepEqual((await ask("maria", "GET", "/orders")).body, { error: "no_access", ask: "/access" });
  const { endsAt } = await granted();
  const open = await ask("maria", "GET", "/orders");
  assert.deepEqual([open.status, open.until, open.link], [200, endsAt, null]);
  assert.equal((await ask("eve", "GET", "/orders")).status, 403, "nobody else is let in");
  await at(30);
  assert.equal((await ask("maria", "GET", "/orders")).status, 403);
});

test("one click before the end goes on, once, for the holder", async (t) => {
  const { access, ask, at, granted } = await served(t);
  const { grant, endsAt } = await granted();
  const extend = `/access/${grant}/extend`;
  const early = await ask("maria", "POST", extend, { endsAt });
  assert.deepEqual([early.status, early.body.error], [409, "extension.too_early"]);
  await at(20);
  const open = await ask("maria", "GET", "/orders");
  assert.equal(open.link, `<${extend}>; rel="extend"`);
  assert.equal((await ask("maria", "GET", "/access")).body[0].extend, 30 * 60_000);
  const click = { endsAt, commandId: "click-1" };
  // Whoever says in the body that they are somebody is still who they are.
  const others = await ask("eve", "POST", extend, { ...click, commandId: "click-2", actor: PEOPLE.maria, person: "maria" });
  assert.deepEqual([others.status, others.body.error], [409, "extension.not_holder"]);
  const [once, twice] = [await ask("maria", "POST", extend, click), await ask("maria", "POST", extend, click)];
  assert.equal(once.status, 200);
  assert.deepEqual(twice, once, "the second click is the first one");
  const stale = await ask("maria", "POST", extend, { endsAt });
  assert.deepEqual([stale.status, stale.body.error], [409, "extension.stale"]);
  await at(45);
  assert.equal((await ask("maria", "GET", "/orders")).status, 200, "it went on");
  await at(60);
  assert.equal((await ask("maria", "GET", "/orders")).status, 403, "and ended");
  await access.sweep();
  const { records } = await access.history({ grant });
  const happened = records.map(({ event }) => event).filter((event) => ["requested", "extended", "expired"].includes(event));
  assert.deepEqual(happened, ["requested", "extended", "expired"], "and all of it is on record");
});

test("nobody decides on their own access, and what is no request is told", async (t) => {
  const { ask } = await served(t);
  const { body } = await ask("maria", "POST", "/access", { reason: "INC-7" });
  const own = await ask("maria", "POST", `/access/${body.grant}/approve`);
  assert.deepEqual([own.status, own.body.error], [409, "approval.own"]);
  assert.equal((await ask("maria", "POST", "/access", { reason: 7 })).status, 400);
  const missing = await ask("maria", "POST", "/access", {});
  assert.deepEqual([missing.status, missing.body.error], [409, "reason.missing"]);
});

test("the server serves, and ends when it is told to", async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "node-service-"));
  writeFileSync(path.join(folder, "sessions.json"), JSON.stringify(PEOPLE));
  const words = [path.join(here, "server.mjs"), path.join(folder, "access.db"), policy, path.join(folder, "sessions.json")];
  const program = spawn(process.execPath, words, { cwd: here, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => program.kill("SIGKILL"));
  const [said] = await once(program.stdout.setEncoding("utf8"), "data");
  const ask = asking(said.trim());
  const { body } = await ask("maria", "POST", "/access", { reason: "INC-7" });
  assert.equal((await ask("jonas", "POST", `/access/${body.grant}/approve`)).status, 200);
  assert.equal((await ask("maria", "GET", "/orders")).status, 200);
  program.kill("SIGTERM");
  assert.deepEqual(await once(program, "exit"), [0, null]);
  rmSync(folder, { recursive: true });
});
