// What the tests of the portal in a browser have at hand: a portal of their own each, and people who have it open.
//
// Nothing here sleeps for a time that was guessed: a test waits until the page shows what it is to show, or fails.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const target = process.env.TENURE_TARGET ?? path.resolve(here, '../../../target');
const program = process.env.TENURE_PORTAL ?? path.join(target, 'debug/tenure-portal');
const demo = path.resolve(here, '../demo');
/** Where pictures go. */
export const pictures = path.join(target, 'portal');
/** How long anything may take to be seen, in milliseconds: a machine may be busy. */
export const PATIENCE = 20_000;

/** The browser: no sandbox, for tests also run as root, and nothing that it would do by itself. */
export async function browser() {
  return chromium.launch({
    executablePath: process.env.TENURE_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
    ],
  });
}

/** Portals that run: none outlives the tests of its file, whatever came of them. Node would wait for it. */
const running = new Set();
function end() { for (const portal of running) portal.kill('SIGKILL'); }
after(end);
process.on('exit', end);

/** A portal that runs, with the demo's story told, and a file that goes with it. */
export class Portal {
  #process;
  #folder;
  #words;

  /** Starts one. `words` are arguments of the program. */
  static async start(...words) {
    const portal = new Portal();
    portal.#folder = mkdtempSync(path.join(tmpdir(), 'tenure-portal-'));
    portal.#words = ['--data', path.join(portal.#folder, 'access.db'), ...words];
    await portal.#run('127.0.0.1:0');
    return portal;
  }

  /** Starts one without a story, with the demo's people, and with its policy as `change` makes it of its text. */
  static async with(change, ...words) {
    const portal = new Portal();
    portal.#folder = mkdtempSync(path.join(tmpdir(), 'tenure-portal-'));
    const policy = path.join(portal.#folder, 'policy.yaml');
    writeFileSync(policy, change(readFileSync(path.join(demo, 'policy.yaml'), 'utf8')));
    const data = path.join(portal.#folder, 'access.db');
    portal.#words = ['--data', data, '--policy', policy, '--people', path.join(demo, 'people.json'), ...words];
    await portal.#run('127.0.0.1:0');
    return portal;
  }

  async #run(listen) {
    this.#process = spawn(program, ['--listen', listen, ...this.#words], { stdio: ['ignore', 'pipe', 'inherit'] });
    const portal = this.#process;
    running.add(portal);
    portal.once('exit', () => running.delete(portal));
    const ended = once(portal, 'exit').then(([code]) => { throw new Error(`the portal ended: ${code}`); });
    ended.catch(() => {});
    for await (const line of createInterface(portal.stdout)) {
      const said = /^tenure-portal: (http:\S+)$/.exec(line);
      if (said) {
        this.url = said[1];
        return;
      }
    }
    await ended;
  }

  /** Ends it at once, as a machine does that loses its power, and starts it again at the same address. */
  async restart() {
    await this.#end('SIGKILL');
    await this.#run(new URL(this.url).host);
  }

  async #end(signal) {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }

  /** Ends it as its owner does. It has to end by itself, though pages are open. */
  async stop() {
    await this.#end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
    return this.#process.exitCode;
  }
}

/** Somebody who has the portal open: a window of their own, whose mistakes are the test's. */
export class Person {
  constructor(context, page, name, portal) {
    Object.assign(this, { context, page, name, portal });
    this.trouble = [];
    this.#watch(page);
  }

  /** Opens a window, and signs somebody in. `as` is a level: `aal2`. */
  static async signedIn(browser, portal, name, { as = '', at = '/access', ...options } = {}) {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const person = new Person(context, page, name, portal);
    await page.goto(`${portal.url}/sign-in?then=${encodeURIComponent(at)}`);
    if (as) await page.getByLabel('As if proved at').selectOption(as);
    await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
    if (options.javaScriptEnabled === false) await page.getByRole('main').waitFor();
    else await person.listens();
    return person;
  }

  /** Somebody whose page stands still: what they see is of the moment at which they opened it. */
  static async standingStill(browser, portal, name, options = {}) {
    return Person.signedIn(browser, portal, name, { ...options, javaScriptEnabled: false });
  }

  /** Sends what a page of this person's could send: their session, their token, and whatever fields. */
  async send(address, fields) {
    const csrf = await this.page.locator('input[name=csrf]').first().inputValue();
    const headers = { origin: this.portal.url, 'sec-fetch-site': 'same-origin' };
    return this.context.request.post(this.portal.url + address, { form: { csrf, ...fields }, headers, maxRedirects: 0 });
  }

  #watch(page) {
    page.on('pageerror', (error) => this.trouble.push(`script: ${error.message}`));
    // What a policy forbids, or a page cannot find, is said on the console.
    page.on('console', (line) => { if (line.type() === 'error') this.trouble.push(`console: ${line.text()}`); });
    page.on('dialog', (dialog) => { this.trouble.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  }

  /** Another tab of the same window. */
  async tab(at = '/access') {
    const page = await this.context.newPage();
    this.#watch(page);
    await page.goto(this.portal.url + at);
    await this.listens(page);
    return page;
  }

  /** Until the page hears notices. */
  async listens(page = this.page) {
    await page.locator('body[data-listening]').waitFor({ state: 'attached' });
  }

  /** A grant's card on the page. */
  card(title, page = this.page) {
    return page.getByRole('article', { name: title });
  }

  /** A notice that came. */
  notice(words, page = this.page) {
    return page.locator('#notices .notice', { hasText: words });
  }

  async open(at) {
    await this.page.goto(this.portal.url + at);
    await this.listens();
  }

  async picture(name) {
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: false });
  }
}
