// The rows of the view Hot Lines, and the description of its options.
import { shortName } from '../../pictures/packages.ts';
import type { HotLine, HotLinesQuery } from '../protocol.ts';
import type { Icon, Row } from './rows.ts';
import { code, editedLine, escape, lineName, MISSING, placeOf, said, unique } from './rows.ts';

// What the user chooses.
export type HotOptions = Required<Omit<HotLinesQuery, 'most'>>;

export const USUAL: HotOptions = { own: true, sort: 'owned', filter: '' };

type Sort = HotOptions['sort'];

const SORTS: [sort: Sort, title: string, detail: string][] = [
  ['owned', 'Owned', 'allocations of the line, and of libraries that it calls'],
  ['flat', 'Flat', 'allocations of the line itself'],
  ['cum', 'Cum', 'allocations of the line and of everything it calls'],
  ['growth', 'Growth', 'since the base'],
];

export interface SortPick {
  label: string;
  detail: string;
  value: Sort;
}

export function sortPicks(chosen: Sort): SortPick[] {
  return SORTS.map(([value, title, detail]) => ({ label: value === chosen ? `$(check) ${title}` : title, detail, value }));
}

export function described({ own, sort, filter }: HotOptions): string {
  return said(`by ${sort}`, filter === '' ? '' : `“${filter}”`, own ? '' : 'all code');
}

// Restores the choices of an earlier session, as far as they are valid.
export function remembered(stored: unknown): HotOptions {
  const { own, sort, filter } = { ...USUAL, ...(stored as Partial<Record<keyof HotOptions, unknown>> | undefined) };
  const [known] = SORTS.find(([value]) => value === sort) ?? [USUAL.sort];
  return { own: own !== false, sort: known, filter: typeof filter === 'string' ? filter : '' };
}

export function hotRows(sites: readonly HotLine[]): Row[] {
  return unique(sites.map(row));
}

function row(site: HotLine): Row {
  const place = placeOf(site.location);
  return {
    id: [site.function, site.file, site.line].join('\n'),
    label: site.edited ? editedLine(site.file, site.line) : lineName(place, site.file, site.line), // with the number it has room in a narrow side bar
    description: said(site.sortedLabel, shortName(site.function), site.edited ? 'edited' : place === null ? MISSING : ''),
    tooltip: tooltip(site),
    icon: icon(site),
    kind: 'hot',
    folding: 'leaf',
    place,
    function: site.function,
  };
}

function icon(site: HotLine): Icon {
  return site.grew ? { id: 'arrow-up', color: 'list.warningForeground' } : { id: site.own ? 'symbol-method' : 'library' };
}

function tooltip(site: HotLine): string {
  const names = [site.function, `${site.file}:${site.line}`].filter((name) => name !== '');
  const grown = site.growth === null ? [] : [`Since the base: ${site.growth.label}`];
  return [...names.map(code), ...[site.label, ...grown].map(escape)].join('\n\n');
}

const NAMED = 3; // lines that are left out

// Says which lines of the user's own code have no place in the text as it is now, and why, heaviest first; '' if all have one.
export function leftOut(sites: readonly HotLine[]): string {
  const out = sites.filter(({ own, location }) => own && location === null);
  const edited = out.filter((site) => site.edited);
  const missing = out.filter((site) => !site.edited);
  return [
    left('edited after the snapshot', edited.map((site) => amountOn(editedLine(site.file, site.line), site))),
    left(MISSING, missing.map((site) => amountOn(lineName(null, site.file, site.line), site))),
  ].filter((sentence) => sentence !== '').join(' ');
}

function amountOn(name: string, { label }: HotLine): string {
  return `${name} (${label})`;
}

function left(why: string, named: readonly string[]): string {
  const rest = named.length > NAMED ? ` and ${named.length - NAMED} more` : '';
  return named.length === 0 ? '' : `Not listed, since ${why}: ${named.slice(0, NAMED).join(', ')}${rest}.`;
}
