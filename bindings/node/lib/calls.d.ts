// Printed by `cargo xtask gen` from the schemas of the port: change those instead.

/** A time: a `Date`, or text such as `2026-03-02T09:00:00Z`. */
export type Time = Date | string;

/** A span: text such as `1h 30m` or `PT30M`, or whole milliseconds. */
export type Span = string | number;

/** Facts by name: true or false, whole numbers, texts, lists, facts by name. */
export type Facts = Record<string, unknown>;

/** Who gives a command: a person, or `system:NAME` for the host itself. */
export type Actor = Person | `system:${string}`;

/** A policy document: a text, or fields by name. */
export type Document = string | Record<string, unknown>;

/** An authenticator assurance level (NIST SP 800-63B). */
export type Level =
  /** One factor. */
  | "aal1"
  /** Two factors. */
  | "aal2"
  /** A hardware-based authenticator. */
  | "aal3"
  ;

/** A login. */
export interface Login {
  /** When it happened. */
  at: Time;
  /** Authentication method references (RFC 8176). */
  methods?: readonly string[] | undefined;
  /** The authenticator assurance level (NIST SP 800-63B). */
  level?: Level | null | undefined;
}

/** A person as the host vouches for them. */
export interface Person {
  /** The one id, opaque and never reused. */
  id: string;
  /** Other ids of the same person. */
  aliases?: readonly string[] | undefined;
  /** The human behind a workload or bot. */
  actsFor?: string | null | undefined;
  /** Groups, by name. */
  groups?: readonly string[] | undefined;
  /** Roles, by name. */
  roles?: readonly string[] | undefined;
  /** Their manager. */
  manager?: string | null | undefined;
  /** Whatever else conditions look at. */
  attributes?: Facts | null | undefined;
  /** How they proved who they are; absent without a login. */
  authenticated?: Login | null | undefined;
}

/** A resource with the facts the host vouches for. */
export interface Resource {
  /** The instance. */
  integration: string;
  /** The type. */
  type: string;
  /** The name in its integration. */
  name: string;
  /** Labels that flows select by. */
  labels?: Record<string, string> | undefined;
  /** Its owners as selectors: `user:`, `group:`, `role:`. */
  owners?: readonly string[] | undefined;
  /** Whatever else conditions look at. */
  attributes?: Facts | null | undefined;
}

/** One item with the facts of its resource. */
export interface Asked {
  /** The resource. */
  resource: Resource;
  /** The permission. */
  permission: string;
}

/** One resource and one permission on it. */
export interface Item {
  /** The instance. */
  integration: string;
  /** The type. */
  type: string;
  /** The name in its integration. */
  name: string;
  /** The permission. */
  permission: string;
}

/** What a policy text is written in. */
export type Format =
  /** YAML 1.2. */
  | "yaml"
  /** TOML 1.0. */
  | "toml"
  /** JSON. */
  | "json"
  ;

/** One item in one person's hands at a target, as the orders to workers name it. */
export interface InHand {
  /** Who holds it. */
  holder: string;
  /** The instance. */
  integration: string;
  /** The type. */
  type: string;
  /** The name in its integration. */
  name: string;
  /** The permission. */
  permission: string;
  /** Of `ephemeral` access the grant whose own account it is. */
  grant?: string | null | undefined;
}

/** A stage of a grant's life. */
export type Stage =
  /** It waits for decisions. */
  | "pending"
  /** It was approved and waits to begin. */
  | "approved"
  /** Access runs. */
  | "active"
  /** It is over. */
  | "closed"
  ;

/** How a grant ended. */
export type Outcome =
  /** Approvers said no. */
  | "denied"
  /** Requester or holder took it back. */
  | "withdrawn"
  /** Nobody decided in time. */
  | "undecided"
  /** It never began. */
  | "unused"
  /** Its end came. */
  | "expired"
  /** The holder no longer needed it. */
  | "given_back"
  /** Somebody ended it. */
  | "revoked"
  ;

/** What targets have confirmed. */
export type Enforcement =
  /** Nothing was told. */
  | "none"
  /** Access is being given, or its end moved. */
  | "applying"
  /** Access was given. */
  | "applied"
  /** Access is being taken away. */
  | "removing"
  /** Access was taken away. */
  | "removed"
  /** Giving has failed too often. */
  | "stuck_applying"
  /** Removing has failed too often. */
  | "stuck_removing"
  ;

