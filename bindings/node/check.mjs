// Builds the library, packs it, and runs the tests: among them the quick start in a fresh project, into which the tarballs
// were installed. `cargo xtask node` runs it, and says in TENURE_TRANSCRIPT where it has written what all stories ask and are
// answered in Rust.
//
//   node check.mjs TARGET        where TARGET is the folder that cargo builds in
//
// Lines that begin with `not run:` say what could not be tried here, and why; the last one counts.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { LIBRARY, build, here, run } from "./build.mjs";

const target = path.resolve(process.argv[2]);
/** Built together with these, as `cargo xtask test` has built all of them: nothing below the library is compiled again. */
const EARNEST = ["--package", "tenure-cli", "--package", "tenure-sim"];

/** Why nothing can be tried here. */
function missing() {
  const oldest = Number(/\d+/.exec(JSON.parse(readFileSync(path.join(here, "package.json"), "utf8")).engines.node)[0]);
  if (process.platform !== "linux" || process.arch !== "x64") return `only \`${LIBRARY}\` is built`;
  if (Number.parseInt(process.versions.node) < oldest) return `it runs on Node ${oldest} and later, and this is ${process.version}`;
  if (!run("npm", ["ci"])) return "npm could not install what its tests need";
  return undefined;
}

/** Runs the tests, hands on what they say, and counts. */
async function tested(env) {
  const files = readdirSync(path.join(here, "test")).filter((file) => file.endsWith(".test.mjs"));
  const words = ["--test", "--test-reporter=spec", ...files.map((file) => `test/${file}`)];
  console.log(`  node ${words.join(" ")}`);
  const tests = spawn(process.execPath, words, { cwd: here, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  // Its words end before it does: how it ended is known later.
  const ended = once(tests, "close");
  let said = "";
  for await (const part of tests.stdout.setEncoding("utf8")) {
    process.stdout.write(part);
    said += part;
  }
  const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, "m").exec(said)?.[1] ?? 0);
  const [code] = await ended;
  // What a test here leaves out was asked for: all that it needs was just made.
  const failed = count("fail") + count("cancelled") + count("skipped") + count("todo");
  return { passed: count("pass"), failed: code === 0 ? failed : Math.max(failed, 1) };
}

async function main() {
  const why = missing();
  if (why !== undefined) {
    console.log(`not run: the package for Node, because ${why}`);
    return 0;
  }
  const made = path.join(target, "node");
  const panics = path.join(made, "panics");
  // The library that panics first: what stands here at the end is what users get.
  if (!build(target, panics, [...EARNEST, "--features", "tenure-node/panics"]) || !build(target, here, EARNEST)) {
    console.log("test result: FAILED. 0 passed; 1 failed");
    return 1;
  }
  const { passed, failed } = await tested({ TENURE_PANICS: path.join(panics, LIBRARY) });
  console.log(`test result: ${failed > 0 ? "FAILED" : "ok"}. ${passed} passed; ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
