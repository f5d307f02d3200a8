// The rows of the view Snapshots: series, their snapshots, and the files that could not be read.
import type { AllSeries, ListedSeries, Source, SeriesSnapshot, UnreadableFile } from '../protocol.ts';
import type { Icon, Row } from './rows.ts';
import { code, escape, said, unique } from './rows.ts';

export const PROCESS_STARTS = 'process starts';
const LONG_NAME = 20; // characters, as of those that captures have

export interface SeriesRow extends Row {
  series?: string; // the name of the series
  rows?: SeriesRow[];
  snapshot?: SeriesSnapshot;
  path?: string; // of the file
  source?: Source; // a profile server or bucket
  newest?: boolean;
  holds?: string; // what its files are: “of inuse_space”
}

export function seriesRows({ series, problems }: AllSeries): SeriesRow[] {
  const name = series.find(({ shown }) => shown)?.name;
  return unique([...(problems.length === 0 ? [] : [notReadable(problems, series.length === 0)]), ...series.map((listed) => ofSeries(listed, listed.name !== name))]);
}

function ofSeries(series: ListedSeries, other: boolean): SeriesRow {
  const { name, directory, program, sampleTypes, sampleType, shown, snapshots, more } = series;
  const names = [directory, program].filter((name) => name !== '').map(code);
  const unlisted = more === 0 ? [] : [`${many(more, 'older snapshot')} not listed`];
  return {
    id: ['series', directory, program, ...sampleTypes].join('\n'),
    label: name,
    description: said(shown ? 'shown' : '', program, sampleType, many(snapshots.length + more, 'snapshot')),
    tooltip: [...names, escape(sampleTypes.join(', ')), ...unlisted].join('\n\n'),
    icon: { id: 'folder' },
    kind: other ? 'series other' : shown ? 'series shown' : 'series',
    series: name,
    holds: `of ${sampleType}`,
    folding: shown ? 'open' : 'closed',
    rows: unique(snapshots.map((snapshot, i) => ofSnapshot(snapshot, shown, i === 0, dayOf(snapshots[0]?.time)))),
  };
}

// The date of a time, with the space after it.
export function dayOf(time = ''): string {
  return /^[\d-]+ /.exec(time)?.[0] ?? '';
}

// A time without the day of the newest snapshot, which goes without saying.
export function clock(time: string, day: string): string {
  return time.startsWith(day) ? time.slice(day.length) : time;
}

// `day`: of the newest. A side bar is narrow.
function ofSnapshot(snapshot: SeriesSnapshot, shown: boolean, newest: boolean, day: string): SeriesRow {
  const { name, path, label, time, detail, size } = snapshot;
  const at = clock(time, day);
  const short = label !== '' ? label : name.length > LONG_NAME ? at : name;
  const others = [name, at].filter((text) => text !== short);
  return {
    id: `snapshot\n${path}`,
    label: short,
    description: said(detail, ...roles(snapshot), ...others, size),
    tooltip: [code(path), ...roles(snapshot), escape(said(time, detail, size))].join('\n\n'),
    icon: icon(snapshot),
    kind: shown ? 'snapshot shown' : 'snapshot',
    folding: 'leaf',
    snapshot,
    path,
    newest,
  };
}

function roles({ base, head, begins }: SeriesSnapshot): string[] {
  return [...(base ? ['base'] : []), ...(head ? ['head'] : []), ...(begins ? [PROCESS_STARTS] : [])];
}

function icon({ base, head, begins }: SeriesSnapshot): Icon {
  if (head) {
    return { id: 'target', color: 'charts.blue' };
  }
  return base ? { id: 'pinned', color: 'charts.blue' } : { id: begins ? 'debug-restart' : 'circle-small-filled' };
}

function notReadable(problems: readonly UnreadableFile[], alone: boolean): SeriesRow {
  return {
    id: 'problems',
    label: 'Not readable',
    description: many(problems.length, 'file'),
    tooltip: 'These files are in the profile directories, but no profile could be read from them.',
    icon: { id: 'warning', color: 'list.warningForeground' },
    kind: 'problems',
    holds: 'that could not be read',
    folding: alone ? 'open' : 'closed', // above the snapshots, which keep their place
    rows: unique(problems.map(ofProblem)),
  };
}

function ofProblem({ name, path, reason }: UnreadableFile): SeriesRow {
  return {
    id: `problem\n${path}`,
    label: name,
    description: reason,
    tooltip: `${code(path)}\n\n${code(reason)}`,
    icon: { id: 'error', color: 'list.errorForeground' },
    kind: 'problem',
    folding: 'leaf',
    path,
  };
}

