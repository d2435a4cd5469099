// Builds the library, and puts it where the client looks for it.
//
//   node build.mjs        as `npm run build` does

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.join(here, "../..");
const MINUTES_MAX = 60;
/** What is built here; the other platforms have machines of their own. */
export const LIBRARY = "tenure.linux-x64-gnu.node";

export function run(program, words, more = {}) {
  console.log(`  ${program} ${words.join(" ")}`);
  const options = { cwd: here, stdio: ["ignore", "inherit", "inherit"], timeout: MINUTES_MAX * 60_000, ...more };
  return spawnSync(program, words, options).status === 0;
}

/** Builds into the folder that cargo builds in, and puts the library into another; whether that could be done. */
export function build(target, folder, more = []) {
  if (!run("cargo", ["build", "--release", "--package", "tenure-node", ...more], { cwd: root })) return false;
  mkdirSync(folder, { recursive: true });
  // Under another name first: a library that somebody has open is not written over.
  copyFileSync(path.join(target, "release/libtenure_node.so"), path.join(folder, `${LIBRARY}.new`));
  renameSync(path.join(folder, `${LIBRARY}.new`), path.join(folder, LIBRARY));
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
  process.exitCode = build(target, here) ? 0 : 1;
}
