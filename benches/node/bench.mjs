// One round: nanoseconds a question, as lines of `NAME NANOSECONDS` for the bench that started this.
//
//   bench.mjs SLICES

import * as tenure from "../../bindings/node/lib/index.mjs";
import { PEOPLE, casbin, cedar, xstate } from "./others.mjs";

const slices = Number(process.argv[2]);
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

/**
 * The median of many slices, each of so many questions that it takes less than a millisecond: a machine that does
 * something else in between leaves most of them alone. The first half is not looked at.
 */
function measure(name, ask, questions) {
  const slice = () => {
    const began = process.hrtime.bigint();
    let held = 0;
    for (let at = 0; at < questions; at += 1) if (ask(PEOPLE[at % PEOPLE.length])) held += 1;
    const took = process.hrtime.bigint() - began;
    if (held !== questions) throw new Error(`${name}: ${held} of ${questions} hold`);
    return Number(took) / questions;
  };
  const took = Array.from({ length: slices * 2 }, slice).slice(slices).sort((one, other) => one - other);
  console.log(`${name} ${took[slices / 2]}`);
}

const access = await opened();
const known = { ...resource, labels: { env: "prod" } };
measure("tenure", (person) => access.holdsSync({ person, resource, permission: "read" }).allowed, 200);
measure("tenure, labels", (person) => access.holdsSync({ person, resource: known, permission: "read" }).allowed, 50);
measure("casbin", await casbin(), 1);
measure("cedar-wasm", cedar(), 4);
measure("xstate", xstate(), 200);
await access.close();
