// The rows of the views as values: what they show, and the data of their actions. view.ts turns them into tree items.
import { printable } from '../../pictures/printable.ts';
import type { Location } from '../protocol.ts';

export interface Place {
  uri: string;
  line: number; // 0-based
}

export interface Icon {
  id: string; // a codicon
  color?: string; // a theme colour
}

export interface Row {
  id: string; // stable, so that an expanded row stays expanded after an update
  label: string;
  description: string;
  tooltip: string; // Markdown
  icon?: Icon;
  kind: string; // for `when` clauses of menus
  folding: 'leaf' | 'closed' | 'open';
  place?: Place | null; // what a click opens; null if it is not in this workspace
  function?: string;
  finding?: string; // the id of a finding
}

export const MISSING = 'not in this workspace';

export function placeOf(location: Location | null): Place | null {
  return location === null ? null : { uri: location.uri, line: location.range.start.line };
}

// Returns the name of a line that is no longer in its file by its number then, which may be another line's now.
export function editedLine(file: string, line: number): string {
  return `was ${fileName(file)}:${line}`;
}

// Returns the name of a line where it is now, else as it was recorded: main.go:24.
export function lineName(place: Place | null, file: string, line: number): string {
  return place === null ? `${fileName(file)}:${line}` : `${decodeURIComponent(fileName(place.uri))}:${place.line + 1}`;
}

// Returns the words that `when` clauses look for in `viewItem`.
export function context(row: Row): string {
  const words = [row.kind];
  if (row.place !== undefined) {
    words.push(row.place === null ? 'missing' : 'placed');
  }
  return row.function ? [...words, 'function'].join(' ') : words.join(' ');
}

// Makes ids unique: VS Code shows no rows at all if two have the same id.
export function unique<R extends { id: string }>(rows: readonly R[]): R[] {
  const seen = new Map<string, number>();
  return rows.map((row) => {
    const times = (seen.get(row.id) ?? 0) + 1;
    seen.set(row.id, times);
    return times === 1 ? row : { ...row, id: `${row.id}#${times}` };
  });
}

export function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

// Text of a profile as Markdown that shows it as it is: as code, between more backticks than it has in a row,
export function code(text: string): string {
  const shown = printable(text);
  const runs = shown.match(/`+/g) ?? [];
  const fence = '`'.repeat(1 + runs.reduce((most, run) => Math.max(most, run.length), 0));
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : ''; // Markdown removes one space from each end
  return fence + space + shown + space + fence;
}

// or as plain text. No punctuation is left that could begin something, not even a link without brackets.
export function escape(text: string): string {
  return printable(text).replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

export function said(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
