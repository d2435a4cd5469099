"use strict";

const { setTimeout: pause } = require("node:timers/promises");

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
  async done({ alreadyHeld } = {}) {
    this.#reported = true;
    return this.#access.effectDone({ effect: this.id, worker: this.worker, alreadyHeld });
  }

  /** Says that it could not be carried out. It is tried again later, unless that is of no use. */
  async failed(error, { final } = {}) {
    this.#reported = true;
    const words = error instanceof Error ? error.message : String(error);
    return this.#access.effectFailed({ effect: this.id, worker: this.worker, error: words, final });
  }
}

/**
 * Takes one effect after the other until there is none, or, with `poll`, until `signal` says so.
 *
 * An effect is done when the next one is asked for. A loop that is left by `break`, `return` or an error looks the same
 * from here, so the effect in hand has failed then, and is tried again: whoever leaves after having carried it out says
 * `await effect.done()` before.
 */
async function* effects(access, { worker, lease = "1m", integration, poll, signal } = {}) {
  while (!signal?.aborted) {
    const [taken] = await access.takeEffects({ worker, lease, integration, limit: 1 });
    if (taken === undefined) {
      if (poll === undefined) return;
      await pause(poll, undefined, { signal, ref: true }).catch(() => {});
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
