// Tests and benchmarks in a text, and how to run one so that it writes a profile of its allocations.

export interface Found {
  name: string;
  line: number; // 0-based
}

export interface Run {
  program: string;
  arguments: string[];
  sampleType: string; // what to show of it; '' for what leads
}

export const PROFILE = 'profile.out'; // what a run writes into its folder; Node gives it a name of its own
const GO = /^func ((?:Benchmark|Test)[\p{Lu}\p{N}_]\w*)\(\w+ \*testing\.[BT]\)/u;
const PYTHON = /^(?:async )?def (test_\w+)\(/;

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

// A benchmark is run without a profile first, to learn how often it is to run: go test tries ever more operations, which would all be
// in the profile. Undefined if that is known, or if it is no benchmark.
export function goTrial(name: string, times: number): string[] | undefined {
  return name.startsWith('Benchmark') && times === 0 ? ['test', '-run', '^$', '-bench', `^${name}$`, '-benchmem', '-count=1', '.'] : undefined;
}

// With as many operations as before (`times`), two runs allocate the same unless the code has changed.
export function goTest(name: string, folder: string, times: number): Run {
  const isBenchmark = name.startsWith('Benchmark');
  const only = `^${name}$`;
  const select = isBenchmark ? ['-run', '^$', '-bench', only, '-benchmem', `-benchtime=${Math.max(times, 1)}x`] : ['-run', only];
  const profile = ['-memprofile', `${folder}/${PROFILE}`, '-memprofilerate=4096', '-o', `${folder}/program.test`];
  return { program: 'go', arguments: ['test', ...select, '-count=1', ...profile, '.'], sampleType: 'alloc_space' };
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

// Node writes what is in use when the program ends, under a name of its own.
export function nodeRun(script: string, folder: string): Run {
  return { program: 'node', arguments: ['--heap-prof', `--heap-prof-dir=${folder}`, script], sampleType: '' };
}

// pytest in memray.
export function pytestRun(python: string, file: string, name: string, folder: string): Run {
  const memray = ['-m', 'memray', 'run', '--force', '--output', `${folder}/${PROFILE}`];
  return { program: python, arguments: [...memray, '-m', 'pytest', '-q', `${file}::${name}`], sampleType: '' };
}
