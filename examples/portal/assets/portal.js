// What a page does by itself: it counts by the server's clock, hears notices, fetches itself anew, and asks for
// explanations while a form is filled in. Without it every page works all the same, but stands still.
'use strict';

// The server's clock: what it said last, and how long ago that was by a clock that nobody sets.
const clock = {
  at: Number(document.body.dataset.now),
  speed: Number(document.body.dataset.speed),
  since: performance.now(),
  now() { return this.at + (performance.now() - this.since) * this.speed; },
  set(at, speed) { this.at = at; this.speed = speed; this.since = performance.now(); },
};

const SOON = 15 * 60_000;
const LAST = 5 * 60_000;
const WIDTH = 1000;
const UNITS = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min'], [1_000, 's']];

/** A length of time in words: the two largest units that it has, as the server writes it. */
function words(length) {
  const said = [];
  let left = Math.max(0, Math.floor(length));
  for (const [size, unit] of UNITS) {
    const count = Math.floor(left / size);
    left %= size;
    if (count > 0) said.push(`${count} ${unit}`);
    if (said.length === 2) break;
  }
  return said.length === 0 ? '0 s' : said.join(' ');
}

function show(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Instants as the reader's own clock shows them: the day only where it is another one. */
function moments(within) {
  const day = { weekday: 'short', day: 'numeric', month: 'short' };
  const hour = { hour: '2-digit', minute: '2-digit' };
  const today = new Date(clock.now()).toDateString();
  for (const time of within.querySelectorAll('time[data-moment]')) {
    const at = new Date(time.dateTime);
    const same = at.toDateString() === today;
    show(time, at.toLocaleString(undefined, same ? hour : { ...day, ...hour }));
    time.title = time.dateTime;
  }
}

/** Everything that moves with the clock. An instant that has just come makes the page look again. */
function tick() {
  const now = clock.now();
  for (const time of document.querySelectorAll('[data-countdown]')) {
    const left = Number(time.dataset.countdown) - now;
    show(time, words(left));
    time.classList.toggle('soon', left <= SOON && left > LAST);
    time.classList.toggle('last', left <= LAST);
    if (left <= 0 && !time.dataset.over) {
      time.dataset.over = 'yes';
      refresh();
    }
  }
  for (const mark of document.querySelectorAll('[data-now-at], [data-gone]')) {
    const [from, to] = [Number(mark.dataset.from), Number(mark.dataset.to)];
    const x = Math.min(WIDTH, Math.max(0, ((now - from) / (to - from)) * WIDTH));
    if (mark.dataset.gone === undefined) {
      mark.setAttribute('x1', x);
      mark.setAttribute('x2', x);
    } else {
      mark.setAttribute('width', Math.max(0, x - Number(mark.getAttribute('x'))));
    }
  }
  for (const time of document.querySelectorAll('[data-clock]')) {
    show(time, `${new Date(now).toISOString().slice(11, 19)} UTC`);
  }
}

/** Whether somebody is filling it in: then it is left as it is. */
function inUse(element) {
  const at = document.activeElement;
  const typing = element.contains(at) && at.matches('input, textarea, select');
  return typing || [...element.querySelectorAll('input, textarea')].some((field) => field.value !== field.defaultValue);
}

/** Puts what the server says now in the place of what it said before, part by part. */
function replace(old, fresh) {
  const kept = new Map([...old.children].map((child) => [child.id, child]));
  const wanted = [...fresh.children].map((child) => {
    const before = kept.get(child.id);
    return before && inUse(before) ? before : document.adoptNode(child);
  });
  const focused = document.activeElement?.closest('[data-live] > *')?.id;
  const words = document.activeElement?.textContent;
  old.replaceChildren(...wanted);
  // Whoever stood on a button with the keyboard stands on it still.
  const again = focused && document.getElementById(focused);
  [...(again?.querySelectorAll('button, a, summary') ?? [])].find((one) => one.textContent === words)?.focus();
}

let due = null;
let busy = false;
let again = false;
/** Fetches this page anew, once for whatever happened within a moment, and never twice at a time. */
function refresh() {
  clearTimeout(due);
  due = setTimeout(async () => {
    again = busy;
    if (busy) return;
    busy = true;
    await renew().catch(() => {});
    busy = false;
    if (again) refresh();
  }, 120);
}

async function renew() {
  const answer = await fetch(location.href, { headers: { 'x-live': 'yes' }, redirect: 'manual' });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  clock.set(Number(fresh.body.dataset.now), Number(fresh.body.dataset.speed));
  for (const old of document.querySelectorAll('[data-live]')) {
    const part = fresh.getElementById(old.id);
    if (part) replace(old, part);
  }
  moments(document);
  tick();
}

/** How many notices wait to be read: of more than that nobody reads the first. What they tell is on the pages, too. */
const UNREAD_MAX = 100;

/** What this tab was told and must not forget when it opens another page. It is of one session. */
const memory = {
  key: `notices ${document.body.dataset.csrf}`,
  get() { return JSON.parse(sessionStorage.getItem(this.key) ?? '{"shown":[]}'); },
  change(change) { sessionStorage.setItem(this.key, JSON.stringify({ ...this.get(), ...change })); },
  keep(id) { this.change({ shown: [...this.get().shown.filter((other) => other !== id), id].slice(-UNREAD_MAX) }); },
  has(id) { return this.get().shown.includes(id); },
  forget(id) { this.change({ shown: this.get().shown.filter((other) => other !== id) }); },
};

function dismiss(notice) {
  memory.forget(notice.dataset.id);
  notice.remove();
}

/** What only tells is told once it stood there for so long: a page that is left before takes it along. */
const SEEN = 3_000;
/** How long one notice may keep the next waiting. */
const ANSWERED = 10_000;

/** Shows a notice. What is told of a grant takes the place of what was told of it before. */
async function tell(id) {
  if (!memory.has(id)) return;
  const answer = await fetch(`/notices/${encodeURIComponent(id)}`, { signal: AbortSignal.timeout(ANSWERED) })
    .catch(() => null);
  // It may come yet: nobody answered, perhaps because this page is being left.
  if (!answer || answer.status >= 500) return;
  const shown = answer.status === 200
    ? new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('.notice') : null;
  if (!shown) {
    memory.forget(id);
    return;
  }
  for (const before of document.querySelectorAll('#notices .notice')) {
    if (before.dataset.grant === shown.dataset.grant) dismiss(before);
  }
  shown.dataset.id = id;
  document.getElementById('notices').append(document.adoptNode(shown));
  moments(shown);
  // What asks for something stays until it is done or dismissed.
  if (shown.classList.contains('good')) setTimeout(() => memory.forget(id), SEEN);
}

let told = Promise.resolve();
/** Shows notices in the order in which they came, whichever is answered first. */
function inTurn(id) {
  told = told.then(() => tell(id)).catch(() => {});
}

function listen() {
  const { last, shown } = memory.get();
  shown.forEach(inTurn);
  const stream = new EventSource(`/events?since=${encodeURIComponent(last ?? document.body.dataset.heard)}`);
  memory.change({ last: last ?? document.body.dataset.heard });
  let run = null;
  stream.addEventListener('hello', (event) => {
    const hello = JSON.parse(event.data);
    clock.set(hello.now, hello.speed);
    // It was away: what happened meanwhile is on the page.
    if (run !== null) refresh();
    run = hello.run;
    document.body.dataset.listening = run;
  });
  stream.addEventListener('notice', (event) => {
    // Before it is shown: a page that is being left hears it, and the next one does not.
    memory.change({ last: event.lastEventId });
    memory.keep(event.lastEventId);
    inTurn(event.lastEventId);
    refresh();
  });
  stream.addEventListener('error', () => { delete document.body.dataset.listening; });
}

/** Asks what the rules say of a form as it stands, while it is filled in. */
function explains(form) {
  const place = document.getElementById(form.dataset.explainIn);
  let waits = null;
  let latest = 0;
  const ask = async () => {
    const mine = ++latest;
    const answer = await fetch(form.dataset.explain, { method: 'POST', body: new URLSearchParams(new FormData(form)) })
      .catch(() => null);
    // An answer that was overtaken says nothing any more.
    if (mine !== latest || !answer?.ok) return;
    const said = new DOMParser().parseFromString(await answer.text(), 'text/html');
    place.replaceChildren(...[...said.body.childNodes].map((node) => document.adoptNode(node)));
    moments(place);
  };
  form.addEventListener('input', () => {
    clearTimeout(waits);
    waits = setTimeout(ask, 200);
  });
  ask();
}

/** Times of day are written by the reader's own clock, and sent in UTC. */
function zones() {
  for (const field of document.querySelectorAll('input[data-utc]')) {
    const pad = (number) => String(number).padStart(2, '0');
    if (field.value) {
      const at = new Date(`${field.value}Z`);
      field.value = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
      field.defaultValue = field.value;
    }
    field.form.addEventListener('formdata', ({ formData }) => {
      if (field.value) formData.set(field.name, new Date(field.value).toISOString());
    });
  }
  document.querySelectorAll('[data-zone]').forEach((words) => { words.textContent = 'By your own clock'; });
}

/** A file is read into the field that would take its text. */
function files() {
  for (const file of document.querySelectorAll('input[type=file][data-into]')) {
    file.closest('[hidden]')?.removeAttribute('hidden');
    file.addEventListener('change', async () => {
      const [chosen] = file.files;
      if (!chosen) return;
      const text = await chosen.text();
      document.getElementById(file.dataset.into).value = text;
      const ending = chosen.name.split('.').pop().toLowerCase();
      const language = { yml: 'yaml', yaml: 'yaml', toml: 'toml', json: 'json' }[ending];
      if (language) document.getElementById(file.dataset.language).value = language;
    });
  }
}

document.addEventListener('click', (event) => {
  const notice = event.target.closest?.('[data-dismiss]')?.closest('.notice');
  if (notice) dismiss(notice);
});
// A page that a browser kept for its back button is of another moment.
addEventListener('pageshow', (event) => { if (event.persisted) refresh(); });
document.addEventListener('visibilitychange', () => { if (!document.hidden) tick(); });

moments(document);
zones();
files();
if (Number.isFinite(clock.at)) {
  tick();
  setInterval(tick, 250);
  listen();
}
document.querySelectorAll('form[data-explain]').forEach(explains);
