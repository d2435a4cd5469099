// Other engines on the same question: may this person read the orders now? Of a hundred people each has one grant, with
// its begin and its end. All that can be made before is made before.

import { statefulIsAuthorized, preparsePolicySet } from "@cedar-policy/cedar-wasm/nodejs";
import { newEnforcer, newModelFromString, StringAdapter } from "casbin";
import { createActor, setup } from "xstate";

export const PEOPLE = Array.from({ length: 100 }, (_, at) => `person-${at}@corp.example`);
const SINCE = 1_772_442_000;
const UNTIL = SINCE + 3_600;
const NOW = SINCE + 60;

/** A policy a person; the enforcer looks through all of them. */
export async function casbin() {
  const model = newModelFromString(`
[request_definition]
r = person, integration, type, name, permission, now
[policy_definition]
p = person, integration, type, name, permission, since, until
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.person == p.person && r.integration == p.integration && r.type == p.type && r.name == p.name && r.permission == p.permission && p.since <= r.now && r.now < p.until
`);
  const lines = PEOPLE.map((person) => `p, ${person}, prod-pg, database, orders, read, ${SINCE}, ${UNTIL}`);
  const enforcer = await newEnforcer(model, new StringAdapter(lines.join("\n")));
  return (person) => enforcer.enforceSync(person, "prod-pg", "database", "orders", "read", NOW);
}

/** One policy, parsed before, over the facts of one grant, which are found by the host. */
export function cedar() {
  const policy = `permit(principal, action, resource) when {
    context.person == context.holder && context.integration == "prod-pg" && context.type == "database"
    && context.name == "orders" && context.permission == "read"
    && context.since <= context.now && context.now < context.until };`;
  const parsed = preparsePolicySet("holds", { staticPolicies: policy });
  if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));
  const grants = new Map(PEOPLE.map((person) => [person, { holder: person, since: SINCE, until: UNTIL }]));
  return (person) => {
    const facts = { integration: "prod-pg", type: "database", name: "orders", permission: "read", now: NOW };
    const answer = statefulIsAuthorized({
      principal: { type: "Person", id: person },
      action: { type: "Action", id: "use" },
      resource: { type: "Item", id: "orders" },
      context: { ...grants.get(person), ...facts, person },
      preparsedPolicySetId: "holds",
      entities: [],
    });
    if (answer.type !== "success") throw new Error(JSON.stringify(answer));
    return answer.response.decision === "allow";
  };
}

/** A machine a grant, in the state that it is in; the question is whether an event would pass its guard. */
export function xstate() {
  const holds = ({ context, event }) =>
    context.holder === event.person &&
    event.resource.integration === "prod-pg" &&
    event.resource.type === "database" &&
    event.resource.name === "orders" &&
    event.permission === "read" &&
    context.since <= event.now &&
    event.now < context.until;
  const machine = setup({ guards: { holds } }).createMachine({
    context: ({ input }) => ({ holder: input, since: SINCE, until: UNTIL }),
    initial: "active",
    states: { active: { on: { use: { guard: "holds", actions: () => {} }, close: "closed" } }, closed: { type: "final" } },
  });
  const actors = new Map(PEOPLE.map((person) => [person, createActor(machine, { input: person }).start()]));
  const resource = { integration: "prod-pg", type: "database", name: "orders" };
  return (person) => actors.get(person).getSnapshot().can({ type: "use", person, resource, permission: "read", now: NOW });
}