/** Extensions so far, and how many are left. */
export interface Extensions {
  /** Granted. */
  used: number;
  /** Left under the rules that govern it. */
  left: number;
  /** Awaiting a decision. */
  pending: number;
}

/** An extension that awaits its decision, as its approvers see it. */
export interface ExtensionAsked {
  /** Who asked. */
  by: string;
  /** When. */
  at: Date;
  /** By how much, in milliseconds. */
  span: number;
  /** The end that was asked: what is approved. */
  endsAt: Date;
  /** When it lapses. */
  decideBy: Date;
  /** Why. */
  reason?: string;
  /** Further fields of the reason. */
  fields?: Record<string, string>;
  /** The hash of all that approvers decide on. */
  content: string;
}

/** The review of access that was taken in an emergency. */
export interface Review {
  /** When it is due. */
  due: Date;
  /** Who reviewed it, where somebody did. */
  reviewedBy?: string;
}

/** A grant as it stands. */
export interface Grant {
  /** The grant's id. */
  id: string;
  /** The flow. */
  flow: string;
  /** The flow's revision it was asked under. */
  revision: string;
  /** Whom the access is for. */
  holder: string;
  /** Who asked. */
  requester: string;
  /** Where it stands. */
  stage: Stage;
  /** How it ended, once closed. */
  outcome?: Outcome;
  /** What an approved grant waits for. */
  waitingFor?: string;
  /** When it was asked for. */
  requestedAt: Date;
  /** Until when a pending request can be decided. */
  decideBy?: Date;
  /** Since when access runs; before that the planned start. */
  startsAt?: Date;
  /** Its end, once it runs. */
  endsAt?: Date;
  /** Until when access is held, while it runs. */
  heldUntil?: Date;
  /** When it was closed. */
  closedAt?: Date;
  /** The span asked for, in milliseconds. */
  asked: number;
  /** The span granted, in milliseconds. */
  granted: number;
  /** Whether hours or the flow's `until` shortened it. */
  clipped: boolean;
  /** Its scope. */
  items: Item[];
  /** Why it was asked for. */
  reason?: string;
  /** Further fields of the reason. */
  fields?: Record<string, string>;
  /** The hash of all that approvers decide on. */
  content: string;
  /** Extensions so far, and how many are left. */
  extensions: Extensions;
  /** The extension that awaits its decision. */
  extensionAsked?: ExtensionAsked;
  /** What the targets have confirmed. */
  enforcement: Enforcement;
  /** Whether it was taken in an emergency, without approval. */
  breakGlass?: boolean;
  /** The review that it needs, where it was taken in an emergency. */
  review?: Review;
}

/** What a revocation of many found. */
export interface Revoked {
  /** Grants that ended, in order of id. */
  revoked: string[];
  /** Grants that the actor may not revoke, in order of id. They are untouched. */
  notAllowed: string[];
}

/** A text that a reason lacks, or that does not fit. */
export interface Lacking {
  /** The field; `reason` is the reason itself. */
  field: string;
  /** The fewest characters. */
  minLength?: number;
  /** What it must look like: a regular expression. */
  pattern?: string;
}

/** The login that is needed, as a step-up challenge asks for it. */
export interface NeededLogin {
  /** How old it may be. */
  maxAge?: number;
  /** At which level at least. */
  level?: Level;
  /** By any one of these methods; any where empty. */
  methods?: string[];
}

/** A step that names too few people. */
export interface Missing {
  /** The step. */
  step: string;
  /** How many more people it would have to name. */
  missing: number;
}

/** The smallest change to what was asked that would pass, all of it together. */
export interface WouldPass {
  /** The same with this span, in milliseconds. */
  span?: number;
  /** The same, asked at this time, nothing else having happened. */
  at?: Date;
  /** The same with this planned start. */
  start?: Date;
  /** The same, having seen this end. */
  ifEndsAt?: Date;
  /** The same without these items. */
  without?: Item[];
  /** The same with only these items. */
  only?: Item[];
  /** The same with a reason in which these texts fit. */
  reason?: Lacking[];
  /** The same after such a login. */
  login?: NeededLogin;
  /** The same with more people named in these steps: what only the author of the policy can change. */
  approvers?: Missing[];
}

