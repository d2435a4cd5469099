// Builds the library, packs it, and runs the tests: among them the quick start in a fresh project, into which the tarballs
// were installed. `cargo xtask node` runs it.
//
//   node check.mjs TARGET        where TARGET is the folder that cargo builds in
//
// Lines that begin with `not run:` say what could not be tried here, and why; the last one counts.

import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "../..");
const target = path.resolve(process.argv[2]);
const MINUTES_MAX = 60;
/** What is built here; the other platforms have machines of their own. */
const LIBRARY = "tenure.linux-x64-gnu.node";

function run(program, words, more = {}) {
  console.log(`  ${program} ${words.join(" ")}`);
  const options = { cwd: here, stdio: ["ignore", "inherit", "inherit"], timeout: MINUTES_MAX * 60_000, ...more };
  return spawnSync(program, words, options).status === 0;
}

/** Why nothing can be tried here. */
function missing() {
  const oldest = Number(/\d+/.exec(JSON.parse(readFileSync(path.join(here, "package.json"), "utf8")).engines.node)[0]);
  if (process.platform !== "linux" || process.arch !== "x64") return `only \`${LIBRARY}\` is built`;
  if (Number.parseInt(process.versions.node) < oldest) return `it runs on Node ${oldest} and later, and this is ${process.version}`;
  if (!run("npm", ["ci"])) return "npm could not install what its tests need";
  return undefined;
}

/** Builds the library and puts it into a folder under the name that it is looked for there. */
function built(folder, features = []) {
  if (!run("cargo", ["build", "--release", "--package", "tenure-node", ...features], { cwd: root })) return false;
  mkdirSync(folder, { recursive: true });
  // Under another name first: a library that somebody has open is not written over.
  copyFileSync(path.join(target, "release/libtenure_node.so"), path.join(folder, `${LIBRARY}.new`));
  renameSync(path.join(folder, `${LIBRARY}.new`), path.join(folder, LIBRARY));
  return true;
}

/** What all stories ask and are answered in Rust. */
function told(file) {
  const test = ["run", "-q", "-p", "tenure-cli", "--", "test", "--transcript", file];
  const stories = ["crates/scenario/corpus", "examples/stories"];
  return run("cargo", [...test, ...stories], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

/** Runs the tests, hands on what they say, and counts. */
async function tested(env) {
  const words = ["--test", "--test-reporter=spec", "test/"];
  console.log(`  node ${words.join(" ")}`);
  const tests = spawn(process.execPath, words, { cwd: here, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const part of tests.stdout.setEncoding("utf8")) {
    process.stdout.write(part);
    said += part;
  }
  const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, "m").exec(said)?.[1] ?? 0);
  // What a test here leaves out was asked for: all that it needs was just made.
  const failed = count("fail") + count("cancelled") + count("skipped") + count("todo");
  return { passed: count("pass"), failed: tests.exitCode === 0 ? failed : Math.max(failed, 1) };
}

async function main() {
  const why = missing();
  if (why !== undefined) {
    console.log(`not run: the package for Node, because ${why}`);
    return 0;
  }
  const made = path.join(target, "node");
  const [panics, stories] = [path.join(made, "panics"), path.join(made, "stories.jsonl")];
  // The library that panics first: what stands here at the end is what users get.
  if (!built(panics, ["--features", "panics"]) || !built(here) || !told(stories)) {
    console.log("test result: FAILED. 0 passed; 1 failed");
    return 1;
  }
  const { passed, failed } = await tested({ TENURE_PANICS: path.join(panics, LIBRARY), TENURE_TRANSCRIPT: stories });
  console.log(`test result: ${failed > 0 ? "FAILED" : "ok"}. ${passed} passed; ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
