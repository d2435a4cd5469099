"use strict";

const { Calls } = require("./calls.js");
const { effects } = require("./effects.js");

/** An open store, with a method for each call. */
class Access extends Calls {
  /** Whether a person holds a permission on a resource. Quicker than any other call. */
  holdsSync(call) {
    return this.heldSync(call) ?? super.holdsSync(call);
  }

  /** Effects for a worker, one after the other. */
  effects(options) {
    return effects(this, options);
  }
}

module.exports = { Access };