function many(n: number, what: string): string {
  return n === 1 ? `1 ${what}` : `${n} ${what}s`;
}

// Returns all snapshots, for a quick pick.
export function snapshotRows(all: AllSeries): SeriesRow[] {
  return seriesRows(all).flatMap((row) => (row.rows ?? []).filter(({ snapshot }) => snapshot !== undefined));
}

// What is to be deleted: the files of the rows that are meant, and with them those of all kinds of a series of which one kind is meant whole.
export interface Deletion {
  meant: SeriesRow[];
  all: SeriesRow[];
  counts: { meant: string[]; all: string[] }; // by what the files are
  series: string[]; // whose files they are
}

// A row of several files stands for all of them.
export function deletion(rows: readonly SeriesRow[], listed: readonly SeriesRow[]): Deletion {
  const named = new Set(rows.flatMap((row) => [row, ...(row.rows ?? [])]).map(({ path }) => path));
  const isMeant = (row: SeriesRow) => named.has(row.path);
  const whole = new Set(listed.filter(({ rows: files = [] }) => files.length > 0 && files.every(isMeant)).flatMap(({ series }) => series ?? []));
  const meant = listed.map(({ rows: files = [] }) => files.filter(isMeant));
  const all = listed.map(({ series, rows: files = [] }, i) => (series !== undefined && whole.has(series) ? files : (meant[i] ?? [])));
  const counted = (kinds: SeriesRow[][]) => kinds.flatMap((files, i) => (files.length === 0 ? [] : [`${many(files.length, 'file')} ${listed[i]?.holds ?? ''}`]));
  const series = [...new Set(all.flatMap((files, i) => (files.length === 0 ? [] : (listed[i]?.series ?? []))))];
  return { meant: meant.flat(), all: all.flat(), counts: { meant: counted(meant), all: counted(all) }, series };
}

export interface Question {
  title: string;
  about: string; // what is lost
  answers: { label: string; detail: string; deleted: SeriesRow[] }[];
}

// Asks whether to delete; which files are deleted stands in each answer.
export function question({ meant, all, counts, series }: Deletion, hasTrash: boolean): Question {
  const labels = all.flatMap(({ snapshot }) => (snapshot?.label ? [`“${snapshot.label}”`] : []));
  const labelled = labels.length === 0 ? '' : ` (${labels.join(', ')})`;
  const about = hasTrash ? 'Moved to the trash if there is one; otherwise you are asked again.' : 'A remote machine has no trash.';
  const forGood = hasTrash ? '' : ' for good';
  const ofEach = counts.all.length > 1 ? joined(counts.all) : '';
  if (all.length === meant.length) {
    const title = `Delete ${filesOf(paths(meant), series)}${labelled}${forGood}?`;
    return { title, about, answers: [{ label: hasTrash ? 'Delete' : 'Delete for Good', detail: ofEach, deleted: all }] };
  }
  const only = meant.length === 1 ? filesOf(paths(meant), []) : `the ${joined(counts.meant)}`;
  const answers = [
    { label: `Delete Only ${only}`, detail: '', deleted: meant },
    { label: `Delete All ${all.length} Files`, detail: `${ofEach}, from the same captures`, deleted: all },
  ];
  return { title: `Delete files of the series ${series.join(' and ')}${labelled}${forGood}?`, about, answers };
}

// Names the files to be deleted: one by its name, several by their series.
export function filesOf(paths: readonly string[], series: readonly string[]): string {
  const [first = ''] = paths;
  const of = series.length === 0 ? '' : ` of ${series.join(' and ')}`;
  return paths.length === 1 ? first.replace(/^.*[\\/]/, '') : `${paths.length} files${of}`;
}

function paths(rows: readonly SeriesRow[]): string[] {
  return rows.flatMap(({ path }) => path ?? []);
}

function joined(counts: readonly string[]): string {
  return [counts.slice(0, -1).join(', '), ...counts.slice(-1)].filter((text) => text !== '').join(' and ');
}

// Returns the value of the setting base or head for a row. The newest as head becomes `latest`, to follow new snapshots.
export function settingOf({ snapshot, newest }: SeriesRow, end: 'base' | 'head'): string | undefined {
  return newest === true && end === 'head' ? 'latest' : snapshot?.name;
}
