// People without rights, people who lie, pages of others that send what nobody meant, and a thousand grants.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Person, Portal, browser } from './harness.mjs';

let chrome;
let folder;
before(async () => {
  chrome = await browser();
  folder = mkdtempSync(path.join(tmpdir(), 'tenure-safety-'));
});
after(async () => {
  await chrome?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** A portal of a test's own, which ends with it, however that ends. */
async function started(t, ...words) {
  const portal = await Portal.start(...words);
  t.after(() => portal.stop());
  return portal;
}

/** A portal of a test's own, with people and a policy of its own as well. */
async function startedWith(t, name, people, policy) {
  const file = (kind, content) => {
    const at = path.join(folder, `${name}.${kind}.json`);
    writeFileSync(at, JSON.stringify(content));
    return at;
  };
  return started(t, '--people', file('people', people), '--policy', file('policy', policy));
}

/** What the portal answers to a request from this page: its status, and its text. */
async function asked(page, address, { form, ...headers } = {}) {
  return page.evaluate(async ({ address, form, headers }) => {
    const body = form && new URLSearchParams(form);
    const answer = await fetch(address, { method: form ? 'POST' : 'GET', body, headers, redirect: 'manual' });
    return { status: answer.status, type: answer.type, text: await answer.text() };
  }, { address, form, headers });
}

const csrf = (page) => page.locator('body').getAttribute('data-csrf');
const quiet = (person, ...expected) => person.trouble.filter((words) => !expected.some((known) => words.includes(known)));
/** When Maria's access ends, as her page says. */
async function end(maria) {
  await maria.open('/access');
  return maria.card('Repair').locator('.left .countdown').getAttribute('datetime');
}

test('a person without rights sees their own, and changes nothing', { timeout: 90_000 }, async (t) => {
  const portal = await started(t);
  const noor = await Person.signedIn(chrome, portal, 'Noor', { at: '/history' });
  const grants = await noor.page.locator('a.id').evaluateAll((links) => [...new Set(links.map((link) => link.title))]);
  const revision = async () => {
    await noor.open('/policy');
    return noor.page.locator('section.card code').first().innerText();
  };
  const before = await revision();
  const maria = await Person.signedIn(chrome, portal, 'Maria');
  const ends = await end(maria);
  const sam = await Person.signedIn(chrome, portal, 'Sam', { at: '/history' });
  const { page } = sam;

  for (const address of ['/who', '/who?resource=prod-pg/database/orders', '/reports', '/reports/flows.csv', '/reports/refusals.csv']) {
    const { status, text } = await asked(page, address);
    assert.deepEqual([address, status, text.includes('auditor')], [address, 403, true]);
  }
  // His own history, whatever he asks for.
  for (const query of ['', '?person=maria', '?flow=orders-db', ...grants.map((grant) => `?grant=${grant}`)]) {
    const { status, text } = await asked(page, `/history${query}`);
    assert.deepEqual([query, status, text.includes('INC-2291'), text.includes('Maria')], [query, 200, false, false]);
    for (const form of ['csv', 'jsonl']) {
      const { text } = await asked(page, `/history.${form}${query}`);
      assert.ok(!text.includes('maria') && !text.includes('INC-2291'), `${form} ${query}`);
    }
  }
  for (const entry of ['/history/5', '/history/5/proof.json', '/history/0', '/history/99999', '/history/x']) {
    const { status, text } = await asked(page, entry);
    assert.ok([400, 404].includes(status) && !text.includes('INC-2291'), `${entry} ${status}`);
  }
  assert.equal((await asked(page, '/history/2')).status, 200, 'his own request');

  // Another's grant by its address; and a policy, by whoever is no author of one.
  const token = await csrf(page);
  for (const grant of grants) {
    for (const deed of ['extend', 'give-back', 'withdraw', 'activate', 'decide', 'decide-extension']) {
      const address = `/grants/${encodeURIComponent(grant)}/${deed}`;
      await asked(page, address, { form: { csrf: token, command: `sam-${grant}-${deed}`, reason: 'mine', span: '30m', verdict: 'approve' } });
    }
  }
  const policy = '{"version": 1, "flows": []}';
  const form = { csrf: token, command: 'sam-policy', language: 'json', text: policy };
  const published = await asked(page, '/policy/publish', { form });
  assert.deepEqual([published.status, published.text.includes('policy-author')], [403, true]);
  // He may look at what a policy would change, and is told who may put it in force.
  await sam.open('/policy');
  await page.getByLabel('The whole document').fill(policy);
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('put a policy in force', { exact: false }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Put it in force' }).count(), 0);
  assert.equal(await revision(), before);
  assert.equal(await end(maria), ends, 'her access is as it was');
  assert.deepEqual(quiet(sam, 'status of 40'), []);
  for (const person of [noor, maria, sam]) await person.context.close();
});

/** Words that would run as a script, were they not text; `where` tells which of them did. */
const bad = (where) => `<img data-xss="${where}" src=x onerror="window.xss='${where}'">"'><script>window.xss=1</script>{{7*7}}`;

/** People, resources and a policy whose every word is `bad`. */
function hostile() {
  const people = {
    people: [
      { name: `Eve ${bad('name')}`, title: bad('title'), person: { id: 'eve', groups: ['all'], roles: ['auditor', 'policy-author'], manager: 'bob' } },
      { name: `Bob ${bad('bob')}`, person: { id: 'bob', groups: ['all', 'bosses'], roles: ['auditor'] } },
    ],
    resources: [
      { resource: { integration: 'pg', type: 'db', name: bad('resource'), labels: { env: bad('label') }, owners: ['user:bob'] }, permissions: ['read'] },
    ],
  };
  const policy = {
    version: 1,
    flows: [{
      id: 'all', title: bad('flow'), description: bad('description'), labels: { team: bad('team') },
      who: { any: ['group:all'] }, what: [{ integration: 'pg', permissions: ['read'] }],
      duration: { default: '1h', max: '2h' },
      reason: { required: true, pattern: '^[^?]*$', message: bad('message'), fields: [{ name: 'ticket', label: bad('field'), required: false }] },
      approval: { steps: [{ name: bad('step'), approvers: ['group:bosses'], reason: true }] },
      extension: { times: 3, span: { default: '30m' }, approval: { first: 1, steps: [{ name: bad('second'), approvers: ['group:bosses'] }] } },
    }],
  };
  return { people, policy };
}

test('what people write is text, wherever it is shown', { timeout: 120_000 }, async (t) => {
  const { people, policy } = hostile();
  const portal = await startedWith(t, 'hostile', people, policy);
  const eve = await Person.signedIn(chrome, portal, 'Eve');
  const bob = await Person.signedIn(chrome, portal, 'Bob');
  const token = await csrf(eve.page);
  const item = JSON.stringify({ integration: 'pg', type: 'db', name: bad('resource'), permission: 'read' });
  const request = { csrf: token, command: 'eve-1', item, reason: bad('reason'), 'field.ticket': bad('ticket'), span: '1h' };
  // A refusal first: its words are the policy's.
  await asked(eve.page, '/ask/all', { form: { ...request, command: 'eve-0', reason: 'why?' } });
  await eve.open('/ask/all');
  await asked(eve.page, '/ask/all', { form: { ...request, csrf: await csrf(eve.page) } });
  await bob.open('/history');
  const grant = await bob.page.locator('a.id').first().getAttribute('title');
  await bob.open('/inbox');
  const yes = { csrf: await csrf(bob.page), command: 'bob-1', reason: bad('yes') };
  await asked(bob.page, `/grants/${grant}/approve`, { form: yes });

  const pages = [
    [eve, '/access'], [eve, '/ask'], [eve, '/ask/all'], [eve, '/history'], [eve, '/reports'], [eve, '/policy'], [eve, '/who'],
    [bob, '/inbox'], [bob, '/history'], [bob, `/history?grant=${grant}`], [bob, '/history/2'], [bob, '/history/3'],
    [bob, `/who?resource=${encodeURIComponent(`pg/db/${bad('resource')}`)}`],
    [bob, `/history?person=${encodeURIComponent(bad('query'))}`], [bob, `/who?resource=${encodeURIComponent(bad('query'))}`],
  ];
  let seen = 0;
  for (const [person, at] of pages) {
    await person.page.goto(portal.url + at);
    const { found, ran, shown } = await person.page.evaluate(() => ({
      found: document.querySelectorAll('[data-xss]').length,
      ran: window.xss ?? null,
      shown: document.body.innerText.includes('data-xss') ? 1 : 0,
    }));
    assert.deepEqual([at, found, ran], [at, 0, null]);
    seen += shown;
  }
  assert.ok(seen >= 9, `it is shown as text on ${seen} pages`);
  await bob.open(`/history?grant=${grant}`);
  await bob.page.getByText(bad('reason'), { exact: false }).first().waitFor();
  // A policy that is checked shows its lines, its problems and its changes.
  await eve.open('/policy');
  for (const text of [
    `version: 1\nflows: []\n${bad('line')}: 1`,
    JSON.stringify({ ...policy, flows: [{ ...policy.flows[0], title: bad('other') }] }),
    JSON.stringify({ ...policy, [bad('unknown')]: 1 }),
  ]) {
    await eve.page.getByLabel('The whole document').fill(text);
    await Promise.all([eve.page.waitForNavigation(), eve.page.getByRole('button', { name: 'Check' }).click()]);
    const left = await eve.page.evaluate(() => [document.querySelectorAll('[data-xss]').length, window.xss ?? null]);
    assert.deepEqual(left, [0, null]);
  }
  assert.deepEqual([...quiet(eve, 'status of 40'), ...quiet(bob, 'status of 40')], []);
  for (const person of [eve, bob]) await person.context.close();
});

/** A site of somebody else, whose page sends a form to the portal as soon as it is opened. */
async function elsewhere(action, fields) {
  const hidden = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
  const html = `<!doctype html><form method="post" action="${action}">${hidden.join('')}</form><script>document.forms[0].submit()</script>`;
  const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(html));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { port: server.address().port, close: () => server.close() };
}

test('a page of another site sends nothing that counts', { timeout: 90_000 }, async (t) => {
  const portal = await started(t);
  const maria = await Person.signedIn(chrome, portal, 'Maria');
  const ends = await end(maria);
  const action = await maria.card('Repair').locator('form[action$="/extend"]').getAttribute('action');
  const token = await csrf(maria.page);
  const mine = { command: 'elsewhere-1', span: '30m' };
  // Another site has no cookie; one on the same machine has it, and even with the token it is another site.
  for (const [host, fields] of [['localhost', mine], ['127.0.0.1', mine], ['127.0.0.1', { ...mine, csrf: token }]]) {
    const site = await elsewhere(portal.url + action, fields);
    const page = await maria.context.newPage();
    const [answer] = await Promise.all([
      page.waitForResponse((answer) => answer.url().endsWith('/extend')),
      page.goto(`http://${host}:${site.port}/`).catch(() => {}),
    ]);
    assert.equal(answer.status(), 403, host);
    await page.close();
    site.close();
  }
  // From our own page it needs the token of this very session.
  for (const csrf of ['', 'x', token.replace(/^./, (first) => (first === '0' ? '1' : '0'))]) {
    const { status } = await asked(maria.page, action, { form: { ...mine, csrf } });
    assert.equal(status, 403, csrf);
  }
  assert.equal(await end(maria), ends, 'nothing was extended');
  const { type } = await asked(maria.page, action, { form: { ...mine, csrf: token } });
  assert.equal(type, 'opaqueredirect');
  assert.notEqual(await end(maria), ends, 'the same from her own page counts');
  const headers = (await maria.page.goto(`${portal.url}/access`)).headers();
  assert.match(headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/);
  assert.equal(headers['cache-control'], 'no-store');
  assert.deepEqual(quiet(maria, 'status of 403'), []);
  await maria.context.close();
});

const name = (number, digits) => String(number).padStart(digits, '0');

/** So many people, each of whom may ask for the same resources; the first is an auditor. */
function crowd(holders, each) {
  const policy = {
    version: 1,
    flows: [{
      id: 'all', title: 'Everything', who: { any: ['group:all'] }, requesters: { others: ['group:all'] },
      what: [{ integration: 'pg', permissions: ['read'] }],
      duration: { max: '8h' }, approval: 'automatic', extension: { times: 3, span: { default: '30m' } },
    }],
  };
  const people = {
    people: Array.from({ length: holders }, (_, number) => {
      const id = `p${name(number, 2)}`;
      const roles = number === 0 ? ['auditor'] : [];
      return { name: `Person ${name(number, 2)}`, person: { id, groups: ['all'], roles } };
    }),
    resources: Array.from({ length: each }, (_, number) => (
      { resource: { integration: 'pg', type: 'db', name: `n${name(number, 2)}` }, permissions: ['read'] }
    )),
  };
  return { people, policy };
}

test('a thousand grants', { timeout: 300_000 }, async (t) => {
  const [holders, each] = [50, 20];
  const count = holders * each;
  const { people, policy } = crowd(holders, each);
  const portal = await startedWith(t, 'many', people, policy);
  const ada = await Person.signedIn(chrome, portal, 'Person 00', { at: '/who' });
  const { page } = ada;
  const token = await csrf(page);
  const asks = Array.from({ length: count }, (_, number) => {
    const resource = { integration: 'pg', type: 'db', name: `n${name(number % each, 2)}` };
    const item = JSON.stringify({ ...resource, permission: 'read' });
    return { csrf: token, command: `ask-${number}`, item, span: '8h', holder: `p${name(Math.floor(number / each), 2)}` };
  });
  await page.evaluate(async (asks) => {
    const ask = async () => {
      for (let form = asks.pop(); form; form = asks.pop()) {
        await fetch('/ask/all', { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
      }
    };
    await Promise.all(Array.from({ length: 6 }, ask));
  }, asks);

  // Who has access: a hundred a page, every grant once.
  await ada.open('/who');
  const seen = new Set();
  for (let pages = 1; ; pages += 1) {
    const grants = await page.locator('tbody a.id').evaluateAll((links) => links.map((link) => link.title));
    assert.ok(grants.length <= 100 && pages <= 20);
    grants.forEach((grant) => seen.add(grant));
    const more = page.getByRole('link', { name: 'More' });
    if (await more.count() === 0) break;
    const next = new URL(await more.getAttribute('href'), portal.url).href;
    await Promise.all([page.waitForURL(next), more.click()]);
  }
  assert.equal(seen.size, count);
  // History goes back page by page; reports have counted all.
  await ada.open('/history');
  for (let pages = 0; pages < 3; pages += 1) {
    const first = await page.locator('tbody td.number').first().innerText();
    await page.getByRole('link', { name: 'Older' }).click();
    await page.waitForFunction((first) => document.querySelector('tbody td.number')?.innerText !== first, first);
    assert.equal(await page.locator('tbody tr').count(), 50);
  }
  await ada.open('/reports');
  const cells = page.getByRole('region', { name: 'Flows' }).getByRole('row', { name: /^Everything/ }).getByRole('cell');
  assert.equal((await cells.allInnerTexts())[0], String(count));
  assert.deepEqual(ada.trouble, []);
  await ada.picture('a-thousand-grants');
  await ada.context.close();
});
