"use strict";

// A length of time for what waits here and not in the port: the texts, and the words for what is none, are the port's.

const { json, misread } = require("./shape.js");

const EXPECTED = "expected a span such as `30m`, or whole milliseconds";
const FORM = "write a whole number and ms, s, m, h or d, such as `30m`, `1h 30m` or `PT30M`";
const SIZES = [86_400_000, 3_600_000, 60_000, 1_000, 1];
const PARTS = /^(?:(\d+)d(?:\s+|$))?(?:(\d+)h(?:\s+|$))?(?:(\d+)m(?:\s+|$))?(?:(\d+)s(?:\s+|$))?(?:(\d+)ms)?$/;
const ISO = /^P(?!$)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

function read(text, path) {
  const wrong = (why) => misread("out_of_range", path, `\`${text}\` ${why}`);
  const trimmed = text.trim();
  if (trimmed.startsWith("-")) throw wrong("is negative; a span is a length of time such as `30m`");
  if (trimmed === "") throw wrong("is no span; write it like `30m`");
  const counts = (PARTS.exec(trimmed) ?? ISO.exec(trimmed))?.slice(1);
  if (counts === undefined) throw wrong(`is no span; ${FORM}`);
  return counts.reduce((sum, count, at) => sum + Number(count ?? 0) * SIZES[at], 0);
}

/** Milliseconds of a span: a text such as `5s`, or whole milliseconds. */
function millisOf(value, path) {
  if (typeof value === "string") return read(value, path);
  const plain = json(value, path);
  if (!Number.isSafeInteger(plain)) {
    const what = typeof plain === "object" && plain !== null ? "an object" : `\`${plain}\``;
    throw misread("wrong_type", path, `invalid type: ${what}, ${EXPECTED}`);
  }
  if (plain < 0) throw misread("out_of_range", path, "a span is never negative");
  return plain;
}

module.exports = { millisOf };
