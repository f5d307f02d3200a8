// What the user can choose and read while profiles are captured.
import { plain } from './plain.ts';
import type { CaptureKind, CaptureOptions, CaptureState, CaptureTarget } from './protocol.ts';

export interface Item<Value> {
  label: string;
  description?: string;
  detail?: string;
  value: Value;
  alwaysShow?: boolean;
}

// What was captured last, to be offered first.
export interface Remembered extends CaptureOptions {
  url: string; // without credentials
}

export type From = { url: string } | 'pods';

export const IDLE: CaptureState = { running: false, source: '', every: 0, taken: 0, latest: [], error: '' };

export function fromItems(typed: string, remembered: string, targets: readonly CaptureTarget[], kubectl: boolean): Item<From>[] {
  const url = typed.trim();
  const isTarget = targets.some((target) => target.url === remembered);
  return [
    ...(url === '' ? [] : [{ ...ofUrl('link', url, 'the URL that you typed'), alwaysShow: true }]),
    ...(remembered === '' || isTarget ? [] : [ofUrl('history', remembered, 'captured last')]),
    ...targets.map((target) => ofTarget(target, target.url === remembered)),
    ...(kubectl ? [{ label: '$(cloud) Pods of Kubernetes…', description: 'listed by kubectl, reached through kubectl port-forward', value: 'pods' as const }] : []),
  ];
}

function ofUrl(icon: string, url: string, description: string): Item<{ url: string }> {
  const label = short(url);
  return { label: `$(${icon}) ${plain(label)}`, description, ...(url.endsWith(label) && /^(http:\/\/)?$/.test(url.slice(0, -label.length)) ? {} : { detail: plain(url) }), value: { url } };
}

// What tells a URL from others: a narrow window shows only the beginning.
function short(url: string): string {
  return url.replace(/^\w+:\/\//, '').replace(/(?:\/debug\/pprof(?:\/heap)?)?\/*$/, '');
}

// The title of the choice of a program. Only one is captured from at a time.
export function fromTitle(runs: boolean): string {
  return runs ? 'Capture from Which Program (Ends the Running Capture)' : 'Capture from Which Program';
}

export function ofTarget({ url, name, detail }: CaptureTarget, last = false): Item<{ url: string }> {
  return { label: `$(pulse) ${plain(name)}`, description: plain(last ? `${detail}, captured last` : detail), value: { url } };
}

// Whether a URL names one profile itself, so that there is nothing to choose.
export function namesOne(url: string): boolean {
  const path = /^(?:pod:\/\/[^/]*\/|\w+:\/\/)?[^/?#]*([^?#]*)/.exec(url.trim())?.[1] ?? '';
  return !/^(?:.*\/debug\/pprof(?:\/heap)?)?\/*$/.test(path);
}

// Details are short: a quick pick in a narrow window cuts off what is longer than 80 characters.
export const KINDS: Item<CaptureKind>[] = [
  { label: 'Heap', detail: 'What holds memory; leaked goroutines with GOEXPERIMENT=goroutineleakprofile.', value: 'heap' },
  { label: 'Heap and Goroutines', detail: 'Both at each capture, side by side, to find leaked goroutines as well.', value: 'all' },
  { label: 'Goroutines', detail: 'What waits where.', value: 'goroutine' },
  { label: 'Leaked Goroutines', detail: 'What nothing can wake: Go 1.26 with GOEXPERIMENT=goroutineleakprofile, or later.', value: 'goroutineleak' },
];

const GC_SECONDS = 120;

export type Often = 'once' | 'interval' | 'difference' | number; // a number is an interval in seconds

export const OFTEN: Item<Often>[] = [
  { label: 'Once', value: 'once' },
  { label: 'Every 10 Seconds', detail: 'A leak is proven by 20 captures or more.', value: 10 },
  { label: 'Every Minute', value: 60 },
  { label: 'Every N Seconds…', value: 'interval' },
  { label: 'The Difference over N Seconds…', detail: 'What is allocated and freed from now on (?seconds=N), captured once.', value: 'difference' },
];

// `every` is the interval in seconds, 0 for a single capture. Go collects garbage every two minutes at least.
export function gcItems(every: number): Item<boolean>[] {
  const ofLast = every > 0 && every < GC_SECONDS ? 'Costs nothing, but captures with no collection between them count once.' : 'What was in use at that time, up to two minutes ago. Costs nothing.';
  return [
    { label: 'As of the Last Collection', detail: ofLast, value: false },
    { label: 'Collect Garbage First', detail: 'What is in use now (?gc=1). Each capture costs one full collection.', value: true },
  ];
}

// A mistake in a number of seconds, in words.
export function wrongSeconds(text: string, most: number): string | undefined {
  const number = Number(text);
  return Number.isInteger(number) && number >= 1 && number <= most ? undefined : `A whole number of seconds from 1 to ${most}.`;
}

// A URL without what may be a secret: user, password and query.
export function withoutSecrets(url: string): string {
  return url.trim().replace(/[?#].*$/s, '').replace(/^(\w+:\/\/)?[^/]*@/, '$1');
}

export interface Said {
  text: string; // for the status bar
  tooltip: string;
  message: string; // for the view Snapshots
}

// `time` is that of the last capture. Undefined if nothing was captured in this session.
export function said(state: CaptureState, time: string): Said | undefined {
  if (state.source === '') {
    return undefined;
  }
  const source = plain(state.source);
  const taken = state.taken === 1 ? '1 capture' : `${state.taken} captures`;
  if (state.error !== '') {
    const again = state.running && state.every > 0 ? `; tried again every ${state.every} s` : '';
    return { text: '$(warning) capture failed', tooltip: `${state.error}${again}`, message: `Capture failed${again}. The status bar says why.` }; // an address is wider than a side bar
  }
  if (state.running && state.taken === 0) {
    return { text: '$(sync~spin) capturing', tooltip: `Capturing from ${source}`, message: `Capturing from ${state.source}…` };
  }
  const latest = state.latest.map((path) => path.replace(/^.*[\\/]/, '')).join(', ');
  if (state.running) {
    const every = `${taken} from ${state.source}, one every ${state.every} s`;
    return { text: `$(record) ${taken}, every ${state.every} s`, tooltip: `${every}. The last at ${time}: ${latest}`, message: `Every ${state.every} s, the last at ${time}` }; // one row of a side bar; the tooltip has all
  }
  const stopped = state.every > 0 ? ['stopped, captured', ', stopped'] : ['captured', ''];
  return { text: `$(circle-outline) ${stopped[0] ?? ''} ${time}`, tooltip: `${taken} from ${source}${stopped[1] ?? ''}. The last at ${time}: ${latest}`, message: '' };
}