/** The rules say no. */
export interface Refusal {
  /** The stable code. */
  code: string;
  /** What is wrong, in words. */
  message: string;
  /** What a program needs to know about it: instants, spans in milliseconds, numbers, texts. */
  details?: Record<string, unknown>;
  /** The smallest change that would pass, where the rule knows it. */
  wouldPass?: WouldPass;
}

/** What an extension must bring. */
export type Need =
  /** A reason. */
  | "reason"
  /** A fresher or stronger login. */
  | "mfa"
  /** Somebody's approval. */
  | "approval"
  ;

/** Whether and how a grant may be extended. */
export interface Offer {
  /** Whether `extend` would pass now, given what is needed. */
  allowed: boolean;
  /** The refusal, where it would not. */
  refused?: Refusal;
  /** From when it would, where the rules know that. */
  opensAt?: Date;
  /** The span that one click gives, in milliseconds. */
  default?: number;
  /** The smallest span that passes now, in milliseconds. */
  min?: number;
  /** The largest span that passes now, in milliseconds. */
  max?: number;
  /** Extensions granted so far. */
  used: number;
  /** Extensions left. */
  left: number;
  /** The latest end that the rules allow; absent if nothing bounds it. */
  latestEnd?: Date;
  /** What the click must bring. */
  needs: Need[];
  /** The end as it stands: hand it in with the click. */
  endsAt?: Date;
}

/** How a check came out. */
export type CheckVerdict =
  /** Nothing is wrong. */
  | "pass"
  /** This is the refusal. */
  | "fail"
  /** An earlier check refused. */
  | "unreached"
  ;

/** One code, and how its check came out. */
export interface Check {
  /** The code. */
  code: string;
  /** How it came out. */
  verdict: CheckVerdict;
}

/** How each check of a command comes out. */
export interface Explanation {
  /** The codes in the order in which they are checked. */
  checks: Check[];
  /** The refusal, where the command would be refused. */
  refused?: Refusal;
}

/** Whether access is held. */
export interface Verdict {
  /** Whether it is. */
  allowed: boolean;
  /** By which grant. */
  grant?: string;
  /** Until when, as things stand. */
  until?: Date;
}

/** Access that somebody had. */
export interface Holder {
  /** Who. */
  person: string;
  /** The permission. */
  permission: string;
  /** Under which grant. */
  grant: string;
  /** Since when. */
  since: Date;
  /** Until when; of access that runs, as things stand. */
  until: Date;
}

/** Who had a resource at an instant. */
export interface Holders {
  /** The instant: the one that was asked, or now where that is still to come. */
  at: Date;
  /** Who, in order of permission, person and grant. */
  holders: Holder[];
}

/** A grant that is over and had put an item there. */
export interface Past {
  /** The grant. */
  grant: string;
  /** How it ended. */
  outcome: Outcome;
  /** When. */
  closedAt: Date;
  /** Whether the effect that takes it away is not finished. */
  underway: boolean;
  /** Whether the holder had it before. */
  heldBefore: boolean;
}

/** What is held and no grant gives. */
export interface Surplus {
  /** Who holds it. */
  holder: string;
  /** The instance. */
  integration: string;
  /** The type. */
  type: string;
  /** The name in its integration. */
  name: string;
  /** The permission. */
  permission: string;
  /** Of `ephemeral` access the grant whose own account it is. */
  grant?: string;
  /** The last grant that put it there; absent where this store knows of none. */
  last?: Past;
}

/** What a target should hold. */
export interface Owed {
  /** Who should hold it. */
  holder: string;
  /** The instance. */
  integration: string;
  /** The type. */
  type: string;
  /** The name in its integration. */
  name: string;
  /** The permission. */
  permission: string;
  /** Of `ephemeral` access the grant whose own account it is. */
  grant?: string;
  /** For which grant. */
  by: string;
  /** Until when. */
  until: Date;
  /** Whether an effect that gives it is not finished. */
  underway: boolean;
}

/** What targets hold, beside what they should hold. */
export interface Reconciled {
  /** The instant that was looked at. */
  at: Date;
  /** How much is held and should be. */
  agree: number;
  /** Held, and no grant gives it. */
  heldNotGranted: Surplus[];
  /** Granted, and not held. */
  grantedNotHeld: Owed[];
  /** Held, and the holder had it before the last grant that gave it: no difference. */
  heldBefore: Surplus[];
}

