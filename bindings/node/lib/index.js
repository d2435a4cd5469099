"use strict";

const { Access } = require("./access.js");
const { Effect } = require("./effects.js");
const { Fault, InvalidPolicy, Refused, TenureError } = require("./errors.js");

/** Opens a store: a SQLite file, `:memory:`, or `postgres://…`. */
function open(store, options) {
  return Access.open(store, options);
}

module.exports = { open, Access, Effect, TenureError, InvalidPolicy, Refused, Fault };
