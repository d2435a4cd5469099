import type { Calls, Document, EffectDoneCall, Facts, Grant, Problem, Span, Taken, Time, WouldPass } from "./calls.js";

export * from "./calls.js";

/** What a store is opened with. */
export interface OpenOptions {
  /**
   * The policy that shall be in force: the path of a file or folder, a text with its format, or fields by name. It is
   * published where another one is in force, or none; absent, what is in force stays.
   */
  policy?: string | { text: string; format: "yaml" | "toml" | "json" } | Exclude<Document, string>;
  /** The tenant; `default` where absent. */
  namespace?: string | undefined;
  /**
   * What signs checkpoints, made by `tenure audit key`: the path of its file, or its text, which begins with
   * `PRIVATE+KEY+`. Absent, `checkpoint` is the fault `signer`.
   */
  key?: string;
  /** For tests: the store's clock shows this time, and stands until `setClock`. */
  clock?: Time;
  /** For tests: command ids that are made up are counted, so that the same calls have the same answers. */
  ids?: { prefix: string; after?: number };
}

/** Which effects a worker takes. */
export interface EffectsOptions {
  /** Who takes them. */
  worker: string;
  /** For how long each is taken; a minute where absent. */
  lease?: Span;
  /** Only at this integration; notices are at none. */
  integration?: string;
  /** Where there is none, ask again after so long, until `signal` says so; absent, the loop ends. */
  poll?: Span;
  /** Ends the loop once the effect in hand is reported. */
  signal?: AbortSignal;
}

/** Opens a store: the path of a SQLite file, which is made where there is none, `:memory:`, or `postgres://…`. */
export function open(store: string, options?: OpenOptions): Promise<Access>;

/**
 * An open store, with a method for each call. Each thread opens its own.
 *
 * Times in answers are `Date`s, and names those of JavaScript; but entries of `history` and `records` are as they stand on
 * record: names of the contract, times as texts, spans in milliseconds.
 */
export class Access extends Calls {
  protected constructor();
  /**
   * Effects for a worker, one after the other, until there is none.
   *
   * An effect is done when the next one is asked for. One whose loop is left, by `break`, `return` or an error, has
   * failed, and is tried again: a loop cannot tell these apart. Whoever leaves after having carried it out says
   * `await effect.done()` before.
   */
  effects(options: EffectsOptions): AsyncGenerator<Effect, void, undefined>;
  /** Sets the clock that a test opened this with. */
  setClock(now: Time): Promise<void>;
  /** Closes the store once the calls that are in flight have their answers. Later calls are faults. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Effect extends Taken {}

/** What a worker is handed: what is to be done, and how to say what came of it. */
export class Effect {
  private constructor();
  /** Whether it was said what came of it. */
  readonly reported: boolean;
  /** Says that it was carried out. */
  done(options?: Pick<EffectDoneCall, "alreadyHeld">): Promise<Grant | null>;
  /** Says that it could not be carried out. It is tried again later, unless that is of no use (`final`). */
  failed(error: unknown, options?: { final?: boolean }): Promise<Grant | null>;
}

/** What all errors of tenure are. */
export class TenureError extends Error {
  protected constructor();
  /** The stable code, for programs. */
  readonly code: string;
  /** What a program needs to know about it, named as the contract names it. */
  readonly details: Facts;
  /** The smallest change that would pass, where the rules know it. */
  readonly wouldPass: WouldPass | undefined;
}

/** The policy, or the call itself, is wrong. */
export class InvalidPolicy extends TenureError {
  /** Everything that is, at once. `code` is that of the first. */
  readonly problems: Problem[];
}

/** The rules say no. */
export class Refused extends TenureError {}

/** The world failed. The rules said neither yes nor no. */
export class Fault extends TenureError {}
