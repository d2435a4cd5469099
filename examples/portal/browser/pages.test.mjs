// Who has access, history, reports, policy: what they show is what the engine says, and what is taken along can be checked.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Person, Portal, browser } from './harness.mjs';

let chrome;
let portal;
let folder;
before(async () => {
  chrome = await browser();
  portal = await Portal.start();
  folder = mkdtempSync(path.join(tmpdir(), 'tenure-pages-'));
});
after(async () => {
  await chrome?.close();
  await portal?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** A portal of a test's own, which ends with it, however that ends. */
async function started(t, ...words) {
  const portal = await Portal.start(...words);
  t.after(() => portal.stop());
  return portal;
}

/** What a link downloads, as text. */
async function downloaded(page, link) {
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  return readFileSync(await download.path(), 'utf8');
}

/** An instant as a field of this browser takes it: by the clock of Berlin. */
function local(at) {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'medium',
  }).format(at);
  return parts.replace(' ', 'T');
}

const rows = (page) => page.locator('tbody tr');
const at = (page) => page.getByRole('textbox', { name: /^At,/ });
const look = async (page) => page.getByRole('button', { name: 'Look' }).click();

test('who had a resource, now, then, and not yet', { timeout: 60_000 }, async (t) => {
  const noor = await Person.signedIn(chrome, portal, 'Noor', { at: '/who' });
  const { page } = noor;
  await page.getByRole('row', { name: /Maria Lindqvist.*orders.*Repair/ }).waitFor();
  assert.equal(await rows(page).count(), 2);
  await page.getByLabel('Resource').fill('prod-pg/database/orders');
  await look(page);
  await page.getByRole('heading', { name: /Who had prod-pg\/database\/orders/ }).waitFor();
  assert.equal(await rows(page).count(), 2, 'to read and to write');
  const now = Number(await page.locator('body').getAttribute('data-now'));
  // Access began eighty minutes ago.
  for (const [minutes, count] of [[-60, 2], [-120, 0]]) {
    await at(page).fill(local(now + minutes * 60_000));
    await look(page);
    await page.waitForURL(/at=2/);
    assert.equal(await rows(page).count(), count, `${minutes} min`);
  }
  await page.getByText('Nobody.').waitFor();
  await page.getByLabel('Permission').fill('write');
  await at(page).fill(local(now + 3_600_000));
  await look(page);
  await page.getByText('still to come').waitFor();
  assert.equal(await rows(page).count(), 1);
  // The field shows what was asked, by the same clock.
  assert.equal((await at(page).inputValue()).slice(0, 16), local(now + 3_600_000).slice(0, 16));
  await page.getByLabel('Resource').fill('orders');
  await look(page);
  await page.getByText('A resource is written INTEGRATION/TYPE/NAME').waitFor();
  assert.deepEqual(noor.trouble.filter((words) => !words.includes('status of 400')), []);
  await noor.context.close();
});

test('history is filtered, and taken along as it is filtered', { timeout: 60_000 }, async (t) => {
  const noor = await Person.signedIn(chrome, portal, 'Noor', { at: '/history' });
  const { page } = noor;
  const told = async () => rows(page).allInnerTexts();
  const all = await told();
  assert.ok(all.some((row) => row.includes('a policy is put in force')), all.join('\n'));
  await page.getByLabel('Person').fill('sam');
  await look(page);
  await page.waitForURL(/person=sam/);
  const his = await told();
  assert.ok(his.length > 0 && his.length < all.length);
  const lines = (await downloaded(page, page.getByRole('link', { name: 'JSON lines' }))).trim().split('\n');
  const records = lines.map((line) => JSON.parse(line));
  assert.ok(records.every(({ grant }) => grant === records[0].grant), 'all of the one grant that he has');
  assert.deepEqual(records.map(({ position }) => position), records.map(({ position }) => position).toSorted((a, b) => a - b));
  const sheet = (await downloaded(page, page.getByRole('link', { name: 'CSV' }))).trim().split('\n');
  assert.equal(sheet[0], 'position,at,actor,command,grant,flow,holder,what,code,words');
  assert.equal(sheet.length, records.length + 1);
  await page.getByLabel('Person').fill('');
  await page.getByLabel('Refusals only').check();
  await look(page);
  await page.getByText('Nothing of that is on record').waitFor();
  await noor.open('/history');
  await page.getByRole('link', { name: /^[0-9a-f]{12}…$/ }).first().click();
  await page.waitForURL(/grant=/);
  assert.deepEqual(noor.trouble, []);
  await noor.context.close();
});

