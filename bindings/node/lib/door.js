"use strict";

const { Fault, InvalidPolicy, Refused } = require("./errors.js");
const native = require("./native.js");
const { fieldsOf, json, misread, snake } = require("./shape.js");
const { Refusal } = require("./shapes.js");

/** What an answer says, or the error that it is. */
function said(text) {
  const answer = JSON.parse(text);
  if ("ok" in answer) return answer.ok;
  throw trouble(answer);
}

function trouble({ refused, invalid, fault }) {
  if (refused) return new Refused(Refusal.read(refused));
  if (invalid) return new InvalidPolicy(invalid);
  return new Fault(fault);
}

/** A fault names the file that could not be opened; a URL, which may hold a password, is not shown. */
function named(store, error) {
  const file = typeof store === "string" && store !== ":memory:" && !store.includes("://");
  if (!(error instanceof Fault) || !file || error.message.includes(store)) return error;
  return new Fault({ code: error.code, message: `\`${store}\`: ${error.message}` });
}

/** A call as text. */
function written(name, takes, call) {
  if (!isObject(call)) {
    throw misread("wrong_type", "", `invalid type: ${call === null ? "null" : typeof call}, expected an object`);
  }
  return JSON.stringify(Object.assign(takes.take(call, ""), { call: name }));
}

const isObject = (value) => typeof value === "object" && value !== null;
const isText = (value) => typeof value === "string" && value.isWellFormed();

/** As many labels, and as long ones, as are looked at one by one. */
const LABELS_MAX = 32;
const LABEL_LENGTH_MAX = 256;

/** Labels that are right, or none. Who holds what does not depend on them, but wrong ones are said to be wrong. */
function areLabels(labels) {
  if (labels === undefined) return true;
  if (Object.prototype.toString.call(labels) !== "[object Object]") return false;
  const names = Object.keys(labels);
  const isLabel = (text) => isText(text) && text.length <= LABEL_LENGTH_MAX;
  return names.length <= LABELS_MAX && names.every((name) => isLabel(name) && isLabel(labels[name]));
}

/** An open store: calls go in as text, and answers come out. The methods of each call are on `Calls`. */
class Door {
  #handle;
  #closed;
  #stands;

  constructor(handle, stands) {
    this.#handle = handle;
    this.#stands = stands;
  }

  /** Opens a store with what `config.schema.json` of the port describes. */
  static async open(store, options = {}) {
    const config = { store: json(store ?? null, "store") };
    for (const [name, option] of fieldsOf(options, "options")) config[snake(name)] = json(option, name);
    const opened = await native.open(JSON.stringify(config));
    if (typeof opened === "string") throw named(config.store, trouble(JSON.parse(opened)));
    return new this(opened, (config.clock ?? null) !== null);
  }

  /** Makes a call off the event loop. */
  async ask(name, takes, call, reads) {
    return reads(said(await this.#handle.call(written(name, takes, call))), call);
  }

  /** Makes a call and waits for it. */
  askSync(name, takes, call, reads) {
    return reads(said(this.#handle.callSync(written(name, takes, call))), call);
  }

  /** Whether access is held, without a text on either side; nothing where that cannot be asked so. */
  heldSync(call) {
    if (!isObject(call) || !isObject(call.resource)) return undefined;
    const { person, resource, permission, now } = call;
    // Further fields are read, or refused, where all are.
    if (Object.keys(call).length !== ("now" in call ? 4 : 3)) return undefined;
    if (Object.keys(resource).length !== ("labels" in resource ? 4 : 3)) return undefined;
    const { integration, type, name, labels } = resource;
    if (![person, integration, type, name, permission].every(isText) || !areLabels(labels)) return undefined;
    if (now !== undefined && !(now instanceof Date && !Number.isNaN(now.getTime()))) return undefined;
    const held = this.#handle.holdsSync(person, integration, type, name, permission, now?.getTime());
    if (held === null) return { allowed: false };
    if (typeof held === "string") throw trouble(JSON.parse(held));
    return { allowed: true, grant: held.grant, until: new Date(held.until) };
  }

  /** Sets the clock that a test opened this with. */
  async setClock(now) {
    if (!this.#stands) {
      throw misread("out_of_range", "clock", "only a handle that was opened with `clock` has one that can be set");
    }
    said(this.#handle.callSync(JSON.stringify({ call: "clock", now: json(now, "now") })));
  }

  /** Closes the store once the calls that are in flight have their answers. Later calls are faults; closing again does nothing. */
  async close() {
    this.#closed ??= this.#handle.close().then(said);
    await this.#closed;
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.close();
  }
}

module.exports = { Door };
