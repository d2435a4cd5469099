// Threads, processes, and how they end: with calls in flight there is an answer or a fault, never a hang or a crash.

import assert from "node:assert/strict";
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import * as tenure from "../lib/index.mjs";
import { ask, jonas, orders, policy } from "./house.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const busy = path.join(here, "hosts/busy.mjs");
const folder = mkdtempSync(path.join(os.tmpdir(), "tenure-node-"));
after(() => rmSync(folder, { recursive: true }));
const timeout = 120_000;

/** How many of the commands of that host are there, each of them whole. */
async function kept(file, number) {
  const access = await tenure.open(file);
  let [count, next] = [0, undefined];
  do {
    const page = await access.list({ holder: `maria-${number}`, after: next });
    assert.ok(page.grants.every(({ stage }) => stage === "pending"));
    count += page.grants.length;
    next = page.next;
  } while (next !== undefined);
  await access.close();
  return count;
}

test("threads open one file each for themselves, and lose nothing", { timeout }, async () => {
  const file = path.join(folder, "threads.db");
  const workers = [0, 1, 2, 3].map((number) => new Worker(busy, { workerData: [file, "done", number] }));
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, "exit"))[0]));
  assert.deepEqual(codes, [0, 0, 0, 0]);
  for (const number of [0, 1, 2, 3]) assert.equal(await kept(file, number), 200);
});

test("a thread that is ended, or ends itself, with calls in flight ends", { timeout }, async () => {
  const file = path.join(folder, "ended.db");
  for (const [number, how] of ["wait", "exit", "throw", "wait", "exit", "wait"].entries()) {
    const worker = new Worker(busy, { workerData: [file, how, number] });
    let thrown;
    worker.on("error", (error) => (thrown = error));
    // By hand: `once` gives up where there is an error.
    const exit = new Promise((resolve) => worker.on("exit", resolve));
    // What ends itself may not get to say that it had begun.
    await Promise.race([exit, new Promise((resolve) => worker.on("message", resolve))]);
    if (how === "wait") await worker.terminate();
    const code = await exit;
    if (how !== "wait") assert.equal(code, { exit: 7, throw: 1 }[how]);
    assert.equal(thrown?.message, how === "throw" ? "told to" : undefined);
    const count = await kept(file, number);
    assert.ok(count >= 1 && count <= 200, `${how}: ${count}`);
  }
});

test("a process that exits with calls in flight exits, as it said", { timeout }, async () => {
  const file = path.join(folder, "exits.db");
  for (const [number, [how, expected]] of [["exit", 7], ["throw", 1], ["exit", 7], ["done", 0]].entries()) {
    const { status, signal, stderr } = spawnSync(process.execPath, [busy, file, how, number], { timeout: 60_000, encoding: "utf8" });
    assert.deepEqual([status, signal], [expected, null], `${how}: ${stderr}`);
    assert.ok((await kept(file, number)) >= 1);
  }
});

test("a forked process opens the file for itself, while its parent has it open", { timeout }, async (t) => {
  const file = path.join(folder, "forked.db");
  const access = await tenure.open(file, { policy });
  const { id } = await access.request(ask());
  const { endsAt } = await access.approve({ grant: id, actor: jonas });
  const child = fork(path.join(here, "hosts/asks.mjs"));
  t.after(() => child.kill("SIGKILL"));
  child.send({ file, call: { person: "maria", resource: orders, permission: "read" } });
  const [verdict] = await once(child, "message");
  assert.deepEqual(verdict, { allowed: true, grant: id, until: endsAt.toISOString() });
  assert.deepEqual(await once(child, "exit"), [0, null]);
  await access.close();
});

test("what nobody holds any more is closed", { timeout }, () => {
  const program = `
    const tenure = require(${JSON.stringify(path.join(here, "../lib/index.js"))});
    (async () => {
      for (let at = 0; at < 200; at += 1) await tenure.open(${JSON.stringify(path.join(folder, "left.db"))});
      for (let at = 0; at < 5; at += 1) { gc(); await new Promise(setImmediate); }
      const open = require("node:fs").readdirSync("/proc/self/fd").length;
      if (open > 100) throw new Error(open + " files are open");
    })();`;
  const skipped = process.platform !== "linux";
  const { status, stderr } = spawnSync(process.execPath, ["--expose-gc", "-e", skipped ? "" : program], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

test("r39 a panic is a fault, and never ends the process", { timeout }, (t) => {
  const library = process.env.TENURE_PANICS;
  if (library === undefined) {
    // Whoever builds the library builds this one, too; by hand it may not be there.
    t.skip("there is no library that panics; `cargo xtask node` builds one");
    return;
  }
  const copy = path.join(folder, "panics");
  cpSync(path.join(here, "../lib"), path.join(copy, "lib"), { recursive: true });
  cpSync(library, path.join(copy, path.basename(library)));
  const script = path.join(here, "hosts/panics.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, path.join(copy, "lib/index.js")], { encoding: "utf8" });
  assert.deepEqual([status, stdout], [0, "went on\n"], stderr);
  assert.match(stderr, /told to/);
});
