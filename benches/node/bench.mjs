// One round: nanoseconds a question, as lines of `NAME NANOSECONDS` for the bench that started this.
//
//   bench.mjs QUESTIONS

import * as tenure from "../../bindings/node/lib/index.mjs";
import { PEOPLE, casbin, cedar, xstate } from "./others.mjs";

const questions = Number(process.argv[2]);
const resource = { integration: "prod-pg", type: "database", name: "orders" };

async function opened() {
  const policy = {
    version: 1,
    flows: [{ id: "db", who: { any: ["everyone"] }, what: [{ integration: "prod-pg", permissions: ["read"] }], duration: { max: "2h" }, approval: "automatic" }],
  };
  const access = await tenure.open(":memory:", { policy });
  const items = [{ resource, permission: "read" }];
  for (const person of PEOPLE) await access.request({ flow: "db", actor: { id: person }, items });
  return access;
}

/** Half of what is asked before anything is measured; then the mean of the rest. */
function measure(name, ask, count) {
  const round = (times) => {
    let held = 0;
    for (let at = 0; at < times; at += 1) if (ask(PEOPLE[at % PEOPLE.length])) held += 1;
    if (held !== times) throw new Error(`${name}: ${held} of ${times} hold`);
  };
  round(count / 2);
  const began = process.hrtime.bigint();
  round(count);
  console.log(`${name} ${Number(process.hrtime.bigint() - began) / count}`);
}

const access = await opened();
const known = { ...resource, labels: { env: "prod" } };
measure("tenure", (person) => access.holdsSync({ person, resource, permission: "read" }).allowed, questions);
measure("tenure-labels", (person) => access.holdsSync({ person, resource: known, permission: "read" }).allowed, questions / 4);
measure("casbin", await casbin(), questions / 100);
measure("cedar-wasm", cedar(), questions / 20);
measure("xstate", xstate(), questions);
await access.close();
