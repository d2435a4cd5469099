// The story that the project is for, with two people: access is about to end in the middle of work, a notice comes, one
// click, work goes on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, Portal, browser } from './harness.mjs';

let chrome;
before(async () => { chrome = await browser(); });
after(async () => { await chrome?.close(); });

test('an incident that outlasts the access', { timeout: 120_000 }, async () => {
  // A minute of the story is a second here. The notice comes early, so that there is time for a click.
  const portal = await Portal.with((policy) => policy.replace('before_end: [15m, 5m]', 'before_end: [28m]'), '--speed', '60');
  const jonas = await Person.signedIn(chrome, portal, 'Jonas', { at: '/inbox' });
  const priya = await Person.signedIn(chrome, portal, 'Priya', { at: '/ask' });

  // Priya asks for what she needs. The rules speak while she writes.
  await priya.page.getByRole('article', { name: 'Repair' }).getByRole('link', { name: 'Ask' }).click();
  const says = priya.page.locator('#explained');
  await says.locator('.refusal', { hasText: 'request.empty' }).waitFor();
  await priya.page.getByLabel('write on orders').check();
  await says.locator('.refusal', { hasText: 'reason.missing' }).waitFor();
  await priya.page.getByLabel('For how long').selectOption({ label: '30 min' });
  await priya.page.getByLabel('Why').fill('INC-2291 I take over from Maria');
  await says.getByText('This can be sent').waitFor();
  await priya.picture('ask');
  await priya.page.getByRole('button', { name: 'Send' }).click();
  await priya.page.getByText('Your request was sent').waitFor();
  await priya.card('Repair').getByText('Waits for approval').waitFor();

  // Jonas hears of it without a reload, and says yes.
  await jonas.notice('Priya Raman asks for').waitFor();
  await jonas.page.getByText('INC-2291 I take over from Maria').first().waitFor();
  await jonas.picture('inbox');
  await jonas.page.getByRole('article', { name: 'Priya Raman asks' }).getByRole('button', { name: 'Approve' }).click();
  await jonas.page.getByText('The access has begun').waitFor();

  // Hers has begun, on the page that she has open.
  await priya.notice('has begun').waitFor();
  const card = priya.card('Repair');
  await card.getByText('0 of 4 extensions used').waitFor();
  const held = await card.locator('.left .countdown').getAttribute('datetime');

  // The end comes near. A notice comes, and in it one click.
  const soon = priya.notice('ends in');
  await soon.waitFor();
  await priya.picture('notice');
  await soon.getByRole('button', { name: 'Extend by 30 min' }).click();
  await priya.page.getByText('Your access goes on until').waitFor();
  await card.getByText('1 of 4 extensions used, 3 left').waitFor();
  const longer = await card.locator('.left .countdown').getAttribute('datetime');
  assert.equal(Date.parse(longer) - Date.parse(held), 30 * 60_000);
  await priya.notice('goes on').waitFor();
  await priya.picture('extended');

  // She is done, and gives it back: it is over at once.
  await card.getByRole('button', { name: 'Give back' }).click();
  await priya.page.getByText('It has ended').waitFor();
  await card.waitFor({ state: 'detached' });

  assert.deepEqual([...priya.trouble, ...jonas.trouble], []);
  assert.equal(await portal.stop(), 0);
});
