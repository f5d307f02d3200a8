// What a bug report says before its author writes into it. It holds no source text and no values of profiles.
export interface Collected {
  extension: string;
  vscode: string;
  place: string; // where the extension runs: "desktop", "ssh-remote" …
  settings: Record<string, unknown>; // that only the extension reads, and that differ from their defaults
  server: string | undefined; // what the server says of itself; undefined if none runs
  home: string;
}

export function issueBody(from: Collected): string {
  const settings = Object.keys(from.settings).length > 0 ? JSON.stringify(from.settings) : 'defaults';
  const lines = [
    `extension: ${from.extension}`,
    `VS Code: ${from.vscode} (${from.place})`,
    `settings of the extension: ${withoutHome(settings, from.home)}`,
    from.server ?? 'The server is not running.',
  ];
  return [
    'What did you do, what did you expect, and what happened instead?',
    '',
    '',
    '',
    'Versions, settings and counts (check and edit them before you send this):',
    '',
    '````text',
    ...lines,
    '````',
    '',
  ].join('\n');
}

// A server of VS Code for browsers has its address as the name of the remote, which is nobody's business.
export function placeName(name: string): string {
  return /^[\w-]+$/.test(name) ? name : 'remote';
}

// Writes paths below the home directory with ~, also as JSON escapes those of Windows.
export function withoutHome(text: string, home: string): string {
  const base = home.replace(/[\\/]+$/, '');
  if (base === '') {
    return text;
  }
  const names = [base, base.replaceAll('\\', '/'), base.replaceAll('\\', '\\\\')];
  const escaped = [...new Set(names)].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return text.replace(new RegExp(`(?:${escaped.join('|')})(?![\\w.-])`, 'g'), '~');
}
