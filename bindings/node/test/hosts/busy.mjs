// A thread or process with many commands in flight on a file, which is ended from outside or ends itself.
//
//   busy.mjs FILE HOW NUMBER     HOW: `exit`, `throw`, `wait`, or `done` once all have their answers

import { parentPort, workerData } from "node:worker_threads";

import * as tenure from "../../lib/index.mjs";
import { ask, maria, policy } from "../house.mjs";

const [file, how, number] = workerData ?? process.argv.slice(2);
const tell = (what) => (parentPort ? parentPort.postMessage(what) : process.send?.(what));

const access = await tenure.open(file, { policy });
let first;
const begun = new Promise((resolve) => (first = resolve));
const actor = { ...maria, id: `maria-${number}` };
const calls = Array.from({ length: 200 }, (_, at) => access.request(ask({ actor, grant: `h${number}-${at}` })));
for (const call of calls) call.then(first);
await begun;
tell("begun");
if (how === "exit") process.exit(7);
if (how === "throw") setImmediate(() => { throw new Error("told to"); });
if (how === "done") {
  await Promise.all(calls);
  await access.close();
  tell("done");
}
