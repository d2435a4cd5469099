// Every page, in both lights, wide and narrow: axe-core finds nothing, and a picture is kept for whoever looks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Person, Portal, browser, pictures } from './harness.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WRONG = 'version: 1\nflows:\n  - id: a\n    titel: x\n    who: {any: [everyone]}\n    duration: {max: 1 hour}\n    approval: automatic\n';

let chrome;
let portal;
before(async () => {
  chrome = await browser();
  portal = await Portal.start();
});
after(async () => {
  await chrome?.close();
  await portal?.stop();
});

/** What axe-core finds on a page, in words. */
async function found(page) {
  await page.evaluate(axe);
  // Countdowns and notices come to rest, so that colours are those that are read.
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const one = ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`;
  return violations.map(one);
}

const check = async (page) => page.getByRole('button', { name: 'Check' }).click();
const PAGES = [
  ['Noor', 'who', '/who'],
  ['Noor', 'who-resource', '/who?resource=prod-pg/database/orders'],
  ['Noor', 'history', '/history?deliveries=yes'],
  ['Noor', 'entry', '/history/5'],
  ['Noor', 'reports', '/reports'],
  ['Noor', 'policy', '/policy'],
  ['Noor', 'policy-problems', '/policy', async (page) => {
    await page.getByLabel('The whole document').fill(WRONG);
    await page.getByLabel('Written in').selectOption('yaml');
    await check(page);
    await page.getByRole('heading', { name: 'Problems' }).waitFor();
  }],
  ['Noor', 'policy-changes', '/policy', async (page) => {
    const field = page.getByLabel('The whole document');
    await field.fill((await field.inputValue()).replace('"times": 4', '"times": 6').replaceAll('payments-db', 'pay-db'));
    await check(page);
    await page.getByRole('heading', { name: 'What changes' }).waitFor();
  }],
  ['Noor', 'nowhere', '/nowhere'],
  ['Sam', 'not-allowed', '/reports'],
  ['Sam', 'history-own', '/history'],
  ['Maria', 'access', '/access'],
  ['Maria', 'ask', '/ask'],
  ['Maria', 'ask-form', '/ask/orders-db'],
  ['Jonas', 'inbox', '/inbox'],
];
const SCREENS = [
  ['light', { colorScheme: 'light', viewport: { width: 1200, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1200, height: 900 } }],
  ['narrow', { colorScheme: 'light', viewport: { width: 375, height: 800 } }],
];

for (const [screen, options] of SCREENS) {
  test(`every page can be read by everybody: ${screen}`, { timeout: 180_000 }, async () => {
    const people = new Map();
    const trouble = [];
    for (const [name, called, at, act] of PAGES) {
      if (!people.has(name)) {
        people.set(name, await Person.signedIn(chrome, portal, name, { reducedMotion: 'reduce', ...options }));
      }
      const { page } = people.get(name);
      await page.goto(portal.url + at);
      if (act) await act(page);
      trouble.push(...(await found(page)).map((words) => `${called}: ${words}`));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) trouble.push(`${called}: the page is ${wide} px wider than the screen`);
      await page.screenshot({ path: path.join(pictures, `${called}-${screen}.png`), fullPage: true });
    }
    for (const person of people.values()) {
      // That there is no such page is said on the console, too.
      trouble.push(...person.trouble.filter((words) => !/status of 40[34]/.test(words)));
      await person.context.close();
    }
    assert.deepEqual(trouble, []);
  });
}

test('the page on which one signs in can be read by everybody', { timeout: 60_000 }, async () => {
  for (const colorScheme of ['light', 'dark']) {
    const context = await chrome.newContext({ colorScheme });
    const page = await context.newPage();
    await page.goto(`${portal.url}/sign-in?level=aal2`);
    assert.deepEqual(await found(page), []);
    await context.close();
  }
});
