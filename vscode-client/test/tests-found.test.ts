import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goRun, nodeRun, pytestRun, reasonOf, resultOf, runName, testsIn } from '../src/tests-found.ts';

test('tests and benchmarks of Go, Python and Node', () => {
  const go = 'package shop\n\nfunc BenchmarkAdd(b *testing.B) {\n}\n\nfunc TestAdd(t *testing.T) {}\nfunc Testify(t *testing.T) {}\nfunc TestMain(m *testing.M) {}\n';
  assert.deepEqual(testsIn(go, '/w/shop_test.go'), [{ name: 'BenchmarkAdd', line: 2 }, { name: 'TestAdd', line: 5 }]);
  assert.deepEqual(testsIn(go, '/w/shop.go'), []);
  const python = 'def test_add():\n    pass\n\nasync def test_more(x):\n    pass\n\nclass A:\n    def test_inner(self): pass\n';
  assert.deepEqual(testsIn(python, 'C:\\w\\test_shop.py'), [{ name: 'test_add', line: 0 }, { name: 'test_more', line: 3 }]);
  assert.deepEqual(testsIn('test()', '/w/shop.test.mjs'), [{ name: '', line: 0 }]);
  assert.deepEqual(testsIn('test()', '/w/shop.mjs'), []);
});

test('a benchmark runs as often as before, and leaves no file in its package', () => {
  const words = (step?: { arguments: string[] }) => step?.arguments.join(' ');
  const first = goRun('/go', 'BenchmarkAdd', '/s/run-1', 0);
  assert.match(words(first.build) ?? '', /^test -c -o \/s\/run-1\.test(\.exe)? \.$/);
  assert.equal(first.trial?.program, first.build?.arguments[3]);
  assert.equal(words(first.trial), '-test.run ^$ -test.bench ^BenchmarkAdd$ -test.benchmem');
  const profile = '-test.memprofile /s/run-1.out -test.memprofilerate=4096';
  assert.equal(words(first.test(500)), `-test.run ^$ -test.bench ^BenchmarkAdd$ -test.benchmem -test.benchtime=500x ${profile}`);
  assert.match(words(first.test(0)) ?? '', / -test\.benchtime=1x /);
  assert.deepEqual([goRun('/go', 'BenchmarkAdd', '/s/run-2', 9).trial, goRun('/go', 'TestAdd', '/s/run-2', 0).trial], [undefined, undefined]);
  assert.equal(words(goRun('/go', 'TestAdd', '/s/run-1', 500).test(500)), `-test.run ^TestAdd$ ${profile}`);
  const node = nodeRun('/node', '/w/a.test.js', '/s/run-1');
  assert.deepEqual(node.test(0).arguments, ['--heap-prof', '--heap-prof-dir=/s', '--heap-prof-name=run-1.heapprofile', '/w/a.test.js']);
  assert.equal(node.profile, '/s/run-1.heapprofile');
  const python = pytestRun('/p', '/w/test_a.py', 'test_x', '/s/run-1');
  assert.equal(words(python.test(0)), '-B -m memray run --force --output /s/run-1.out -m pytest -q -p no:cacheprovider /w/test_a.py::test_x');
});

test('what go test says of a benchmark', () => {
  const output = 'goos: linux\nBenchmarkAdd-8   \t  123456\t      9876 ns/op\t     2048 B/op\t      12 allocs/op\nPASS\n';
  assert.deepEqual(resultOf(output), { times: 123456, words: '2048 B/op, 12 allocs/op' });
  assert.deepEqual(resultOf('PASS\n'), { times: 0, words: '' });
});

test('the files of a run are named after the test and the time', () => {
  const now = new Date(2026, 1, 3, 4, 5, 6);
  assert.equal(runName('BenchmarkAdd', '/w/shop_test.go', now), 'BenchmarkAdd-040506');
  assert.equal(runName('', '/w/shop.test.mjs', now), 'shop_test_mjs-040506');
  assert.equal(runName(`Test${'x'.repeat(300)}`, '', now).length, 67);
});

test('the reason of a failure is the line that says it', () => {
  const cases: [output: string, reason: string][] = [
    ['# example.com/shop/store [example.com/shop/store.test]\n./store_test.go:12:5: undefined: x\n', './store_test.go:12:5: undefined: x'],
    ['\n--- FAIL: TestTotal (0.00s)\n    store_test.go:20: got 3, want 4\nFAIL\n', 'store_test.go:20: got 3, want 4'],
    ['--- FAIL: TestTotal (0.00s)\npanic: boom [recovered]\n\tpanic: boom\n', 'panic: boom [recovered]'],
    ['F   [100%]\n=== FAILURES ===\n>       assert 1 == 2\nE       assert 1 == 2\n', 'assert 1 == 2'],
    ['(node:1) Warning\nError: no such file\n    at Object.<anonymous> (/w/a.js:1:7)\n', 'Error: no such file'],
    ['FAIL\n', ''],
  ];
  for (const [output, reason] of cases) {
    assert.equal(reasonOf(output), reason);
  }
});
