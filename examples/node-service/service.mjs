// An HTTP service whose routes are open to whoever holds access now, and that offers one click to go on before it ends.

import express from "express";
import { Refused } from "tenure";

const API = { integration: "shop", type: "api", name: "orders" };

/**
 * Lets through whoever holds that permission at this moment. It is asked before every request, so access that ended is
 * shut at once; a question takes microseconds.
 */
export function holding(access, resource, permission) {
  return (req, res, next) => {
    const verdict = access.holdsSync({ person: req.person.id, resource, permission });
    if (!verdict.allowed) {
      return res.status(403).json({ error: "no_access", ask: "/access" });
    }
    res.set("Access-Until", verdict.until.toISOString());
    offerMore(access, req, res, verdict);
    next();
  };
}

/** Says with the answer where one click makes it longer, from the moment at which the flow lets it. */
function offerMore(access, req, res, verdict) {
  const offer = access.offerSync({ grant: verdict.grant, actor: req.person });
  if (offer.allowed) {
    res.set("Link", `</access/${verdict.grant}/extend>; rel="extend"`);
  }
}

/**
 * The service. `sessions` says who sent a request, as your login knows them: nothing of the request's body does.
 */
export function service(access, sessions) {
  const app = express();
  app.disable("x-powered-by");
  app.use(express.json({ limit: "10kb" }));
  app.use((req, res, next) => {
    req.person = sessions(req);
    return req.person ? next() : res.status(401).json({ error: "no_session" });
  });
  app.get("/orders", holding(access, API, "read"), (req, res) => res.json([{ order: 4711, paid: true }]));

  app.get("/access", async (req, res) => {
    const { grants } = await access.list({ holder: req.person.id, stage: "active" });
    res.json(await Promise.all(grants.map((grant) => mine(access, req.person, grant))));
  });
  app.post("/access", async (req, res) => {
    const { reason, span, commandId } = req.body ?? {};
    const items = [{ resource: API, permission: "read" }];
    const grant = await access.request({ flow: "orders", actor: req.person, items, reason, span, commandId });
    res.status(201).json({ grant: grant.id, stage: grant.stage });
  });
  app.post("/access/:grant/approve", async (req, res) => {
    const grant = await access.approve({ grant: req.params.grant, actor: req.person });
    res.json({ grant: grant.id, stage: grant.stage, endsAt: grant.endsAt });
  });
  app.post("/access/:grant/extend", async (req, res) => {
    // The end that the reader saw and the id of the click: a second click is none, and a stale page adds nothing.
    const { endsAt, commandId } = req.body ?? {};
    const click = { grant: req.params.grant, actor: req.person, ifEndsAt: endsAt, commandId };
    const grant = await access.extend(click);
    res.json({ grant: grant.id, endsAt: grant.endsAt, left: grant.extensions.left });
  });
  app.use(refused);
  return app;
}

/** A grant, and what the button beside it gives. */
async function mine(access, person, grant) {
  const offer = await access.offer({ grant: grant.id, actor: person });
  return { grant: grant.id, endsAt: grant.endsAt, extend: offer.allowed ? offer.default : null, from: offer.opensAt };
}

/** A no has its code and what would pass; what a call cannot be is told with all its problems; the rest is a fault. */
function refused(error, req, res, next) {
  if (res.headersSent) return next(error);
  if (error instanceof Refused) {
    const { code, message, details, wouldPass } = error;
    return res.status(409).json({ error: code, message, details, wouldPass });
  }
  const status = error.name === "InvalidPolicy" ? 400 : (error.status ?? 503);
  return res.status(status).json({ error: error.code ?? "fault" });
}
