// The example of a service: installed with the package as it is packed, and tested over HTTP by its own tests.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const example = path.join(root, "../../examples/node-service");
const project = mkdtempSync(path.join(os.tmpdir(), "tenure-service-"));
after(() => rmSync(project, { recursive: true }));

const npm = (...words) => execFileSync("npm", [...words, "--no-audit", "--no-fund"], { cwd: project, stdio: "pipe" });

test("the service of the examples lets in whoever holds access, and offers more", { timeout: 300_000 }, () => {
  cpSync(example, project, { recursive: true, filter: (file) => !file.includes("node_modules") });
  npm("ci", "--ignore-scripts");
  const packed = execFileSync(process.execPath, [path.join(root, "pack.mjs"), project], { encoding: "utf8" });
  const tarballs = packed.trim().split("\n").map((line) => `./${line.split(" ")[0]}`);
  npm("install", "--offline", "--no-save", ...tarballs);
  // A test that starts others hears of them by its own words, unless it is told not to.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const words = ["--test", "--test-reporter=spec"];
  const { status, stdout } = spawnSync(process.execPath, words, { cwd: project, encoding: "utf8", timeout: 240_000, env });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^ℹ pass 4$/m, stdout);
});
