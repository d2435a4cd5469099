// node server.mjs access.db flows.yaml sessions.json [PORT]
//
// `sessions.json` stands for your login: which token is whose, with the facts that you vouch for.
//   {"token-of-maria": {"id": "maria", "groups": ["support"]}}

import { readFileSync } from "node:fs";
import { open } from "tenure";

import { service } from "./service.mjs";

const [store, policy, file, port = "0"] = process.argv.slice(2);
if (!file) {
  console.error("node server.mjs STORE POLICY SESSIONS [PORT]");
  process.exit(2);
}
const people = new Map(Object.entries(JSON.parse(readFileSync(file, "utf8"))));
const token = (req) => /^Bearer (\S+)$/.exec(req.get("authorization") ?? "")?.[1];

const access = await open(store, { policy });
const server = service(access, (req) => people.get(token(req))).listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
// What time makes true is written down, and becomes effects for workers.
const sweeps = setInterval(() => access.sweep().catch((error) => console.error(error.message)), 30_000);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    clearInterval(sweeps);
    server.close(() => access.close());
    server.closeIdleConnections();
  });
}
