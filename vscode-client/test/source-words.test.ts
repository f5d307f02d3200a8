import assert from 'node:assert/strict';
import { test } from 'node:test';
import { properties } from '../alloclens.schema.json';
import type { ListedSource, Source, SourceProcess } from '../src/protocol.ts';
import { accessItems, bare, KINDS, nameOf, processItems, serviceItems, sourceRows, withSource, wrongName, wrongUrl, wrongVariable } from '../src/source-words.ts';

const prod: Source = { name: 'prod', type: 'pyroscope', url: 'https://pyroscope.example.com' };
const listed: ListedSource = { source: prod, asks: 'pyroscope at https://pyroscope.example.com', allowed: true, snapshots: 0, running: false, error: '', notes: [] };

test('every type of source is offered', () => {
  const types = properties.sources.items.properties.type.enum;
  assert.deepEqual(KINDS.map(({ value }) => value.type).sort(), [...types].sort());
});

test('an address has no secret', () => {
  assert.match(wrongUrl('https://me:pw@host') ?? '', /Without user and password/);
  assert.match(wrongUrl(' ') ?? '', /needed/);
  for (const url of ['https://host/a@b', 's3://bucket/path', 'localhost:4040']) {
    assert.equal(wrongUrl(url), undefined, url);
  }
});

test('a token is not taken for the name of a variable', () => {
  for (const name of ['PYROSCOPE_TOKEN', ' token1 ', '']) {
    assert.equal(wrongVariable(name), undefined, name);
  }
  for (const token of ['0a1b2c', 'eyJ.x.y', 'a-b', 'A'.repeat(61)]) {
    assert.match(wrongVariable(token) ?? '', /not the token/, token);
  }
});

test('a name comes from the address', () => {
  assert.deepEqual(['https://pyroscope.example.com/x', 's3://profiles/prod', 'http://127.0.0.1:4040', 'http://[::1]:4040', ''].map(nameOf), ['pyroscope', 'profiles', '127.0.0.1', 'profiles', 'profiles']);
  assert.equal(wrongName('prod-1'), undefined);
  for (const name of ['', 'a b', '.a', 'a'.repeat(61)]) {
    assert.notEqual(wrongName(name), undefined, name);
  }
});

test('a type is asked only for what it has', () => {
  const [pyroscope] = KINDS;
  assert.ok(pyroscope !== undefined);
  assert.deepEqual(accessItems(pyroscope.value, { ...prod, tokenEnv: 'TOKEN' }).map(({ value, description }) => [value, description ?? '']), [
    ['test', 'with what is below, or without credentials'],
    ['tokenEnv', 'TOKEN'],
    ['tokenFile', ''],
    ['user', ''],
    ['tenant', ''],
  ]);
});

test('a service becomes a selector', () => {
  const answer = { text: '', services: ['a"b', '$(x)'], label: 'job', error: '' };
  assert.deepEqual(serviceItems(answer).map(({ value }) => value), ['', 'job="a\\"b"', 'job="$(x)"', undefined]);
  assert.deepEqual(serviceItems({ ...answer, label: '' }).map(({ value }) => value), ['', undefined]);
  assert.equal(serviceItems(answer)[2]?.label, '$(server) \\$(x)');
});

test('the first sixteen processes are chosen', () => {
  const process: SourceProcess = { labels: [['pod', 'a']], service: 'api', version: '1.8.2', instance: 'a', detail: '4.0MB' };
  const items = processItems(Array.from({ length: 20 }, () => process));
  assert.deepEqual(items.map(({ picked }) => picked), [...Array<boolean>(16).fill(true), ...Array<boolean>(4).fill(false)]);
  assert.deepEqual([items[0]?.label, items[0]?.description, items[0]?.detail], ['a', 'api · 1.8.2', '4.0MB']);
  assert.equal(processItems([{ ...process, instance: '' }])[0]?.label, 'api');
});

test('what is written has nothing that is empty', () => {
  assert.deepEqual(bare({ ...prod, select: '', tenant: 't', interval: 15 }), { ...prod, tenant: 't' });
  assert.deepEqual(withSource([{ ...prod, tenant: 'old' }, { ...prod, name: 'b' }], prod).map(({ name, tenant }) => [name, tenant]), [['b', undefined], ['prod', undefined]]);
});

test('rows say what a source has, or why it has not', () => {
  const [good, running, failed] = sourceRows([listed, { ...listed, snapshots: 1, running: true }, { ...listed, allowed: false, error: 'a *b*' }]);
  assert.deepEqual([good?.description, good?.kind, good?.icon?.id], ['pyroscope · 0 snapshots', 'source', 'cloud']);
  assert.deepEqual([running?.description, running?.kind], ['pyroscope · fetching · 1 snapshot', 'source running']);
  assert.deepEqual([failed?.description, failed?.kind, failed?.icon?.id], ['a *b*', 'source failed', 'warning']);
  const noted = sourceRows([{ ...listed, notes: ['9 intervals are *left out*', 'b'] }])[0];
  assert.equal(noted?.description, 'pyroscope · 0 snapshots · 9 intervals are *left out*');
  assert.match(noted.tooltip, /9 intervals are \\\*left out\\\*\n\nb$/);
  assert.match(failed?.tooltip ?? '', /Not allowed yet.*a \\\*b\\\*$/s);
});
