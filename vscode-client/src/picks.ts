// The entries of the quick picks.
import type { SampleType, Snapshot } from './protocol.ts';

export interface Pick {
  label: string;
  detail: string;
  value: string;
}

const WORDS: Record<'base' | 'head', [word: string, detail: string][]> = {
  base: [
    ['first', 'the first snapshot of the running process'],
    ['previous', 'the one before the head: growth from snapshot to snapshot'],
  ],
  head: [
    ['latest', 'follows new snapshots'],
    ['previous', 'the one before the latest'],
  ],
};

export function picks(snapshots: readonly Snapshot[], end: 'base' | 'head', current: string): Pick[] {
  const words = WORDS[end].map(([word, detail]) => ({ label: word, detail, value: word }));
  const files = snapshots.map(({ label, detail, name }) => ({ label, detail, value: name }));
  return [...words, ...files].map((pick) => (pick.value === current ? marked(pick) : pick));
}

export function sampleTypePicks(types: readonly SampleType[]): Pick[] {
  return types.map(({ name, unit, selected }) => {
    const pick = { label: name, detail: `in ${unit}`, value: name };
    return selected ? marked(pick) : pick;
  });
}

function marked(pick: Pick): Pick {
  return { ...pick, label: `$(check) ${pick.label}` };
}