/** Of how many grants details were let go. */
export interface Compacted {
  /** What ended before this instant was: the one that was asked, and nothing that a quota still looks at. */
  before: Date;
  /** Of how many grants. */
  compacted: number;
  /** Ask again after this one; absent where nothing is left. */
  next?: string;
}

/** Grants, and where the list goes on. */
export interface Grants {
  /** The grants. */
  grants: Grant[];
  /** Ask again after this one; absent where nothing is left. */
  next?: string;
}

/** A flow as a requester sees it. */
export interface Flow {
  /** The flow's id. */
  id: string;
  /** What it is called. */
  title?: string;
  /** What it is for. */
  description?: string;
  /** Its labels, by which a host sorts what it shows. */
  labels?: Record<string, string>;
  /** The revision in force. */
  revision: string;
  /** Whether this person may take it in an emergency, without approval. */
  breakGlass?: boolean;
}

/** Flows that a person may ask under. */
export interface Flows {
  /** The flows. */
  flows: Flow[];
}

/** Lines of the record. */
export interface Recorded {
  /** The lines, in order of `position`: events, refusals, policies and revocations of many. */
  records: Record<string, unknown>[];
}

/** What people wrote of a record, and what it is hashed with. */
export interface Written {
  /** The salt. */
  salt: string;
  /** The texts, by their place in the record. */
  texts: Record<string, string>;
}

/** A record as it is handed out. */
export interface ExportedRecord {
  /** Its position, from 1. */
  position: number;
  /** The hash of its leaf (RFC 6962). */
  hash: string;
  /** The leaf: the text that the hash is over. */
  leaf: string;
  /** What people wrote of it; absent where they wrote nothing, or where that was erased. */
  written?: Written;
}

/** Records as they are handed out to be checked elsewhere. */
export interface Exported {
  /** The records, in order of `position`. */
  exported: ExportedRecord[];
}

/** A signed checkpoint. */
export interface Checkpoint {
  /** A signed note (C2SP `tlog-checkpoint`). */
  checkpoint: string;
  /** The public key, as tools of signed notes take it. */
  key: string;
}

/** That a record is in the tree (RFC 6962). */
export interface Inclusion {
  /** The record's position, from 1. */
  position: number;
  /** How many records the tree has. */
  size: number;
  /** The root of the tree. */
  root: string;
  /** The leaf: the text that the hash is over. */
  leaf: string;
  /** The hash of the leaf. */
  hash: string;
  /** The hashes beside the way from leaf to root. */
  proof: string[];
}

/** That one tree is the beginning of another (RFC 6962). */
export interface Consistency {
  /** How many records the earlier tree has. */
  old: number;
  /** The root of the earlier tree. */
  oldRoot: string;
  /** How many records the later tree has. */
  size: number;
  /** The root of the later tree. */
  root: string;
  /** The hashes that lead from both roots to each other. */
  proof: string[];
}

/** The policy in force. */
export interface Published {
  /** The revision of the document. */
  published: string;
}

/** What a sweep settled. */
export interface Swept {
  /** People whose grants were settled. */
  people: number;
  /** Events that were written. */
  events: number;
}

/** What is given to the holder at the target. */
export type Given =
  /** The holder's own account gets more permissions. */
  | "elevation"
  /** Each grant has an account of its own. */
  | "ephemeral"
  /** The holder gets a secret out of a vault. */
  | "vaulted"
  ;

/** A type of credential. */
export type Credential =
  /** A password. */
  | "password"
  /** An access key. */
  | "access_key"
  /** A certificate. */
  | "certificate"
  /** A token. */
  | "token"
  ;

/** An item with the latest end that holds for it. */
export interface HeldItem {
  /** The item. */
  item: Item;
  /** Until when it is held. */
  until: Date;
}

/** Give these items, or tell the target their ends. */
export interface Hold {
  /** The target. */
  at: string;
  /** What is given to the holder. */
  kind: Given;
  /** What credential is handed out. */
  credential?: Credential;
  /** Each item with the latest end of all the holder's grants that cover it. */
  items: HeldItem[];
}

