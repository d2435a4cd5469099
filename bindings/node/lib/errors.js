"use strict";

/** What all errors of tenure are: a stable code for programs, words for people. */
class TenureError extends Error {
  constructor(code, message, details = {}) {
    super(message);
    this.code = code;
    this.details = details;
    this.wouldPass = undefined;
  }

  get name() {
    return this.constructor.name;
  }
}

/** What is wrong in words: where a file was read, with its place there. */
function told({ path, file, line, column, message }) {
  const words = path ? `\`${path}\`: ${message}` : message;
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return file === undefined ? words : `${place}: ${words}`;
}

/** The policy, or the call itself, is wrong: everything that is, at once. */
class InvalidPolicy extends TenureError {
  constructor(problems) {
    super(problems[0]?.code ?? "invalid", problems.map(told).join("; "));
    this.problems = problems;
  }
}

/** The rules say no. */
class Refused extends TenureError {
  constructor({ code, message, details, wouldPass }) {
    super(code, message, details);
    this.wouldPass = wouldPass;
  }
}

/** The world failed. The rules said neither yes nor no. */
class Fault extends TenureError {
  constructor({ code, message }) {
    super(code, message);
  }
}

module.exports = { TenureError, InvalidPolicy, Refused, Fault };
