"use strict";

// How values come and go: names as JavaScript writes them to names as the port does, dates to texts, and back. What is
// right or wrong is not known here, but for what JSON would leave out or change without a word.

const { InvalidPolicy } = require("./errors.js");

/** As deep as a call may be nested. */
const DEPTH_MAX = 64;

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const below = (path, name) => (path === "" ? name : `${path}.${name}`);

function misread(code, path, message) {
  return new InvalidPolicy([{ code, path, message }]);
}

/** Objects that hold nothing but fields: a map or a set would come out empty. */
function fieldsOf(value, path) {
  if (Object.prototype.toString.call(value) !== "[object Object]") {
    const what = Object.prototype.toString.call(value).slice("[object ".length, -1);
    throw misread("wrong_type", path, `invalid type: ${what}, expected an object`);
  }
  return Object.entries(value).filter(([, field]) => field !== undefined);
}

function unknown(name, path, names) {
  const known = names.map((one) => `\`${one}\``).join(", ");
  return misread("unknown_field", below(path, name), `there is no field \`${name}\`; there are ${known}`);
}

/** What a host says beside a call, which the port never sees: fields of these names, and no others. */
function optionsOf(value, names) {
  const given = fieldsOf(value, "");
  for (const [name] of given) if (!names.includes(name)) throw unknown(name, "", names);
  return Object.fromEntries(given);
}

/** A text that has a form in UTF-8. */
function text(value, path) {
  if (value.isWellFormed()) return value;
  throw misread("out_of_range", path, "this is no text: a lone surrogate, which is half of a character, stands in it");
}

/** A time as text. */
function written(date, path) {
  if (Number.isNaN(date.getTime())) throw misread("out_of_range", path, "this is no time: `Invalid Date`");
  return date.toISOString();
}

/** Whatever JSON can say, and nothing that it cannot. */
function json(value, path, depth = 0) {
  if (depth > DEPTH_MAX) throw misread("too_deep", path, `this is nested more than ${DEPTH_MAX} deep`);
  switch (typeof value) {
    case "string":
      return text(value, path);
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw misread("wrong_type", path, `invalid type: \`${value}\`, expected a number`);
      // Two of them, told apart elsewhere, would be one and the same to a condition.
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
      throw misread("out_of_range", path, `\`${value}\` is a whole number that JavaScript does not tell from its neighbours; write a text`);
    case "object": {
      if (value === null) return null;
      if (value instanceof Date) return written(value, path);
      if (Array.isArray(value)) return value.map((each, at) => json(each, `${path}[${at}]`, depth + 1));
      const taken = Object.create(null);
      for (const [name, field] of fieldsOf(value, path)) taken[text(name, path)] = json(field, below(path, name), depth + 1);
      return taken;
    }
    default:
      throw misread("wrong_type", path, `invalid type: ${typeof value}, which JSON cannot say`);
  }
}

/** A kind of value: how one is taken from a host, and how one is read from an answer. */
const kind = (take, read) => ({ take, read });
const same = (value) => value;
const some = (convert) => (value, path) => (value === null ? null : convert(value, path));

/** Texts, numbers, flags, spans, and facts that are whatever the host says. */
const PLAIN = kind(json, same);
const INSTANT = kind(json, some((text) => new Date(text)));
/** Who gives a command: a person, or a text such as `system:host`. */
const actor = (person) => kind((value, path) => (typeof value === "string" ? json : person.take)(value, path), same);

function listed(of) {
  const take = (value, path) =>
    Array.isArray(value) ? value.map((each, at) => of.take(each, `${path}[${at}]`)) : json(value, path);
  return kind(take, some((values) => (of.read === same ? values : values.map((each) => of.read(each)))));
}

function byName(of) {
  const take = (value, path) => {
    if (value === null || typeof value !== "object") return json(value, path);
    const taken = Object.create(null);
    for (const [name, field] of fieldsOf(value, path)) taken[text(name, path)] = of.take(field, below(path, name));
    return taken;
  };
  const read = (value) => Object.fromEntries(Object.entries(value).map(([name, field]) => [name, of.read(field)]));
  return kind(take, some(of.read === same ? same : read));
}

/** An object with these fields, named as the port names them. */
function shape(fields) {
  const taken = new Map(Object.entries(fields).map(([name, of]) => [camel(name), { name, of }]));
  const read = new Map(Object.entries(fields).map(([name, of]) => [name, { name: camel(name), of }]));
  return kind(
    (value, path) => takeFields(taken, value, path),
    some((value) => {
      const result = {};
      for (const name in value) {
        // A field that a newer library has is handed on.
        const field = read.get(name);
        if (field === undefined) result[camel(name)] = value[name];
        else result[field.name] = field.of.read(value[name]);
      }
      return result;
    }),
  );
}

function takeFields(fields, value, path) {
  if (value === null || typeof value !== "object") return json(value, path);
  const result = Object.create(null);
  for (const [name, given] of fieldsOf(value, path)) {
    const field = fields.get(name);
    if (field === undefined) throw unknown(name, path, [...fields.keys()]);
    result[field.name] = field.of.take(given, below(path, name));
  }
  return result;
}

/** Another call: its field `call` names it, as the method is called. */
function anyOf(calls) {
  const take = (value, path) => {
    if (value === null || typeof value !== "object") return json(value, path);
    const { call, ...rest } = value;
    const name = typeof call === "string" ? snake(text(call, below(path, "call"))) : json(call ?? null, below(path, "call"));
    const known = Object.hasOwn(calls, name) ? calls[name] : PLAIN;
    return Object.assign(Object.create(null), { call: name }, known.take(rest, path));
  };
  return kind(take, same);
}

/** What is answered, where the one of these fields that a call names says what that is. */
function byField(answers) {
  return (answer, call) => {
    const named = Object.keys(answers).find((field) => call[field] !== undefined && call[field] !== null);
    return named === undefined ? answer : answers[named].read(answer);
  };
}

module.exports = { PLAIN, INSTANT, actor, anyOf, byField, byName, fieldsOf, json, listed, misread, optionsOf, shape, snake };