/** An item that stays because another grant of the holder covers it. */
export interface Kept {
  /** The item. */
  item: Item;
  /** The grant it is kept for: the latest end, then the smallest id. */
  by: string;
  /** Until when. */
  until: Date;
}

/** Take these items away. */
export interface Remove {
  /** The target. */
  at: string;
  /** What is given to the holder. */
  kind: Given;
  /** Items to remove. */
  remove: Item[];
  /** Items that another grant keeps. */
  keep: Kept[];
  /** How the grant ended; `null` where it goes on. */
  outcome: Outcome | null;
  /** Whether sessions that live on must be cut. */
  cutSessions: boolean;
}

/** Make the credential that was handed out worthless. */
export interface Rotate {
  /** The target. */
  at: string;
  /** What is given to the holder. */
  kind: Given;
  /** What credential was handed out. */
  credential: Credential;
  /** Items that the grant gave there. */
  items: Item[];
  /** Items that another grant keeps: whoever holds those needs the new credential. */
  keep: Kept[];
}

/** What a notice is about. */
export type Notice =
  /** A request awaits a decision. */
  | "approval_wanted"
  /** A request or an extension has waited so long that more people are asked. */
  | "escalated"
  /** A decision was taken, or will not be. */
  | "decided"
  /** Access has begun. */
  | "active"
  /** Access was taken in an emergency. */
  | "break_glass"
  /** Access will end soon. */
  | "ending_soon"
  /** An extension awaits a decision. */
  | "extension_wanted"
  /** The end was moved. */
  | "extended"
  /** Access has ended. */
  | "ended"
  /** An effect is stuck. */
  | "stuck"
  /** Access taken in an emergency was not reviewed in time. */
  | "review_due"
  ;

/** Tell people. */
export interface Tell {
  /** What about. */
  notice: Notice;
  /** Whom: selectors and channels. */
  to: string[];
  /** The end that the notice speaks of. */
  ends?: Date;
}

/** What is to be done, computed when the effect was taken: exactly one of these. */
export interface Order {
  /** Give these items, or tell the target their ends. */
  hold?: Hold;
  /** Take these items away. */
  remove?: Remove;
  /** Make the credential that was handed out worthless. */
  rotate?: Rotate;
  /** Tell people. */
  tell?: Tell;
}

/** What a worker is handed. */
export interface Taken {
  /** Its id, `GRANT/NUMBER`, the same at every attempt: report with it. */
  id: string;
  /** The grant. */
  grant: string;
  /** The effect's number in it. */
  number: number;
  /** The effect's kind: `provision`, `notify:active`. */
  kind: string;
  /** Whom the access is for. */
  holder: string;
  /** Which attempt this is, from 1. */
  attempt: number;
  /** Who has it. */
  worker: string;
  /** When the lease runs out. */
  leaseUntil: Date;
  /** What is to be done. */
  order: Order;
}

/** One thing that is wrong with a policy, or with the call itself. */
export interface Problem {
  /** What sort it is. */
  code: string;
  /** The path of the field. */
  path: string;
  /** The file, where the document has files. */
  file?: string;
  /** The line, from 1. */
  line?: number;
  /** The column in characters, from 1. */
  column?: number;
  /** What is wrong. */
  message: string;
  /** What would be right. */
  help?: string;
}

/** Asks for access. */
export interface RequestCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The id the grant shall have; made up where absent. */
  grant?: string | null | undefined;
  /** The flow; either it or a kit is named. */
  flow?: string | null | undefined;
  /** The kit: one grant a flow, all or none, and none of its items named. */
  kit?: string | null | undefined;
  /** The items; none where a kit or a flow that is taken whole says them. */
  items?: readonly Asked[] | undefined;
  /** For how long; the flow's default where absent. */
  span?: Span | null | undefined;
  /** When it shall start; now where absent. */
  start?: Time | null | undefined;
  /** Why. */
  reason?: string | null | undefined;
  /** Further fields of the reason. */
  fields?: Record<string, string> | undefined;
  /** Whom the access is for; the actor where absent. */
  holder?: Person | null | undefined;
  /** Whether it is taken in an emergency, without approval. It is reviewed afterwards. */
  breakGlass?: boolean | undefined;
  /** What the host knows of the resources that a kit, or a flow that is taken whole, names; of others nothing is known. */
  resources?: readonly Resource[] | undefined;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Approves a request. */
