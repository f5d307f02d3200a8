import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromItems, fromTitle, gcItems, IDLE, KINDS, namesOne, OFTEN, said, withoutSecrets, wrongSeconds } from '../src/capture-words.ts';

const target = { url: 'http://localhost:6060', name: 'localhost:6060', detail: 'shop, on this machine' };

test('what was captured last is offered once, and what is typed first', () => {
  const values = (typed: string, remembered: string) => fromItems(typed, remembered, [target], true).map(({ value }) => (value === 'pods' ? value : value.url));
  assert.deepEqual(values('', ''), [target.url, 'pods']);
  assert.deepEqual(values('', target.url), [target.url, 'pods']);
  assert.deepEqual(values(' http://a:1 ', 'http://b:2'), ['http://a:1', 'http://b:2', target.url, 'pods']);
});

test('who starts a capture while one runs is told that it ends', () => {
  assert.match(fromTitle(true), /Ends the Running Capture/);
  assert.doesNotMatch(fromTitle(false), /Ends/);
});

test('an entry begins with the host, and has the whole URL below', () => {
  const [typed, last] = fromItems('http://h:1/debug/pprof/', 'pod://a/b:2/debug/pprof/block', [], false);
  assert.deepEqual([typed?.label, typed?.detail], ['$(link) h:1', 'http://h:1/debug/pprof/']);
  const detail = (typed: string) => fromItems(typed, '', [], false)[0]?.detail;
  assert.deepEqual(['h:1', 'http://h:1', 'https://h:1', 'http://h:1/'].map(detail), [undefined, undefined, 'https://h:1', 'http://h:1/'], 'not the same again');
  assert.deepEqual([last?.label, last?.detail], ['$(history) a/b:2/debug/pprof/block', 'pod://a/b:2/debug/pprof/block']);
});

test('names of containers draw no icons', () => {
  const [item] = fromItems('', '', [{ ...target, name: '$(trash)' }], false);
  assert.equal(item?.label, '$(pulse) \\$(trash)');
});

test('a URL with the path of one profile leaves nothing to choose', () => {
  for (const url of ['', 'h:6060', 'http://h:6060/', 'http://h/debug/pprof', 'http://h/debug/pprof/', 'https://h/api/debug/pprof/heap', 'pod://a/b:1', 'h?x=/y']) {
    assert.equal(namesOne(url), false, url);
  }
  for (const url of ['http://h/debug/pprof/allocs', 'http://h/heap', 'h/debug/pprof/heap/x', 'pod://a/b:1/debug/pprof/block']) {
    assert.equal(namesOne(url), true, url);
  }
});

test('what is remembered has no secret', () => {
  assert.equal(withoutSecrets(' http://me:s3cr3t@h:1/debug/pprof/heap?token=s3cr3t#s3cr3t '), 'http://h:1/debug/pprof/heap');
  assert.equal(withoutSecrets('me:s3@cr3t@h:1'), 'h:1');
  assert.equal(withoutSecrets('pod://a/b:1'), 'pod://a/b:1');
});

test('a number of seconds', () => {
  assert.equal(wrongSeconds('1', 60), undefined);
  assert.equal(wrongSeconds('60', 60), undefined);
  for (const text of ['', '0', '61', '1.5', 'x', '-1']) {
    assert.match(wrongSeconds(text, 60) ?? '', /from 1 to 60/);
  }
});

test('what the status bar and the view say', () => {
  assert.equal(said(IDLE, '10:00'), undefined);
  const first = { ...IDLE, running: true, source: 'http://h/debug/pprof/heap', every: 10 };
  assert.equal(said(first, '10:00')?.text, '$(sync~spin) capturing');
  const second = said({ ...first, taken: 2, latest: ['/w/profiles/heap-1.pb.gz', 'C:\\w\\goroutine-1.pb.gz'] }, '10:00');
  assert.ok(second !== undefined);
  assert.equal(second.text, '$(record) 2 captures, every 10 s');
  assert.equal(second.message, 'Every 10 s, the last at 10:00', 'one row of a side bar');
  assert.match(second.tooltip, /at 10:00: heap-1.pb.gz, goroutine-1.pb.gz$/);
  const failed = said({ ...first, taken: 2, error: 'connection refused' }, '10:00');
  assert.deepEqual([failed?.text, failed?.message], ['$(warning) capture failed', 'Capture failed; tried again every 10 s. The status bar says why.']);
  const [stopped, once] = [10, 0].map((every) => said({ ...first, taken: 1, running: false, every }, '10:00'));
  assert.deepEqual([stopped?.text, stopped?.message], ['$(circle-outline) stopped, captured 10:00', '']);
  assert.equal(once?.text, '$(circle-outline) captured 10:00');
});

test('no detail of a choice is cut off', () => {
  for (const { label, detail = '' } of [...KINDS, ...OFTEN, ...gcItems(0), ...gcItems(10)]) {
    assert.ok(detail.length <= 80, label);
  }
});

test('who captures more often than garbage is collected is told that captures without a collection between them count once', () => {
  const details = (every: number) => gcItems(every).map(({ detail = '' }) => detail).join(' ');
  assert.match(details(10), /captures with no collection between them count once/);
  assert.doesNotMatch(details(0) + details(120), /count once/);
});
