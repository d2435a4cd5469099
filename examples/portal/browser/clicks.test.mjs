// Clicks at the wrong moment, from the wrong page, by the wrong person, and twice.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, Portal, browser } from './harness.mjs';

const LIMIT = { timeout: 120_000 };
const REPAIR = 'Repair the shop';

let chrome;
before(async () => { chrome = await browser(); });
after(async () => { await chrome?.close(); });

/** Runs with a portal, and sees that it ends well and nobody's page had trouble. */
async function portal(words, story) {
  const made = typeof words === 'function' ? await Portal.with(words) : await Portal.start(...words);
  const people = [];
  const enter = async (how, name, options) => {
    const person = await Person[how](chrome, made, name, options);
    people.push(person);
    return person;
  };
  try {
    await story(made, (name, options) => enter('signedIn', name, options), (name, options) => enter('standingStill', name, options));
    assert.deepEqual(people.flatMap((person) => person.trouble), []);
  } finally {
    // Whoever's page stays open is no reason to go on.
    assert.equal(await made.stop(), 0);
    await Promise.all(people.map((person) => person.context.close()));
  }
}

test('a double click is one extension', LIMIT, () => portal([], async (_, enter) => {
  const maria = await enter('Maria');
  const card = maria.card(REPAIR);
  await card.getByText('1 of 4 extensions used').waitFor();
  await card.getByRole('button', { name: 'Extend by 30 min' }).dblclick();
  await maria.page.getByText('Your access goes on until').waitFor();
  await card.getByText('2 of 4 extensions used, 2 left').waitFor();
  await maria.open('/access');
  await card.getByText('2 of 4 extensions used, 2 left').waitFor();
}));

test('two tabs: the one shows what the other did, and one that could not is refused', LIMIT, () => portal([], async (_, enter, still) => {
  const maria = await enter('Maria');
  const other = await maria.tab();
  const old = await still('Maria');
  await maria.card(REPAIR).getByRole('button', { name: 'Extend' }).click();
  await maria.page.getByText('Your access goes on until').waitFor();
  await maria.card(REPAIR, other).getByText('2 of 4 extensions used').waitFor();
  // Without a script everything works, but nothing moves: this page still shows the old end.
  await old.card(REPAIR).getByRole('button', { name: 'Extend' }).click();
  await old.page.locator('.told.bad code', { hasText: 'extension.stale' }).waitFor();
  await old.card(REPAIR).getByText('2 of 4 extensions used').waitFor();
}));

test('a click after the very end is refused, and the page has let go by itself', LIMIT, () => portal(['--speed', '120'], async (_, enter, still) => {
  const late = await still('Maria');
  const maria = await enter('Maria');
  await maria.notice('has ended').waitFor();
  await maria.page.getByText('You hold no access now').waitFor();
  await late.card(REPAIR).getByRole('button', { name: 'Extend' }).click();
  await late.page.locator('.told.bad code', { hasText: 'grant.expired' }).waitFor();
}));

test('a revocation reaches the page that is open', LIMIT, () => portal([], async (_, enter, still) => {
  const maria = await enter('Maria');
  const old = await still('Maria');
  const address = await maria.card(REPAIR).getByRole('link', { name: REPAIR }).getAttribute('href');
  const noor = await enter('Noor', { at: address });
  await noor.page.getByLabel('Why it must end').fill('the laptop was stolen');
  await noor.page.getByRole('button', { name: 'Revoke' }).click();
  await noor.page.getByText('It was revoked').waitFor();
  await maria.notice('was revoked').waitFor();
  await maria.page.getByText('You hold no access now').waitFor();
  await old.card(REPAIR).getByRole('button', { name: 'Extend' }).click();
  await old.page.locator('.told.bad code', { hasText: 'grant.not_active' }).waitFor();
}));

test('a notice that comes while its page is left is told on the next', LIMIT, () => portal([], async (_, enter) => {
  const [maria, jonas] = [await enter('Maria'), await enter('Jonas')];
  const kept = () => maria.page.evaluate(() => memory.get().shown.length);
  // Nothing is said of it until the page is gone.
  const asked = maria.page.waitForRequest('**/notices/*');
  await maria.page.route('**/notices/*', () => {}, { times: 1 });
  await maria.card(REPAIR).getByRole('button', { name: 'Extend by 30 min' }).click();
  await maria.page.getByText('Your access goes on until').waitFor();
  await asked;
  await maria.open('/ask');
  await maria.notice('goes on').waitFor();
  // Who leaves at once has not read it.
  await maria.open('/access');
  await maria.notice('goes on').waitFor();
  assert.equal(await kept(), 1);
  await maria.page.waitForFunction(() => memory.get().shown.length === 0);
  await maria.open('/ask');
  await maria.open('/access');
  assert.equal(await maria.notice('goes on').count(), 0);
}));

