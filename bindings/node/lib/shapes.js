"use strict";

// Printed by `cargo xtask gen` from the schemas of the port: change those instead.

const { INSTANT, PLAIN, byName, listed, shape } = require("./shape.js");

/** A login. */
const Login = shape({
  at: INSTANT,
  methods: listed(PLAIN),
  level: PLAIN,
});

/** A person as the host vouches for them. */
const Person = shape({
  id: PLAIN,
  aliases: listed(PLAIN),
  acts_for: PLAIN,
  groups: listed(PLAIN),
  roles: listed(PLAIN),
  manager: PLAIN,
  attributes: PLAIN,
  authenticated: Login,
});

/** A resource with the facts the host vouches for. */
const Resource = shape({
  integration: PLAIN,
  type: PLAIN,
  name: PLAIN,
  labels: byName(PLAIN),
  owners: listed(PLAIN),
  attributes: PLAIN,
});

/** One item with the facts of its resource. */
const Asked = shape({
  resource: Resource,
  permission: PLAIN,
});

/** One resource and one permission on it. */
const Item = shape({
  integration: PLAIN,
  type: PLAIN,
  name: PLAIN,
  permission: PLAIN,
});

/** One item in one person's hands at a target, as the orders to workers name it. */
const InHand = shape({
  holder: PLAIN,
  integration: PLAIN,
  type: PLAIN,
  name: PLAIN,
  permission: PLAIN,
  grant: PLAIN,
});

/** Extensions so far, and how many are left. */
const Extensions = shape({
  used: PLAIN,
  left: PLAIN,
  pending: PLAIN,
});

/** An extension that awaits its decision, as its approvers see it. */
const ExtensionAsked = shape({
  by: PLAIN,
  at: INSTANT,
  span: PLAIN,
  ends_at: INSTANT,
  decide_by: INSTANT,
  reason: PLAIN,
  fields: byName(PLAIN),
  content: PLAIN,
});

/** The review of access that was taken in an emergency. */
const Review = shape({
  due: INSTANT,
  reviewed_by: PLAIN,
});

/** A grant as it stands. */
const Grant = shape({
  id: PLAIN,
  flow: PLAIN,
  revision: PLAIN,
  holder: PLAIN,
  requester: PLAIN,
  stage: PLAIN,
  outcome: PLAIN,
  waiting_for: PLAIN,
  requested_at: INSTANT,
  decide_by: INSTANT,
  starts_at: INSTANT,
  ends_at: INSTANT,
  held_until: INSTANT,
  closed_at: INSTANT,
  asked: PLAIN,
  granted: PLAIN,
  clipped: PLAIN,
  items: listed(Item),
  reason: PLAIN,
  fields: byName(PLAIN),
  content: PLAIN,
  extensions: Extensions,
  extension_asked: ExtensionAsked,
  enforcement: PLAIN,
  break_glass: PLAIN,
  review: Review,
});

/** What a revocation of many found. */
const Revoked = shape({
  revoked: listed(PLAIN),
  not_allowed: listed(PLAIN),
});

/** A text that a reason lacks, or that does not fit. */
const Lacking = shape({
  field: PLAIN,
  min_length: PLAIN,
  pattern: PLAIN,
});

/** The login that is needed, as a step-up challenge asks for it. */
const NeededLogin = shape({
  max_age: PLAIN,
  level: PLAIN,
  methods: listed(PLAIN),
});

/** A step that names too few people. */
const Missing = shape({
  step: PLAIN,
  missing: PLAIN,
});

/** The smallest change to what was asked that would pass, all of it together. */
const WouldPass = shape({
  span: PLAIN,
  at: INSTANT,
  start: INSTANT,
  if_ends_at: INSTANT,
  without: listed(Item),
  only: listed(Item),
  reason: listed(Lacking),
  login: NeededLogin,
  approvers: listed(Missing),
});

/** The rules say no. */
const Refusal = shape({
  code: PLAIN,
  message: PLAIN,
  details: byName(PLAIN),
  would_pass: WouldPass,
});

/** Whether and how a grant may be extended. */
const Offer = shape({
  allowed: PLAIN,
  refused: Refusal,
  opens_at: INSTANT,
  default: PLAIN,
  min: PLAIN,
  max: PLAIN,
  used: PLAIN,
  left: PLAIN,
  latest_end: INSTANT,
  needs: listed(PLAIN),
  ends_at: INSTANT,
});

/** One code, and how its check came out. */
const Check = shape({
  code: PLAIN,
  verdict: PLAIN,
});

/** How each check of a command comes out. */
const Explanation = shape({
  checks: listed(Check),
  refused: Refusal,
});

/** Whether access is held. */
const Verdict = shape({
  allowed: PLAIN,
  grant: PLAIN,
  until: INSTANT,
});

/** Access that somebody had. */
const Holder = shape({
  person: PLAIN,
  permission: PLAIN,
  grant: PLAIN,
  since: INSTANT,
  until: INSTANT,
});

/** Who had a resource at an instant. */
const Holders = shape({
  at: INSTANT,
  holders: listed(Holder),
});

/** A grant that is over and had put an item there. */
const Past = shape({
  grant: PLAIN,
  outcome: PLAIN,
  closed_at: INSTANT,
  underway: PLAIN,
  held_before: PLAIN,
});

