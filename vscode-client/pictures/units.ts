// Values in words, as server/alloclens/wording/units.py has them: for sums and axes that only the picture knows.

type Step = [size: number, name: string];

const BYTES = steps(1024, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
const COUNT = steps(1000, ['', 'k', 'M', 'G', 'T']);
const TIME: Step[] = [[1, 'ns'], [1e3, 'µs'], [1e6, 'ms'], [1e9, 's'], [60e9, 'min'], [3600e9, 'h']];
const SCALES: Record<string, Step[]> = { bytes: BYTES, byte: BYTES, nanoseconds: TIME };

export function amount(value: number, unit: string): string {
  const scale = SCALES[unit] ?? COUNT;
  const size = Math.abs(value);
  const power = Math.max(0, scale.findLastIndex(([least]) => size >= least));
  const [least, name] = scale[power] ?? [1, ''];
  const number = size / least;
  return `${value < 0 ? '-' : ''}${number.toFixed(power === 0 || number >= 99.95 ? 0 : 1)}${name}`;
}

export function share(value: number, total: number): string {
  const percent = total === 0 ? 0 : (100 * value) / total;
  return `${percent.toFixed(Math.abs(percent) >= 10 || total === 0 ? 0 : 1)}%`;
}

function steps(step: number, names: readonly string[]): Step[] {
  return names.map((name, i) => [step ** i, name]);
}
