// Builds the portal, and tests it in a real browser. `cargo xtask portal` runs it.
//
//   node check.mjs TARGET        where TARGET is the folder that cargo builds in; pictures go to TARGET/portal
//
// Lines that begin with `not run:` say what could not be tried here, and why; the last one counts.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../..');
const target = path.resolve(process.argv[2]);
const chromium = process.env.TENURE_CHROMIUM ?? '/usr/bin/chromium';

function run(program, words, cwd) {
  console.log(`  ${program} ${words.join(' ')}`);
  return spawnSync(program, words, { cwd, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

/** Why nothing can be tried here. */
function missing() {
  if (Number.parseInt(process.versions.node) < 20) return `its tests run on Node 20 and later, and this is ${process.version}`;
  if (!existsSync(chromium)) return `there is no browser at ${chromium}`;
  if (!run('npm', ['ci', '--ignore-scripts'], here)) return 'npm could not install what its tests need';
  return undefined;
}

/** Runs the tests, hands on what they say, and counts. */
async function tested() {
  const files = readdirSync(here).filter((file) => file.endsWith('.test.mjs')).sort();
  // One after the other: on a machine with few cores several browsers at once only wait for each other.
  const words = ['--test', '--test-reporter=spec', '--test-concurrency=1', ...files];
  console.log(`  node ${words.join(' ')}`);
  const env = { ...process.env, TENURE_TARGET: target, TENURE_CHROMIUM: chromium };
  const tests = spawn(process.execPath, words, { cwd: here, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(tests, 'close');
  let said = '';
  for await (const part of tests.stdout.setEncoding('utf8')) {
    process.stdout.write(part);
    said += part;
  }
  const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(said)?.[1] ?? 0);
  const [code] = await ended;
  const failed = count('fail') + count('cancelled') + count('skipped') + count('todo');
  return { passed: count('pass'), failed: code === 0 ? failed : Math.max(failed, 1) };
}

async function main() {
  const why = missing();
  if (why !== undefined) {
    console.log(`not run: the portal in a browser, because ${why}`);
    return 0;
  }
  if (!run('cargo', ['build', '-q', '-p', 'tenure-portal'], root)) {
    console.log('test result: FAILED. 0 passed; 1 failed');
    return 1;
  }
  const { passed, failed } = await tested();
  console.log(`  pictures of its pages are in ${path.join(target, 'portal')}`);
  console.log(`test result: ${failed > 0 ? 'FAILED' : 'ok'}. ${passed} passed; ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