/** The root that a proof leads to (RFC 9162, 2.1.3.2). */
function root({ position, size, hash, proof }) {
  const node = (left, right) => createHash('sha256').update(Buffer.concat([Buffer.of(1), left, right])).digest();
  let [place, last, at] = [position - 1, size - 1, Buffer.from(hash, 'hex')];
  for (const part of proof.map((part) => Buffer.from(part, 'hex'))) {
    if (place % 2 === 1 || place === last) {
      at = node(part, at);
      while (place % 2 === 0 && place !== 0) [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
    } else {
      at = node(at, part);
    }
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  return at.toString('hex');
}

test('the proof of an entry holds for somebody who has nothing of ours', { timeout: 60_000 }, async (t) => {
  const noor = await Person.signedIn(chrome, portal, 'Noor', { at: '/history' });
  const { page } = noor;
  const lines = (await downloaded(page, page.getByRole('link', { name: 'JSON lines' }))).trim().split('\n');
  const { position } = lines.map((line) => JSON.parse(line)).find((line) => line.event === 'requested');
  await noor.open(`/history/${position}`);
  await page.getByText('the proof holds').waitFor();
  const text = await downloaded(page, page.getByRole('link', { name: 'Download the proof' }));
  const { checkpoint, key, inclusion } = JSON.parse(text);
  // The bytes of the entry have that hash, and it leads to that root.
  const leaf = createHash('sha256').update(Buffer.concat([Buffer.of(0), Buffer.from(inclusion.leaf)])).digest('hex');
  assert.equal(leaf, inclusion.hash);
  assert.equal(root(inclusion), inclusion.root);
  assert.notEqual(root({ ...inclusion, position: inclusion.position + 1 }), inclusion.root);
  assert.equal(JSON.parse(inclusion.leaf).entry.event.happened.event, 'requested');
  assert.ok(!inclusion.leaf.includes('checkout times out'), 'what people wrote stands in it as a hash');
  // The root is the one that was signed, by that key.
  const [body, signature] = checkpoint.split('\n\n');
  assert.deepEqual(body.split('\n').slice(1, 3), [String(inclusion.size), Buffer.from(inclusion.root, 'hex').toString('base64')]);
  const raw = Buffer.from(key.split('+').slice(2).join('+'), 'base64').subarray(1);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  const by = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const signed = Buffer.from(signature.trim().split(' ').at(-1), 'base64').subarray(4);
  assert.ok(verify(null, Buffer.from(`${body}\n`), by, signed));
  assert.ok(!verify(null, Buffer.from(`${body}x\n`), by, signed));
  assert.deepEqual(noor.trouble, []);
  await noor.context.close();
});

test('reports say the same as their sheets', { timeout: 60_000 }, async (t) => {
  const noor = await Person.signedIn(chrome, portal, 'Noor', { at: '/reports' });
  const { page } = noor;
  const cells = page.getByRole('region', { name: 'Flows' }).getByRole('row', { name: /^Repair/ }).getByRole('cell');
  const [requests, , half] = await cells.allInnerTexts();
  assert.deepEqual([requests, half], ['2', '3 min']);
  const sheet = (await downloaded(page, page.getByRole('link', { name: 'Flows as CSV' }))).trim().split('\n');
  const head = sheet[0].split(',');
  const line = sheet.find((line) => line.startsWith('orders-db,')).split(',');
  const of = (name) => line[head.indexOf(name)];
  assert.deepEqual(
    ['requests', 'approval_median_s', 'began', 'extensions', 'extension_sum_s'].map(of),
    ['2', '180', '1', '1', '1800'],
  );
  assert.equal(await page.locator('figure.chart svg.share').count(), 4);
  assert.deepEqual(noor.trouble, []);
  await noor.context.close();
});

test('a policy is read from a file, mended at its lines, compared, and put in force once', { timeout: 90_000 }, async (t) => {
  const here = await started(t);
  const noor = await Person.signedIn(chrome, here, 'Noor', { at: '/policy' });
  const { page } = noor;
  const field = page.getByLabel('The whole document');
  const demo = readFileSync(new URL('../demo/policy.yaml', import.meta.url), 'utf8');
  const file = path.join(folder, 'policy.yaml');
  writeFileSync(file, demo.replace('max: 2h', 'maks: 2h'));
  await page.getByLabel('From a file').setInputFiles(file);
  await assert.doesNotReject(page.waitForFunction(() => document.getElementById('text').value.includes('maks: 2h')));
  assert.equal(await page.getByLabel('Written in').inputValue(), 'yaml');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('There is no field `maks` here').waitFor();
  const line = demo.split('\n').findIndex((line) => line.includes('max: 2h')) + 1;
  await page.locator('pre.lines .meant', { hasText: `${line}` }).first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Put it in force' }).count(), 0);
  // The same as is in force, however it is laid out, is no change.
  await field.fill(demo);
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('Nothing: it is the one in force').waitFor();
  await field.fill(demo.replace('times: 4', 'times: 6'));
  await page.getByRole('button', { name: 'Check' }).click();
  const change = page.getByRole('row', { name: /flows › orders-db › extension › times/ });
  assert.deepEqual(await change.getByRole('cell').allInnerTexts(), ['4', '6']);
  // Somebody else has the same page open, and another text.
  const second = await noor.tab('/policy');
  await second.getByLabel('The whole document').fill(demo.replace('times: 4', 'times: 5'));
  await second.getByLabel('Written in').selectOption('yaml');
  await second.getByRole('button', { name: 'Check' }).click();
  await second.getByRole('row', { name: /extension › times/ }).waitFor();
  await page.getByRole('button', { name: 'Put it in force' }).dblclick();
  await page.getByText('The policy is in force').waitFor();
  await second.getByRole('button', { name: 'Put it in force' }).click();
  await second.getByText('policy.stale').waitFor();
  await noor.open('/history');
  await page.getByText('a policy is put in force').first().waitFor();
  const published = (await rows(page).allInnerTexts()).filter((row) => row.includes('a policy is put in force'));
  assert.equal(published.length, 2, 'the story had one; the double click is one more');
  assert.deepEqual(noor.trouble, []);
  await noor.context.close();
});
