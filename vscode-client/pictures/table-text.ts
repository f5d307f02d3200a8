// A table as text, to be pasted elsewhere.
import type { ProfileTable } from '../src/protocol.ts';

// Numbers as they are, in the unit of the sample type; with a comma in between as RFC 4180 has it.
export function asText({ rows, unit }: Pick<ProfileTable, 'rows' | 'unit'>, growth: boolean, separator: string): string {
  const quoted = (value: string | number) => {
    const text = String(value);
    if (separator !== ',') {
      return text.replaceAll('\t', ' ');
    }
    const safe = /^[=+\-@\t\r]/.test(text) && typeof value === 'string' ? `'${text}` : text; // a spreadsheet would run it as a formula
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const titles = [`flat (${unit})`, `cum (${unit})`, `owned (${unit})`, ...(growth ? [`growth (${unit})`] : []), 'name', 'file', 'line'];
  const lines = rows.map((row) => [row.flat, row.cum, row.owned, ...(growth ? [row.growth?.value ?? ''] : []), row.name, row.file, row.line]);
  return [titles, ...lines].map((cells) => `${cells.map(quoted).join(separator)}\n`).join('');
}