export interface ApproveCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** A shorter span. */
  span?: Span | null | undefined;
  /** Only these of its items. */
  only?: readonly Item[] | null | undefined;
  /** Why. */
  reason?: string | null | undefined;
  /** The content hash of what the approver saw. */
  content?: string | null | undefined;
  /** The holder's facts of today. */
  holder?: Person | null | undefined;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Denies a request. */
export interface DenyCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** Why. */
  reason?: string | null | undefined;
  /** The content hash of what the approver saw. */
  content?: string | null | undefined;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Takes a request back. */
export interface WithdrawCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Begins access that waits for its holder. */
export interface ActivateCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Moves a grant's end later. */
export interface ExtendCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** By how much; as much as the flow gives by itself where absent. */
  span?: Span | null | undefined;
  /** The end that was seen: the guard against a second click. */
  ifEndsAt?: Time | null | undefined;
  /** Why. */
  reason?: string | null | undefined;
  /** Further fields of the reason. */
  fields?: Record<string, string> | undefined;
  /** The holder's facts of today, where somebody else extends. */
  holder?: Person | null | undefined;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Approves an extension. */
export interface ApproveExtensionCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** Why. */
  reason?: string | null | undefined;
  /** The content hash of the extension that the approver saw. */
  content?: string | null | undefined;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Denies an extension. */
export interface DenyExtensionCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** Why. */
  reason?: string | null | undefined;
  /** The content hash of the extension that the approver saw. */
  content?: string | null | undefined;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Ends access that is no longer needed. */
export interface GiveBackCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Ends somebody's access. */
export interface RevokeCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant?: string | null | undefined;
  /** The person whose access all of it is. */
  person?: string | null | undefined;
  /** The flow it was asked for under. */
  flow?: string | null | undefined;
  /** The integration it is at. */
  integration?: string | null | undefined;
  /** The item it is to. */
  item?: Item | null | undefined;
  /** Why. */
  reason?: string | null | undefined;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Says that access taken in an emergency was looked at. */
export interface ReviewCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** What came of it. */
  reason?: string | null | undefined;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Erases what people wrote of a grant that is over. */
export interface EraseCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The grant. */
  grant: string;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Puts a policy in force. */