/** What is held and no grant gives. */
const Surplus = shape({
  holder: PLAIN,
  integration: PLAIN,
  type: PLAIN,
  name: PLAIN,
  permission: PLAIN,
  grant: PLAIN,
  last: Past,
});

/** What a target should hold. */
const Owed = shape({
  holder: PLAIN,
  integration: PLAIN,
  type: PLAIN,
  name: PLAIN,
  permission: PLAIN,
  grant: PLAIN,
  by: PLAIN,
  until: INSTANT,
  underway: PLAIN,
});

/** What targets hold, beside what they should hold. */
const Reconciled = shape({
  at: INSTANT,
  agree: PLAIN,
  held_not_granted: listed(Surplus),
  granted_not_held: listed(Owed),
  held_before: listed(Surplus),
});

/** Of how many grants details were let go. */
const Compacted = shape({
  before: INSTANT,
  compacted: PLAIN,
  next: PLAIN,
});

/** Grants, and where the list goes on. */
const Grants = shape({
  grants: listed(Grant),
  next: PLAIN,
});

/** A flow as a requester sees it. */
const Flow = shape({
  id: PLAIN,
  title: PLAIN,
  description: PLAIN,
  labels: byName(PLAIN),
  revision: PLAIN,
  break_glass: PLAIN,
});

/** Flows that a person may ask under. */
const Flows = shape({
  flows: listed(Flow),
});

/** Lines of the record. */
const Recorded = shape({
  records: listed(byName(PLAIN)),
});

/** What people wrote of a record, and what it is hashed with. */
const Written = shape({
  salt: PLAIN,
  texts: byName(PLAIN),
});

/** A record as it is handed out. */
const ExportedRecord = shape({
  position: PLAIN,
  hash: PLAIN,
  leaf: PLAIN,
  written: Written,
});

/** Records as they are handed out to be checked elsewhere. */
const Exported = shape({
  exported: listed(ExportedRecord),
});

/** A signed checkpoint. */
const Checkpoint = shape({
  checkpoint: PLAIN,
  key: PLAIN,
});

/** That a record is in the tree (RFC 6962). */
const Inclusion = shape({
  position: PLAIN,
  size: PLAIN,
  root: PLAIN,
  leaf: PLAIN,
  hash: PLAIN,
  proof: listed(PLAIN),
});

/** That one tree is the beginning of another (RFC 6962). */
const Consistency = shape({
  old: PLAIN,
  old_root: PLAIN,
  size: PLAIN,
  root: PLAIN,
  proof: listed(PLAIN),
});

/** The policy in force. */
const Published = shape({
  published: PLAIN,
});

/** What a sweep settled. */
const Swept = shape({
  people: PLAIN,
  events: PLAIN,
});

/** An item with the latest end that holds for it. */
const HeldItem = shape({
  item: Item,
  until: INSTANT,
});

/** Give these items, or tell the target their ends. */
const Hold = shape({
  at: PLAIN,
  kind: PLAIN,
  credential: PLAIN,
  items: listed(HeldItem),
});

/** An item that stays because another grant of the holder covers it. */
const Kept = shape({
  item: Item,
  by: PLAIN,
  until: INSTANT,
});

/** Take these items away. */
const Remove = shape({
  at: PLAIN,
  kind: PLAIN,
  remove: listed(Item),
  keep: listed(Kept),
  outcome: PLAIN,
  cut_sessions: PLAIN,
});

/** Make the credential that was handed out worthless. */
const Rotate = shape({
  at: PLAIN,
  kind: PLAIN,
  credential: PLAIN,
  items: listed(Item),
  keep: listed(Kept),
});

/** Tell people. */
const Tell = shape({
  notice: PLAIN,
  to: listed(PLAIN),
  ends: INSTANT,
});

/** What is to be done, computed when the effect was taken: exactly one of these. */
const Order = shape({
  hold: Hold,
  remove: Remove,
  rotate: Rotate,
  tell: Tell,
});

/** What a worker is handed. */
const Taken = shape({
  id: PLAIN,
  grant: PLAIN,
  number: PLAIN,
  kind: PLAIN,
  holder: PLAIN,
  attempt: PLAIN,
  worker: PLAIN,
  lease_until: INSTANT,
  order: Order,
});

/** One thing that is wrong with a policy, or with the call itself. */
const Problem = shape({
  code: PLAIN,
  path: PLAIN,
  file: PLAIN,
  line: PLAIN,
  column: PLAIN,
  message: PLAIN,
  help: PLAIN,
});

/** The world failed. The rules said neither yes nor no. */
const Fault = shape({
  code: PLAIN,
  message: PLAIN,
});

module.exports = {
  Login,
  Person,
  Resource,
  Asked,
  Item,
  InHand,
  Extensions,
  ExtensionAsked,
  Review,
  Grant,
  Revoked,
  Lacking,
  NeededLogin,
  Missing,
  WouldPass,
  Refusal,
  Offer,
  Check,
  Explanation,
  Verdict,
  Holder,
  Holders,
  Past,
  Surplus,
  Owed,
  Reconciled,
  Compacted,
  Grants,
  Flow,
  Flows,
  Recorded,
  Written,
  ExportedRecord,
  Exported,
  Checkpoint,
  Inclusion,
  Consistency,
  Published,
  Swept,
  HeldItem,
  Hold,
  Kept,
  Remove,
  Rotate,
  Tell,
  Order,
  Taken,
  Problem,
  Fault,
};
