// The entries of the quick picks.
import { plain } from './plain.ts';
import type { SampleTypeChoice, SeriesChoice, SnapshotChoice, SuggestedMapping } from './protocol.ts';
import { said } from './views/rows.ts';
import { clock, dayOf, PROCESS_STARTS } from './views/series-rows.ts';

export interface Pick {
  label: string;
  description?: string;
  detail: string;
  value: string;
}

const WORDS: Record<'base' | 'head', [word: string, detail: string][]> = {
  base: [
    ['first', 'the first snapshot of the running process'],
    ['previous', 'the one before the head: growth from snapshot to snapshot'],
    ['yesterday', 'the same time one day earlier'],
    ['latest', 'the newest'],
  ],
  head: [
    ['latest', 'follows new snapshots'],
    ['previous', 'the one before the latest'],
  ],
};

// The words with the snapshot that each means now, then the snapshots, which begin with their times. The head cannot be its own base.
// Marks the word that was chosen in VS Code, or the default while nothing is chosen and it means the snapshot that the server uses;
// else that snapshot.
export function picks(snapshots: readonly SnapshotChoice[], end: 'base' | 'head', chosen: unknown): Pick[] {
  const offered = snapshots.filter((snapshot) => end === 'head' || !snapshot.head);
  const day = dayOf(snapshots[0]?.time);
  const [[normal] = ['']] = WORDS[end];
  const inForce = chosen ?? normal;
  const words = WORDS[end].flatMap(([word, detail]) => {
    const meant = snapshots.find((snapshot) => (end === 'base' ? snapshot.baseWords : snapshot.headWords).includes(word));
    if (meant === undefined) {
      return [];
    }
    const description = plain(said(clock(meant.time, day), meant.detail, meant.label));
    return [mark({ label: word, description, detail: plain(said(detail, meant.name)), value: word }, word === inForce && (chosen !== undefined || meant[end]))];
  });
  const byWord = words.some(({ value, label }) => label !== value);
  const files = offered.map((snapshot) => {
    const { label, time, detail, name, begins } = snapshot;
    const start = begins ? '$(debug-restart) ' : ''; // as in the view Snapshots
    const description = plain(said(detail, label, begins ? PROCESS_STARTS : ''));
    return mark({ label: `${start}${plain(clock(time, day))}`, description, detail: plain(name), value: name }, snapshot[end] && !byWord);
  });
  return [...words, ...files];
}

export function sampleTypePicks(types: readonly SampleTypeChoice[]): Pick[] {
  return types.map(({ name, unit, selected }) => mark({ label: plain(name), detail: plain(`in ${unit}`), value: name }, selected));
}

// Marks the series that is shown; that of the active file is the one that is shown if none is chosen.
export function seriesPicks(series: readonly SeriesChoice[], chosen: unknown): Pick[] {
  const follows = typeof chosen !== 'string' || chosen === '';
  const follow = { label: 'Follow the active file', detail: 'the series of its module or folder', value: '' };
  const choices = series.map(({ name, detail, shown }) => mark({ label: plain(name), detail: plain(detail), value: name }, shown));
  return series.length === 0 ? [] : [mark(follow, follows), ...choices];
}

export interface MappingPick {
  label: string;
  detail: string;
  from: string;
  to: string;
}

export function mappingPicks(mappings: readonly SuggestedMapping[]): MappingPick[] {
  return mappings.map(({ from, to, label }) => ({ label: plain(`${from} → ${to}`), detail: label, from, to }));
}

function mark(pick: Pick, inForce: boolean): Pick {
  return inForce ? { ...pick, label: `$(check) ${pick.label}` } : pick;
}
