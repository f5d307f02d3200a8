import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTest, goTrial, nodeRun, pytestRun, resultOf, testsIn } from '../src/tests-found.ts';

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
  assert.equal(goTrial('BenchmarkAdd', 0)?.join(' '), 'test -run ^$ -bench ^BenchmarkAdd$ -benchmem -count=1 .');
  assert.deepEqual([goTrial('BenchmarkAdd', 9), goTrial('TestAdd', 0)], [undefined, undefined]);
  const first = goTest('BenchmarkAdd', '/s', 0).arguments.join(' ');
  assert.equal(first, 'test -run ^$ -bench ^BenchmarkAdd$ -benchmem -benchtime=1x -count=1 -memprofile /s/profile.out -memprofilerate=4096 -o /s/program.test .');
  assert.match(goTest('BenchmarkAdd', '/s', 500).arguments.join(' '), / -benchtime=500x /);
  assert.match(goTest('TestAdd', '/s', 500).arguments.join(' '), /^test -run \^TestAdd\$ -count=1 /);
  assert.deepEqual(nodeRun('/w/a.test.js', '/s').arguments, ['--heap-prof', '--heap-prof-dir=/s', '/w/a.test.js']);
  assert.equal(pytestRun('/p', '/w/test_a.py', 'test_x', '/s').arguments.join(' '), '-m memray run --force --output /s/profile.out -m pytest -q /w/test_a.py::test_x');
});

test('what go test says of a benchmark', () => {
  const output = 'goos: linux\nBenchmarkAdd-8   \t  123456\t      9876 ns/op\t     2048 B/op\t      12 allocs/op\nPASS\n';
  assert.deepEqual(resultOf(output), { times: 123456, words: '2048 B/op, 12 allocs/op' });
  assert.deepEqual(resultOf('PASS\n'), { times: 0, words: '' });
});
