// What the tests have in common: a policy, people, and a store whose clock stands.

import * as tenure from "../lib/index.mjs";

export const NOW = new Date("2026-03-02T09:00:00Z");
export const later = (minutes) => new Date(NOW.getTime() + minutes * 60_000);

export const policy = {
  version: 1,
  flows: [
    {
      id: "prod-db",
      who: { any: ["group:oncall"] },
      what: [{ integration: "prod-pg", permissions: ["read", "write"] }],
      duration: { max: "2h" },
      approval: { steps: [{ approvers: ["group:leads"] }] },
      extension: { times: 2, span: { default: "30m", max: "1h" } },
    },
    {
      id: "quick",
      who: { any: ["group:oncall"] },
      what: [{ integration: "prod-pg", permissions: ["list"] }],
      duration: { max: "2h" },
      approval: "automatic",
    },
  ],
  kits: [{ id: "start", items: [{ flow: "quick", integration: "prod-pg", type: "database", name: "orders", permission: "list" }] }],
};

export const maria = { id: "maria", groups: ["oncall"], attributes: { team_name: "db" } };
export const jonas = { id: "jonas", groups: ["leads"] };
export const orders = { integration: "prod-pg", type: "database", name: "orders" };

export const opened = (options = {}) =>
  tenure.open(":memory:", { policy, clock: NOW, ids: { prefix: "t" }, ...options });

/** A request of Maria's to read the orders for an hour. */
export const ask = (more = {}) => ({
  flow: "prod-db",
  actor: maria,
  items: [{ resource: orders, permission: "read" }],
  span: "1h",
  reason: "INC-7",
  ...more,
});

/** The same, approved. */
export async function granted(access, more = {}) {
  const asked = await access.request(ask(more));
  return access.approve({ grant: asked.id, actor: jonas });
}

/** The error of a promise, or of what throws. */
export async function refusal(what) {
  try {
    await (typeof what === "function" ? what() : what);
  } catch (error) {
    return error;
  }
  throw new Error("that was no error");
}
