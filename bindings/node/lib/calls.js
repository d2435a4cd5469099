"use strict";

// Printed by `cargo xtask gen` from the schemas of the port: change those instead.

const { Door } = require("./door.js");
const { INSTANT, PLAIN, actor, anyOf, byField, byName, listed, shape } = require("./shape.js");
const {
  Person,
  Resource,
  Asked,
  Item,
  InHand,
  Grant,
  Revoked,
  Offer,
  Explanation,
  Verdict,
  Holders,
  Reconciled,
  Compacted,
  Grants,
  Flows,
  Recorded,
  Exported,
  Checkpoint,
  Inclusion,
  Consistency,
  Published,
  Swept,
  Taken,
} = require("./shapes.js");

const takes = {};

takes.request = shape({
  actor: actor(Person),
  grant: PLAIN,
  flow: PLAIN,
  kit: PLAIN,
  items: listed(Asked),
  span: PLAIN,
  start: INSTANT,
  reason: PLAIN,
  fields: byName(PLAIN),
  holder: Person,
  break_glass: PLAIN,
  resources: listed(Resource),
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.approve = shape({
  actor: actor(Person),
  grant: PLAIN,
  span: PLAIN,
  only: listed(Item),
  reason: PLAIN,
  content: PLAIN,
  holder: Person,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.deny = shape({
  actor: actor(Person),
  grant: PLAIN,
  reason: PLAIN,
  content: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.withdraw = shape({
  actor: actor(Person),
  grant: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.activate = shape({
  actor: actor(Person),
  grant: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.extend = shape({
  actor: actor(Person),
  grant: PLAIN,
  span: PLAIN,
  if_ends_at: INSTANT,
  reason: PLAIN,
  fields: byName(PLAIN),
  holder: Person,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.approve_extension = shape({
  actor: actor(Person),
  grant: PLAIN,
  reason: PLAIN,
  content: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.deny_extension = shape({
  actor: actor(Person),
  grant: PLAIN,
  reason: PLAIN,
  content: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.give_back = shape({
  actor: actor(Person),
  grant: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.revoke = shape({
  actor: actor(Person),
  grant: PLAIN,
  person: PLAIN,
  flow: PLAIN,
  integration: PLAIN,
  item: Item,
  reason: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.review = shape({
  actor: actor(Person),
  grant: PLAIN,
  reason: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.erase = shape({
  actor: actor(Person),
  grant: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.publish = shape({
  actor: actor(Person),
  policy: PLAIN,
  format: PLAIN,
  if_revision: PLAIN,
  command_id: PLAIN,
  context: PLAIN,
  now: INSTANT,
});

takes.sweep = shape({
  now: INSTANT,
});

takes.take_effects = shape({
  worker: PLAIN,
  lease: PLAIN,
  integration: PLAIN,
  limit: PLAIN,
  now: INSTANT,
});

takes.effect_done = shape({
  effect: PLAIN,
  worker: PLAIN,
  already_held: listed(Item),
  now: INSTANT,
});

takes.effect_failed = shape({
  effect: PLAIN,
  worker: PLAIN,
  error: PLAIN,
  final: PLAIN,
  now: INSTANT,
});

takes.look = shape({
  grant: PLAIN,
  now: INSTANT,
});

takes.offer = shape({
  grant: PLAIN,
  actor: Person,
  holder: Person,
  now: INSTANT,
  context: PLAIN,
});

takes.explain = shape({
  of: anyOf(takes),
  now: INSTANT,
});

takes.holds = shape({
  person: PLAIN,
  resource: Resource,
  permission: PLAIN,
  now: INSTANT,
});

takes.who_has = shape({
  resource: Resource,
  permission: PLAIN,
  at: INSTANT,
  now: INSTANT,
});

takes.reconcile = shape({
  held: listed(InHand),
  integrations: listed(PLAIN),
  now: INSTANT,
});

takes.compact = shape({
  before: INSTANT,
  after: PLAIN,
  limit: PLAIN,
  now: INSTANT,
});

takes.list = shape({
  holder: PLAIN,
  requester: PLAIN,
  flow: PLAIN,
  stage: PLAIN,
  item: Item,
  outcome: PLAIN,
  awaits_review: PLAIN,
  enforcement: PLAIN,
  after: PLAIN,
  limit: PLAIN,
  now: INSTANT,
});

takes.inbox = shape({
  actor: Person,
  after: PLAIN,
  limit: PLAIN,
  now: INSTANT,
});

takes.catalog = shape({
  actor: Person,
  now: INSTANT,
});

takes.history = shape({
  grant: PLAIN,
  now: INSTANT,
});

takes.records = shape({
  after: PLAIN,
  limit: PLAIN,
  now: INSTANT,
});

takes.export = shape({
  after: PLAIN,
  limit: PLAIN,
  now: INSTANT,
});

takes.checkpoint = shape({
  now: INSTANT,
});

takes.prove = shape({
  position: PLAIN,
  old: PLAIN,
  size: PLAIN,
  now: INSTANT,
});

/** A method for each call. */
class Calls extends Door {
  /** Asks for access. */
  request(call) {
    return this.ask("request", takes.request, call, byField({ flow: Grant, kit: Grants }));
  }

  /** Approves a request. */
  approve(call) {
    return this.ask("approve", takes.approve, call, Grant.read);
  }

  /** Denies a request. */
  deny(call) {
    return this.ask("deny", takes.deny, call, Grant.read);
  }

  /** Takes a request back. */
  withdraw(call) {
    return this.ask("withdraw", takes.withdraw, call, Grant.read);
  }

  /** Begins access that waits for its holder. */
  activate(call) {
    return this.ask("activate", takes.activate, call, Grant.read);
  }

  /** Moves a grant's end later. */
  extend(call) {
    return this.ask("extend", takes.extend, call, Grant.read);
  }

  /** Approves an extension. */
  approveExtension(call) {
    return this.ask("approve_extension", takes.approve_extension, call, Grant.read);
  }

  /** Denies an extension. */
  denyExtension(call) {
    return this.ask("deny_extension", takes.deny_extension, call, Grant.read);
  }

  /** Ends access that is no longer needed. */
  giveBack(call) {
    return this.ask("give_back", takes.give_back, call, Grant.read);
  }

  /** Ends somebody's access. */
  revoke(call) {
    return this.ask("revoke", takes.revoke, call, byField({ grant: Grant, person: Revoked, flow: Revoked, integration: Revoked, item: Revoked }));
  }

  /** Says that access taken in an emergency was looked at. */
  review(call) {
    return this.ask("review", takes.review, call, Grant.read);
  }

  /** Erases what people wrote of a grant that is over. */
  erase(call) {
    return this.ask("erase", takes.erase, call, Grant.read);
  }

  /** Puts a policy in force. */
  publish(call) {
    return this.ask("publish", takes.publish, call, Published.read);
  }

  /** Writes down what time has made true. */
  sweep(call = {}) {
    return this.ask("sweep", takes.sweep, call, Swept.read);
  }

  /** Takes effects under a lease. */
  takeEffects(call) {
    return this.ask("take_effects", takes.take_effects, call, listed(Taken).read);
  }

  /** Says that an effect was carried out. */
  effectDone(call) {
    return this.ask("effect_done", takes.effect_done, call, Grant.read);
  }

  /** Says that an effect could not be carried out. */
  effectFailed(call) {
    return this.ask("effect_failed", takes.effect_failed, call, Grant.read);
  }

  /** A grant as it stands. */
  look(call) {
    return this.ask("look", takes.look, call, Grant.read);
  }

  /** Whether and how a grant may be extended. */
  offer(call) {
    return this.ask("offer", takes.offer, call, Offer.read);
  }

  /** Whether and how a grant may be extended. */
  offerSync(call) {
    return this.askSync("offer", takes.offer, call, Offer.read);
  }

  /** How each check of a command comes out. The command is not carried out. */
  explain(call) {
    return this.ask("explain", takes.explain, call, Explanation.read);
  }

  /** Whether a person holds a permission. */
  holds(call) {
    return this.ask("holds", takes.holds, call, Verdict.read);
  }

  /** Whether a person holds a permission. */
  holdsSync(call) {
    return this.askSync("holds", takes.holds, call, Verdict.read);
  }

  /** Who had a resource at an instant. */
  whoHas(call) {
    return this.ask("who_has", takes.who_has, call, Holders.read);
  }

  /** What targets hold, beside what they should hold. */
  reconcile(call = {}) {
    return this.ask("reconcile", takes.reconcile, call, Reconciled.read);
  }

  /** Lets go of the details of grants that are long over. */
  compact(call) {
    return this.ask("compact", takes.compact, call, Compacted.read);
  }

  /** Grants. */
  list(call = {}) {
    return this.ask("list", takes.list, call, Grants.read);
  }

  /** Grants that await this person's decision. */
  inbox(call) {
    return this.ask("inbox", takes.inbox, call, Grants.read);
  }

  /** Flows that this person may ask under. */
  catalog(call) {
    return this.ask("catalog", takes.catalog, call, Flows.read);
  }

  /** What happened to a grant. */
  history(call) {
    return this.ask("history", takes.history, call, Recorded.read);
  }

  /** The whole record. */
  records(call = {}) {
    return this.ask("records", takes.records, call, Recorded.read);
  }

  /** The record as it is handed out to be checked elsewhere. */
  export(call = {}) {
    return this.ask("export", takes.export, call, Exported.read);
  }

  /** How long the record is and what its root is, signed. */
  checkpoint(call = {}) {
    return this.ask("checkpoint", takes.checkpoint, call, Checkpoint.read);
  }

  /** That a record is in the tree, or that one tree is the beginning of another. */
  prove(call = {}) {
    return this.ask("prove", takes.prove, call, byField({ position: Inclusion, old: Consistency }));
  }

}

module.exports = { Calls };
