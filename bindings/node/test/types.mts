// What the types say: checked by the compiler, and not run. Each `@ts-expect-error` is an error or the check fails.

import * as tenure from "tenure";

const access: tenure.Access = await tenure.open(":memory:", { namespace: "acme", key: "log.key" });
const maria: tenure.Person = { id: "maria" };
const orders = { integration: "prod-pg", type: "database", name: "orders" };

const grant: tenure.Grant = await access.request({ flow: "a", actor: maria });
const kit: tenure.Grants = await access.request({ kit: "a", actor: "system:host" });
const revoked: tenure.Revoked = await access.revoke({ person: "maria", actor: maria });
const looked: tenure.Grant | null = await access.look({ grant: grant.id });
const verdict: tenure.Verdict = access.holdsSync({ person: "maria", resource: orders, permission: "read" });
const end: Date | undefined = grant.endsAt;
const span: number = grant.granted;
await access.extend({ grant: grant.id, actor: maria, span: 1_000, ifEndsAt: end ?? null, now: "2026-03-02T09:00:00Z" });
await access.explain({ of: { call: "approveExtension", grant: grant.id, actor: maria } });
await access.sweep();
console.log(kit.grants.length, revoked.notAllowed, looked?.stage === "closed", verdict.until, span);

// @ts-expect-error nobody says when it ends
await access.request({ flow: "a", actor: maria, endsAt: new Date() });
// @ts-expect-error a flow or a kit is named
await access.request({ actor: maria });
// @ts-expect-error a name alone is nobody
await access.approve({ grant: "g", actor: "maria" });
// @ts-expect-error there is no such stage
await access.list({ stage: "ended" });
// @ts-expect-error the names are those of JavaScript
await access.extend({ grant: "g", actor: maria, if_ends_at: new Date() });
// @ts-expect-error a command has no twin that waits
access.requestSync({ flow: "a", actor: maria });
// @ts-expect-error there is no such call
await access.explain({ of: { call: "grab" } });
// @ts-expect-error it is made by `open`
new tenure.Access();

try {
  for await (const effect of access.effects({ worker: "w", poll: Date.now() % 2 ? 1_000 : "5s", signal: AbortSignal.timeout(1) })) {
    const until: Date | undefined = effect.order.hold?.items[0]?.until;
    if (until) await effect.failed(new Error("no route"), { final: true });
  }
} catch (error) {
  if (error instanceof tenure.Refused) console.log(error.code, error.details["needed"], error.wouldPass?.span);
  if (error instanceof tenure.InvalidPolicy) console.log(error.problems.map(({ path, line }) => [path, line]));
}
