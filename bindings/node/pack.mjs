// Packs what users install: `tenure`, which needs the package of each platform where that can be had, and the package
// of the platform whose library was built here.
//
//   node pack.mjs FOLDER     the tarballs, and their names on the standard output

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const read = (file) => JSON.parse(readFileSync(path.join(here, file), "utf8"));
const platforms = read("lib/platforms.json");
const { devDependencies, scripts, ...main } = read("package.json");
const { version, description, license, engines } = main;

/** The package of one platform: its library, and for whom it is. */
function platform(name) {
  const { os, cpu, libc } = platforms[name];
  const library = `tenure.${name}.node`;
  const fits = { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
  const words = `${description} (the library for ${name})`;
  const made = { name: `tenure-${name}`, version, description: words, license, engines, ...fits, main: library, files: [library] };
  return { made, contents: [library] };
}

function whole() {
  const needed = Object.keys(platforms).map((name) => [`tenure-${name}`, version]);
  return { made: { ...main, optionalDependencies: Object.fromEntries(needed) }, contents: ["lib", "README.md"] };
}

function pack({ made, contents }, folder) {
  const staged = path.join(folder, made.name);
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { recursive: true });
  for (const each of contents) cpSync(path.join(here, each), path.join(staged, each), { recursive: true });
  for (const each of ["LICENSE-APACHE", "LICENSE-MIT"]) cpSync(path.join(here, "../..", each), path.join(staged, each));
  writeFileSync(path.join(staged, "package.json"), `${JSON.stringify(made, null, 2)}\n`);
  const said = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: staged, encoding: "utf8" });
  rmSync(staged, { recursive: true });
  const [{ filename, size, unpackedSize }] = Object.values(JSON.parse(said));
  console.log(`${filename} ${size} ${unpackedSize}`);
}

const folder = path.resolve(process.argv[2] ?? ".");
mkdirSync(folder, { recursive: true });
const built = readdirSync(here).flatMap((file) => /^tenure\.(.+)\.node$/.exec(file)?.[1] ?? []);
for (const each of [whole(), ...built.map(platform)]) pack(each, folder);
