import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseItems } from '../src/base-items.ts';

const NAMES = ['1.pb.gz', '2.pb.gz', 'labels.toml', 'heap.out', 'main.go'];

test('only files with names of profiles are offered, and “No Base” only if there is one, last', () => {
  const labels = (isCompared: boolean) => baseItems('', '/p', '2.pb.gz', NAMES, isCompared).map(({ label }) => label);
  assert.deepEqual(labels(false), ['1.pb.gz', 'heap.out', 'Another File…']);
  assert.deepEqual(labels(true), ['1.pb.gz', 'heap.out', 'Another File…', 'No Base']);
});

test('a path that is typed comes first', () => {
  assert.deepEqual(baseItems(' /q/$(x).pprof ', '/p', '2.pb.gz', NAMES, false)[0], { label: '\\$(x).pprof', description: '/q/\\$(x).pprof', value: '/q/$(x).pprof', alwaysShow: true });
  assert.equal(baseItems('heap', '/p', '2.pb.gz', NAMES, false)[0]?.value, '/p/1.pb.gz');
});
