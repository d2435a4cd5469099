// The package as users get it: packed, installed from its tarballs into a fresh project, and its README tried there.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const project = mkdtempSync(path.join(os.tmpdir(), "tenure-project-"));
const readme = readFileSync(path.join(root, "README.md"), "utf8");
const block = (language) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(readme)[1];
const OUTPUT = ["true", "1", "extension.not_holder", "notify:approval_wanted"];

before(() => {
  const packed = execFileSync(process.execPath, [path.join(root, "pack.mjs"), project], { encoding: "utf8" });
  const tarballs = packed.trim().split("\n").map((line) => line.split(" "));
  for (const [name, size, unpacked] of tarballs) console.log(`${name}: ${size} bytes, unpacked ${unpacked}`);
  assert.equal(tarballs.length, 2, packed);
  writeFileSync(path.join(project, "package.json"), '{ "name": "fresh", "private": true }\n');
  // Without the registry: of the other platforms nothing is needed, and this one is at hand.
  const install = ["install", "--offline", "--no-audit", "--no-fund", ...tarballs.map(([name]) => `./${name}`)];
  execFileSync("npm", install, { cwd: project, stdio: "pipe" });
  writeFileSync(path.join(project, "flows.yaml"), block("yaml"));
});
after(() => rmSync(project, { recursive: true }));

function run(file, text) {
  rmSync(path.join(project, "access.db"), { force: true });
  writeFileSync(path.join(project, file), text);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: project, encoding: "utf8", timeout: 60_000 });
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split("\n").slice(0, OUTPUT.length), OUTPUT);
}

test("where the package of the platform is not there, its name is told", () => {
  const bare = mkdtempSync(path.join(os.tmpdir(), "tenure-bare-"));
  cpSync(path.join(root, "lib"), path.join(bare, "lib"), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, ["lib/index.js"], { cwd: bare, encoding: "utf8" });
  rmSync(bare, { recursive: true });
  assert.equal(status, 1);
  assert.match(stderr, /no library for linux-x64 here; install `tenure-linux-x64-gnu` or `tenure-linux-x64-musl`/);
});

test("the quick start runs as a module", () => run("start.mjs", block("ts")));

test("the quick start runs in CommonJS", () => {
  const required = block("ts").replace('import * as tenure from "tenure";', 'const tenure = require("tenure");');
  assert.match(required, /require/);
  run("start.cjs", `(async () => {\n${required}\n})();\n`);
});

test("the quick start is right in TypeScript, and mistakes are not", () => {
  const types = path.join(root, "node_modules");
  const options = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--target", "es2022", "--lib", "es2023"];
  const places = ["--typeRoots", path.join(types, "@types"), "--types", "node"];
  const check = (text, module, ending) => {
    writeFileSync(path.join(project, `start.${ending}`), text);
    const words = [path.join(types, "typescript/bin/tsc"), ...options, ...places, "--module", module, `start.${ending}`];
    return spawnSync(process.execPath, words, { cwd: project, encoding: "utf8" }).stdout;
  };
  assert.equal(check(block("ts"), "nodenext", "mts"), "");
  const required = block("ts").replace("import * as tenure", "import tenure = require(\"tenure\"); //");
  assert.equal(check(`${required.replace(/^(import.*)$/m, "$1\nasync function main() {")}\n}\nmain();\n`, "nodenext", "cts"), "");
  const typed = readFileSync(path.join(root, "test/types.mts"), "utf8");
  assert.equal(check(typed, "nodenext", "mts"), "");
});
