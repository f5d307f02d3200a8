// The options of `alloclens lsp` for the log level that the user has chosen with "Developer: Set Log Level…".
const LEVELS: Record<number, string> = { 1: 'debug', 2: 'debug', 4: 'warning', 5: 'error' }; // vscode.LogLevel: 1 is trace

// No option for the default, so that older servers start, too.
export function logOptions(level: number): string[] {
  const name = LEVELS[level];
  return name === undefined ? [] : ['--log-level', name];
}