export interface PublishCall {
  /** Who gives the command: a person with the facts the host vouches for, or `system:NAME`. */
  actor: Actor;
  /** The policy document: fields by name, or a text with its `format`. */
  policy: Document;
  /** What the text is written in. */
  format?: Format | null | undefined;
  /** The revision of the document that it replaces. */
  ifRevision?: string | null | undefined;
  /** The command id, so that giving it again is no second command; made up where absent. */
  commandId?: string | null | undefined;
  /** What the host says of the situation; conditions see it as `context`. */
  context?: Facts | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Writes down what time has made true. */
export interface SweepCall {
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Takes effects under a lease. */
export interface TakeEffectsCall {
  /** Who takes them. */
  worker: string;
  /** For how long. */
  lease: Span;
  /** Only at this integration; notices are at none. */
  integration?: string | null | undefined;
  /** At most so many. */
  limit?: number | null | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Says that an effect was carried out. */
export interface EffectDoneCall {
  /** The effect, `GRANT/NUMBER`. */
  effect: string;
  /** Who carried it out. */
  worker: string;
  /** Items that the holder had before. */
  alreadyHeld?: readonly Item[] | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Says that an effect could not be carried out. */
export interface EffectFailedCall {
  /** The effect, `GRANT/NUMBER`. */
  effect: string;
  /** Who tried. */
  worker: string;
  /** What went wrong. */
  error: string;
  /** Whether trying again is of no use. */
  final?: boolean | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** A grant as it stands. */
export interface LookCall {
  /** The grant. */
  grant: string;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Whether and how a grant may be extended. */
export interface OfferCall {
  /** The grant. */
  grant: string;
  /** The person. */
  actor: Person;
  /** The holder's facts of today, where the person is somebody else. */
  holder?: Person | null | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
  /** What the host says of the situation. */
  context?: Facts | undefined;
}

/** How each check of a command comes out. The command is not carried out. */
export interface ExplainCall {
  /** The command. */
  of: Call;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Whether a person holds a permission. */
export interface HoldsCall {
  /** The person. */
  person: string;
  /** The resource. Its facts may be handed in too; it is known by what it is called alone. */
  resource: Resource;
  /** The permission. */
  permission: string;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Who had a resource at an instant. */
export interface WhoHasCall {
  /** The resource. Its facts may be handed in too; it is known by what it is called alone. */
  resource: Resource;
  /** The permission; all of them where absent. */
  permission?: string | null | undefined;
  /** The instant; now where absent, or where it is still to come. */
  at?: Time | null | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** What targets hold, beside what they should hold. */
export interface ReconcileCall {
  /** What they hold. */
  held?: readonly InHand[] | undefined;
  /** Only these integrations; all of them where none is named. */
  integrations?: readonly string[] | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Lets go of the details of grants that are long over. */
export interface CompactCall {
  /** The instant. */
  before: Time;
  /** After this grant, in order of id. */
  after?: string | null | undefined;
  /** At most so many grants are looked at. */
  limit?: number | null | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Grants. */
export interface ListCall {
  /** For this holder. */
  holder?: string | null | undefined;
  /** Asked by this person. */
  requester?: string | null | undefined;
  /** Under this flow. */
  flow?: string | null | undefined;
  /** In this stage. */
  stage?: Stage | null | undefined;
  /** On this item. */
  item?: Item | null | undefined;
  /** Closed with this outcome. */
  outcome?: Outcome | null | undefined;
  /** Taken in an emergency, and awaiting its review, or not. */
  awaitsReview?: boolean | null | undefined;
  /** Where the targets have confirmed that much. */
  enforcement?: Enforcement | null | undefined;
  /** After this grant, in order of id. */
  after?: string | null | undefined;
  /** At most so many. */
  limit?: number | null | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Grants that await this person's decision. */
export interface InboxCall {
  /** The person. */
  actor: Person;
  /** After this grant, in order of id. */
  after?: string | null | undefined;
  /** At most so many. */
  limit?: number | null | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** Flows that this person may ask under. */
export interface CatalogCall {
  /** The person. */
  actor: Person;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** What happened to a grant. */
export interface HistoryCall {
  /** The grant. */
  grant: string;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** The whole record. */
export interface RecordsCall {
  /** After this position. */
  after?: number | null | undefined;
  /** At most so many. */
  limit?: number | null | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** The record as it is handed out to be checked elsewhere. */
export interface ExportCall {
  /** After this position. */
  after?: number | null | undefined;
  /** At most so many. */
  limit?: number | null | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** How long the record is and what its root is, signed. */
export interface CheckpointCall {
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** That a record is in the tree, or that one tree is the beginning of another. */
export interface ProveCall {
  /** The record, by position from 1. */
  position?: number | null | undefined;
  /** How many records the earlier tree has. */
  old?: number | null | undefined;
  /** How many records the tree has; as many as there are where absent. */
  size?: number | null | undefined;
  /** The host's time; the store's clock where absent. */
  now?: Time | null | undefined;
}

/** What each call takes, by its name. */
export interface CallsByName {
  request: RequestCall;
  approve: ApproveCall;
  deny: DenyCall;
  withdraw: WithdrawCall;
  activate: ActivateCall;
  extend: ExtendCall;
  approveExtension: ApproveExtensionCall;
  denyExtension: DenyExtensionCall;
  giveBack: GiveBackCall;
  revoke: RevokeCall;
  review: ReviewCall;
  erase: EraseCall;
  publish: PublishCall;
  sweep: SweepCall;
  takeEffects: TakeEffectsCall;
  effectDone: EffectDoneCall;
  effectFailed: EffectFailedCall;
  look: LookCall;
  offer: OfferCall;
  explain: ExplainCall;
  holds: HoldsCall;
  whoHas: WhoHasCall;
  reconcile: ReconcileCall;
  compact: CompactCall;
  list: ListCall;
  inbox: InboxCall;
  catalog: CatalogCall;
  history: HistoryCall;
  records: RecordsCall;
  export: ExportCall;
  checkpoint: CheckpointCall;
  prove: ProveCall;
}

/** A call as a value: `call` names it, as its method is named. */
export type Call = {
  [Name in keyof CallsByName]: { call: Name } & CallsByName[Name];
}[keyof CallsByName];

/** A method for each call. */
export declare class Calls {
  protected constructor();
  /** Asks for access. */
  request(call: RequestCall & { flow: string }): Promise<Grant>;
  /** Asks for access. */
  request(call: RequestCall & { kit: string }): Promise<Grants>;
  /** Approves a request. */
  approve(call: ApproveCall): Promise<Grant>;
  /** Denies a request. */
  deny(call: DenyCall): Promise<Grant>;
  /** Takes a request back. */
  withdraw(call: WithdrawCall): Promise<Grant>;
  /** Begins access that waits for its holder. */
  activate(call: ActivateCall): Promise<Grant>;
  /** Moves a grant's end later. */
  extend(call: ExtendCall): Promise<Grant>;
  /** Approves an extension. */
  approveExtension(call: ApproveExtensionCall): Promise<Grant>;
  /** Denies an extension. */
  denyExtension(call: DenyExtensionCall): Promise<Grant>;
  /** Ends access that is no longer needed. */
  giveBack(call: GiveBackCall): Promise<Grant>;
  /** Ends somebody's access. */
  revoke(call: RevokeCall & { grant: string }): Promise<Grant>;
  /** Ends somebody's access. */
  revoke(call: RevokeCall & { person: string }): Promise<Revoked>;
  /** Ends somebody's access. */
  revoke(call: RevokeCall & { flow: string }): Promise<Revoked>;
  /** Ends somebody's access. */
  revoke(call: RevokeCall & { integration: string }): Promise<Revoked>;
  /** Ends somebody's access. */
  revoke(call: RevokeCall & { item: Item }): Promise<Revoked>;
  /** Says that access taken in an emergency was looked at. */
  review(call: ReviewCall): Promise<Grant>;
  /** Erases what people wrote of a grant that is over. */
  erase(call: EraseCall): Promise<Grant>;
  /** Puts a policy in force. */
  publish(call: PublishCall): Promise<Published>;
  /** Writes down what time has made true. */
  sweep(call?: SweepCall): Promise<Swept>;
  /** Takes effects under a lease. */
  takeEffects(call: TakeEffectsCall): Promise<Taken[]>;
  /** Says that an effect was carried out. */
  effectDone(call: EffectDoneCall): Promise<Grant>;
  /** Says that an effect could not be carried out. */
  effectFailed(call: EffectFailedCall): Promise<Grant>;
  /** A grant as it stands. */
  look(call: LookCall): Promise<Grant | null>;
  /** Whether and how a grant may be extended. */
  offer(call: OfferCall): Promise<Offer>;
  /** Whether and how a grant may be extended. */
  offerSync(call: OfferCall): Offer;
  /** How each check of a command comes out. The command is not carried out. */
  explain(call: ExplainCall): Promise<Explanation>;
  /** Whether a person holds a permission. */
  holds(call: HoldsCall): Promise<Verdict>;
  /** Whether a person holds a permission. */
  holdsSync(call: HoldsCall): Verdict;
  /** Who had a resource at an instant. */
  whoHas(call: WhoHasCall): Promise<Holders>;
  /** What targets hold, beside what they should hold. */
  reconcile(call?: ReconcileCall): Promise<Reconciled>;
  /** Lets go of the details of grants that are long over. */
  compact(call: CompactCall): Promise<Compacted>;
  /** Grants. */
  list(call?: ListCall): Promise<Grants>;
  /** Grants that await this person's decision. */
  inbox(call: InboxCall): Promise<Grants>;
  /** Flows that this person may ask under. */
  catalog(call: CatalogCall): Promise<Flows>;
  /** What happened to a grant. */
  history(call: HistoryCall): Promise<Recorded>;
  /** The whole record. */
  records(call?: RecordsCall): Promise<Recorded>;
  /** The record as it is handed out to be checked elsewhere. */
  export(call?: ExportCall): Promise<Exported>;
  /** How long the record is and what its root is, signed. */
  checkpoint(call?: CheckpointCall): Promise<Checkpoint>;
  /** That a record is in the tree, or that one tree is the beginning of another. */
  prove(call: ProveCall & { position: number }): Promise<Inclusion>;
  /** That a record is in the tree, or that one tree is the beginning of another. */
  prove(call: ProveCall & { old: number }): Promise<Consistency>;
}
