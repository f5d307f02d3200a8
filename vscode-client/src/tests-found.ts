// Tests and benchmarks in a text, and how to run one so that it writes a profile of its allocations.
import * as path from 'node:path';

export interface Found {
  name: string;
  line: number; // 0-based
}

export interface Step {
  program: string;
  arguments: string[];
}

// How to run a test. The files of two runs have different names for as long as they are compared: a profile names its program, and what
// is known of its source is known by its own name.
export interface Run {
  build?: Step; // what makes the program
  trial?: Step; // what tells how many operations a benchmark does
  test: (times: number) => Step;
  profile: string; // the file that it writes
  sampleType: string; // what to show of it; '' for what leads
}

const GO = /^func ((?:Benchmark|Test)[\p{Lu}\p{N}_]\w*)\(\w+ \*testing\.[BT]\)/u;
const PYTHON = /^(?:async )?def (test_\w+)\(/;

const MOST_NAME = 60; // characters of a test in the name of a file
const HEADING = /^(?:#|===|---|FAIL\b|PASS\b|ok\b|exit status|goos:|goarch:|pkg:|cpu:)/; // of Go and pytest: not what went wrong
const REASON = /^(?:panic:|fatal error:|E\s|[^\s:]*\w+\.\w+:\d+(?::\d+)?:|\w*Error\b)/;

const NODE = /\.(?:test|spec)\.[cm]?js$/;

export type Language = 'go' | 'python' | 'node';

export function languageOf(file: string): Language | undefined {
  if (file.endsWith("_test.go")) {
    return 'go';
  }
  return /(?:^|[\\/])(?:test_[^\\/]*|[^\\/]*_test)\.py$/.test(file) ? 'python' : NODE.test(file) ? 'node' : undefined;
}

// The tests and benchmarks that can be run alone; of Node the whole file.
export function testsIn(text: string, file: string): Found[] {
  const language = languageOf(file);
  if (language === undefined || language === 'node') {
    return language === undefined ? [] : [{ name: '', line: 0 }];
  }
  const pattern = language === 'go' ? GO : PYTHON;
  return text.split(/\r\n|[\r\n]/).flatMap((content, line) => {
    const name = pattern.exec(content)?.[1];
    return name === undefined ? [] : [{ name, line }];
  });
}

// A test of Go. `base` begins the names of the files that are made; `times` is how many operations the run before did, 0 if there was none.
//
// A benchmark is run without a profile first, to learn how often it is to run: it tries ever more operations, which would all be in the
// profile. With as many operations as before, two runs allocate the same unless the code has changed.
export function goRun(go: string, name: string, base: string, times: number): Run {
  const [program, profile] = [`${base}.test${process.platform === 'win32' ? '.exe' : ''}`, `${base}.out`];
  const isBenchmark = name.startsWith('Benchmark');
  const only = `^${name}$`;
  const select = isBenchmark ? ['-test.run', '^$', '-test.bench', only, '-test.benchmem'] : ['-test.run', only];
  return {
    build: { program: go, arguments: ['test', '-c', '-o', program, '.'] },
    ...(isBenchmark && times === 0 && { trial: { program, arguments: select } }),
    test: (operations) => {
      const often = isBenchmark ? [`-test.benchtime=${Math.max(operations, 1)}x`] : [];
      return { program, arguments: [...select, ...often, '-test.memprofile', profile, '-test.memprofilerate=4096'] };
    },
    profile,
    sampleType: 'alloc_space',
  };
}

export interface Result {
  times: number; // operations; 0 if it is no benchmark
  words: string; // 1024 B/op, 12 allocs/op
}

// What `go test -benchmem` says of a benchmark.
export function resultOf(output: string): Result {
  const found = /^Benchmark\S+\s+(\d+)\s.*?(\d+) B\/op\s+(\d+) allocs\/op/m.exec(output);
  return found === null ? { times: 0, words: '' } : { times: Number(found[1]), words: `${found[2] ?? ''} B/op, ${found[3] ?? ''} allocs/op` };
}

// Node writes what is in use when the program ends.
export function nodeRun(node: string, script: string, base: string): Run {
  const profile = `${base}.heapprofile`;
  const options = ['--heap-prof', `--heap-prof-dir=${path.dirname(profile)}`, `--heap-prof-name=${path.basename(profile)}`];
  return { test: () => ({ program: node, arguments: [...options, script] }), profile, sampleType: '' };
}

// pytest in memray. Neither Python nor pytest keeps anything in the workspace.
export function pytestRun(python: string, file: string, name: string, base: string): Run {
  const profile = `${base}.out`;
  const memray = ['-B', '-m', 'memray', 'run', '--force', '--output', profile];
  return { test: () => ({ program: python, arguments: [...memray, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', `${file}::${name}`] }), profile, sampleType: '' };
}

// What names the files of a run: the test, and the time at which it was run.
export function runName(test: string, file: string, now: Date): string {
  const name = (test === '' ? path.basename(file) : test).replace(/[^\p{L}\p{N}_]/gu, '_').slice(0, MOST_NAME);
  return `${name}-${now.toTimeString().slice(0, 8).replaceAll(':', '')}`;
}

// Why a program failed, in one line of what it printed; '' if it printed nothing.
export function reasonOf(output: string): string {
  const lines = output.split(/[\r\n]+/).map((line) => line.trim()).filter((line) => line !== '' && !HEADING.test(line));
  return (lines.find((line) => REASON.test(line)) ?? lines[0] ?? '').replace(/^E\s+/, '');
}
