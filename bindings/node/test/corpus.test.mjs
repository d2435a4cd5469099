// Every story of the project through this client: no answer may differ by a byte from what Rust answers.
//
// A transcript is lines in pairs, what is asked and what is answered. The calls in it are made as a host makes them, with
// names in camelCase and `Date`s; what comes back is put into the words of the port again by the port's own schemas, which
// the client was printed from, and by nothing of the client.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as tenure from "../lib/index.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const schema = (name) => JSON.parse(readFileSync(path.join(here, `../../../crates/port/schema/${name}.schema.json`), "utf8"));
const [calls, answers] = [schema("call"), schema("answer")];
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** A value that a schema describes, with names and times as `names` and `time` write them. */
function walk(root, of, value, names, time) {
  if (value === null) return null;
  if (of.$ref === "#/$defs/Time") return time(value);
  if (of.$ref) return walk(root, of.$ref === "#" ? root : root.$defs[of.$ref.split("/").at(-1)], value, names, time);
  const choices = of.oneOf ?? of.anyOf;
  if (choices) {
    const named = choices.find((one) => one.properties?.call && one.properties.call.const === value.call);
    const chosen = named ?? choices.find((one) => one.$ref && (isObject(value) || one.$ref === "#/$defs/Time")) ?? choices[0];
    const walked = walk(root, chosen, value, names, time);
    return named && isObject(walked) ? { ...walked, call: camel(value.call) } : walked;
  }
  if (Array.isArray(value)) return value.map((each) => walk(root, of.items ?? {}, each, names, time));
  if (!isObject(value)) return value;
  const fields = of.properties ?? {};
  const walked = Object.entries(value).map(([name, field]) => {
    const known = Object.keys(fields).find((one) => names(one).from === name);
    if (known !== undefined) return [names(known).to, walk(root, fields[known], field, names, time)];
    return [name, isObject(of.additionalProperties) ? walk(root, of.additionalProperties, field, names, time) : field];
  });
  return Object.fromEntries(walked);
}

const asHost = (of, value) => {
  const time = (text) => (Number.isNaN(Date.parse(text)) ? text : new Date(text));
  return walk(calls, of, value, (name) => ({ from: name, to: camel(name) }), time);
};
const asPort = (of, value) => {
  const time = (date) => (assert.ok(date instanceof Date), date.toISOString());
  return walk(answers, of, value, (name) => ({ from: camel(name), to: name }), time);
};

/** RFC 8785. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

const spoken = new Map(calls.oneOf.map((one) => [one.properties.call.const, one]));

/** What a call answers: one type, or the one that its named field says. */
function answerOf(call) {
  const said = spoken.get(call.call)["x-answer"];
  const name = typeof said === "string" ? said : said[Object.keys(said).find((field) => (call[field] ?? null) !== null)];
  const ref = { $ref: `#/$defs/${name.replace(/[?[\]]/g, "")}` };
  return name.startsWith("[") ? { items: ref } : ref;
}

async function answered(access, call) {
  try {
    const { call: name, ...fields } = asHost(calls, call);
    return { ok: asPort(answerOf(call), await access[name](fields)) };
  } catch (error) {
    const { code, message, details, wouldPass, problems } = error;
    if (error instanceof tenure.InvalidPolicy) return { invalid: problems };
    if (error instanceof tenure.Fault) return { fault: { code, message } };
    if (!(error instanceof tenure.Refused)) throw error;
    const passes = wouldPass && { would_pass: asPort({ $ref: "#/$defs/WouldPass" }, wouldPass) };
    return { refused: { code, message, ...(Object.keys(details).length > 0 && { details }), ...passes } };
  }
}

/** Plays the lines of one story, in memory or in a file, where it begins again as the story does; what differs. */
async function replay(lines, file) {
  let access;
  const differences = [];
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const { open, restart, ...call } = JSON.parse(lines[at]);
    const config = open ?? (file && restart);
    let answer = { ok: {} };
    if (config) {
      await access?.close();
      access = await tenure.open(file ?? ":memory:", { ...config, clock: new Date(config.clock) });
    } else if (call.call === "clock") {
      answer = { ok: (await access.setClock(new Date(call.now))) ?? null };
    } else if (!restart) {
      answer = await answered(access, call);
    }
    if (canonical(answer) !== lines[at + 1]) differences.push([lines[at], lines[at + 1], canonical(answer)].join("\n  "));
  }
  await access.close();
  return differences;
}

/** The stories of the transcript that was written for this test, each with its lines. */
function told(t) {
  const file = process.env.TENURE_TRANSCRIPT;
  if (file === undefined) {
    t.skip("there is no transcript of the stories; `cargo xtask node` has one written");
    return [];
  }
  const stories = [];
  for (const line of readFileSync(file, "utf8").trimEnd().split("\n")) {
    if (line.startsWith('{"story":')) stories.push([]);
    stories.at(-1).push(line);
  }
  return stories;
}

const restarts = (lines) => lines.some((line) => line.startsWith('{"restart":'));

test("every story has the same answers, to the byte", { timeout: 600_000 }, async (t) => {
  const stories = told(t);
  const differences = [];
  for (const lines of stories) differences.push(...(await replay(lines)));
  const answers = stories.flat().length / 2;
  console.log(`${stories.length} stories, ${answers} answers, ${differences.length} differences`);
  assert.equal(differences.length, 0, differences.slice(0, 3).join("\n\n"));
  if (process.env.TENURE_TRANSCRIPT) assert.ok(stories.length > 400 && answers > 10_000);
});

test("a story that begins again has the same answers from a file", { timeout: 600_000 }, async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "tenure-stories-"));
  const stories = told(t).filter(restarts);
  for (const [at, lines] of stories.entries()) {
    const differences = await replay(lines, path.join(folder, `${at}.db`));
    assert.equal(differences.length, 0, differences.slice(0, 3).join("\n\n"));
  }
  rmSync(folder, { recursive: true });
  if (process.env.TENURE_TRANSCRIPT) assert.ok(stories.length > 0);
});

test("what differs is found", async (t) => {
  const lines = told(t)[0];
  if (lines === undefined) return;
  const last = lines.at(-1);
  assert.equal((await replay([...lines.slice(0, -1), last.replace('"ok"', '"no"')])).length, 1);
});