test('a portal that restarts between the notice and the click loses neither', LIMIT, () => portal(['--speed', '20'], async (made, enter) => {
  const maria = await enter('Maria');
  const soon = maria.notice('ends in');
  await soon.waitFor();
  const run = await maria.page.locator('body').getAttribute('data-listening');
  await made.restart();
  // The page finds it again, and brings itself up to date.
  await maria.page.locator(`body[data-listening]:not([data-listening="${run}"])`).waitFor({ state: 'attached' });
  maria.trouble.length = 0;
  await soon.getByRole('button', { name: 'Extend by 30 min' }).click();
  await maria.page.getByText('Your access goes on until').waitFor();
  await maria.card(REPAIR).getByText('2 of 4 extensions used').waitFor();
}));

test('whoever has no rights finds nothing, and gets nothing by address', LIMIT, () => portal([], async (made, enter) => {
  const maria = await enter('Maria');
  const grant = await maria.card(REPAIR).getByRole('link', { name: REPAIR }).getAttribute('href');
  const noor = await enter('Noor', { at: '/ask' });
  await noor.page.getByText('There is nothing that you may ask for').waitFor();
  await noor.open('/inbox');
  await noor.page.getByText('Nothing waits for your decision').waitFor();
  const sam = await enter('Sam');
  for (const address of [grant, '/ask/orders-db', '/grants/no-such-grant']) {
    assert.equal((await sam.context.request.get(made.url + address)).status(), 404, address);
  }
  // Another's grant by its address: the rules answer, in words, and tell nothing of it.
  const form = sam.page.locator('form[action$="/give-back"]');
  await form.evaluate((form, address) => { form.action = `${address}/give-back`; }, grant);
  await form.getByRole('button').click();
  await sam.page.locator('.told.bad code', { hasText: 'actor.not_allowed' }).waitFor();
  assert.equal(await sam.page.getByText('INC-2291').count(), 0);
  const sent = await sam.send(`${grant}/extend`, { command: 'by-address' });
  assert.equal(sent.status(), 303);
  await sam.open('/access');
  await sam.page.locator('.told.bad code', { hasText: 'extension.not_holder' }).waitFor();
  await maria.open('/access');
  await maria.card(REPAIR).getByText('1 of 4 extensions used').waitFor();
}));

test('a button that may not be pressed yet opens by itself when it may', LIMIT, () => portal(['--speed', '60'], async (_, enter) => {
  const sam = await enter('Sam');
  const card = sam.card('Look up customer records');
  await card.getByText('extension.too_early').waitFor();
  assert.equal(await card.getByRole('button', { name: 'Extend' }).isDisabled(), true);
  await sam.picture('not-yet');
  await card.getByRole('button', { name: 'Extend by 1 h' }).click();
  await sam.page.getByText('Your access goes on until').waitFor();
}));

test('a thousand grants on the page', { timeout: 600_000 }, () => portal((policy) => policy.replace('limits: {open_per_person: 3}', ''), async (_, enter) => {
  const sam = await enter('Sam', { at: '/ask/customer-records' });
  // A debug build looks at a thousand grants for a while.
  sam.context.setDefaultTimeout(90_000);
  const item = await sam.page.getByLabel('read on retail-north').inputValue();
  const began = performance.now();
  let asked = 0;
  const ask = async () => {
    while (asked < 1000) {
      const number = ++asked;
      const span = `${120 + (number % 60)}m`;
      const fields = { command: `many-${number}`, item, span, reason: `${number}`, 'field.ticket': `SUP-${number}` };
      const sent = await sam.send('/ask/customer-records', fields);
      assert.equal(sent.status(), 303, `${number}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, ask));
  const made = performance.now();
  await sam.open('/access');
  await sam.page.getByText('1–20 of 1000, soonest end first').waitFor();
  const shown = performance.now();
  assert.equal(await sam.page.getByRole('main').getByRole('article').count(), 20);
  console.log(`  1000 asked for in ${Math.round(made - began)} ms, shown in ${Math.round(shown - made)} ms`);
  await sam.picture('a-thousand');
  await sam.open('/access?skip=999');
  await sam.page.getByText('981–1000 of 1000').waitFor();
  await sam.page.getByRole('button', { name: 'Give back' }).last().click();
  await sam.page.getByText('It has ended').waitFor();
  await sam.page.getByText('of 999, soonest end first').waitFor();
}));
