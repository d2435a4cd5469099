"use strict";

const { setTimeout: pause } = require("node:timers/promises");

const { misread, optionsOf } = require("./shape.js");
const { millisOf } = require("./span.js");

const OPTIONS = ["worker", "lease", "integration", "poll", "signal"];
/** A timer of Node's that is longer ends at once. */
const PAUSE_MAX = 2 ** 31 - 1;

/** The port takes no longer text than this; the end of a longer one is left out. */
const ERROR_CHARS_MAX = 1000;

/** Why an effect is tried again whose loop was left. */
const LEFT = "the loop was left before this was said to be done";

/** What a worker is handed: what is to be done, and how to say what came of it. */
class Effect {
  #access;
  #reported = false;

  constructor(access, taken) {
    this.#access = access;
    Object.assign(this, taken);
  }

  /** Whether it was said what came of it. */
  get reported() {
    return this.#reported;
  }

  /** Says that it was carried out. */
  async done(options = {}) {
    const { alreadyHeld } = optionsOf(options, ["alreadyHeld"]);
    this.#reported = true;
    return this.#access.effectDone({ effect: this.id, worker: this.worker, alreadyHeld });
  }

  /** Says that it could not be carried out. It is tried again later, unless that is of no use. */
  async failed(error, options = {}) {
    const { final } = optionsOf(options, ["final"]);
    this.#reported = true;
    const said = error instanceof Error ? error.message : String(error);
    // Names of files may hold what is no text. That something failed is told all the same.
    const words = said.slice(0, ERROR_CHARS_MAX).toWellFormed() || "no words";
    return this.#access.effectFailed({ effect: this.id, worker: this.worker, error: words, final });
  }
}

/** What a loop waits for before it asks again. */
function pauseOf(poll) {
  const millis = millisOf(poll, "poll");
  if (millis === 0) throw misread("out_of_range", "poll", "a loop that asks again at once never rests; wait such as `5s`");
  return Math.min(millis, PAUSE_MAX);
}

const isSignal = (value) =>
  typeof value === "object" && typeof value?.aborted === "boolean" && typeof value.addEventListener === "function";

/**
 * Takes one effect after the other until there is none, or, with `poll`, until `signal` says so.
 *
 * An effect is done when the next one is asked for. A loop that is left by `break`, `return` or an error looks the same
 * from here, so the effect in hand has failed then, and is tried again: whoever leaves after having carried it out says
 * `await effect.done()` before.
 */
async function* effects(access, options = {}) {
  const { worker, lease = "1m", integration, poll, signal } = optionsOf(options, OPTIONS);
  const wait = poll === undefined ? undefined : pauseOf(poll);
  if (signal !== undefined && !isSignal(signal)) {
    throw misread("wrong_type", "signal", `invalid type: ${typeof signal}, expected an AbortSignal`);
  }
  while (!signal?.aborted) {
    const [taken] = await access.takeEffects({ worker, lease, integration, limit: 1 });
    if (taken === undefined) {
      if (wait === undefined) return;
      await pause(wait, undefined, { signal, ref: true }).catch((error) => {
        if (!signal?.aborted) throw error;
      });
      continue;
    }
    const effect = new Effect(access, taken);
    let next = false;
    try {
      yield effect;
      next = true;
    } finally {
      if (!effect.reported) await (next ? effect.done() : effect.failed(LEFT));
    }
  }
}

module.exports = { Effect, effects };
