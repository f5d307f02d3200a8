// The initial text of a bug report. It contains no source text and no values of profiles.
export interface Collected {
  extension: string;
  vscode: string;
  place: string; // where the extension runs: "desktop", "ssh-remote" …
  settings: Record<string, unknown>; // of the extension only, if they differ from their defaults
  server: string | undefined; // the server's report; undefined if none runs
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

// In a browser, the name of the remote is the server's address, which is private.
export function placeName(name: string): string {
  return /^[\w-]+$/.test(name) ? name : 'remote';
}

// Abbreviates the home directory to ~, also in Windows paths as JSON escapes them.
export function withoutHome(text: string, home: string): string {
  const base = home.replace(/[\\/]+$/, '');
  if (base === '') {
    return text;
  }
  const names = [base, base.replaceAll('\\', '/'), base.replaceAll('\\', '\\\\')];
  const escaped = [...new Set(names)].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return text.replace(new RegExp(`(?:${escaped.join('|')})(?![\\w.-])`, 'g'), '~');
}
