// The options of `alloclens lsp` for the level that a person has chosen for the log, with "Developer: Set Log Level…".
const LEVELS: Record<number, string> = { 1: 'debug', 2: 'debug', 4: 'warning', 5: 'error' }; // vscode.LogLevel: 1 is trace

// The default needs no option, so that servers of older versions start, too.
export function logOptions(level: number): string[] {
  const name = LEVELS[level];
  return name === undefined ? [] : ['--log-level', name];
}
