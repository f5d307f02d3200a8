// The settings that a person has set. A mere default is left out: it must not win over alloclens.toml.
export const SETTINGS = [
  'profileDirs',
  'base',
  'head',
  'sampleType',
  'pathMappings',
  'ownCode',
  'revision',
  'binaries',
  'largestProfile',
  'memoryLimit',
  'leakSeverity',
  'growingSeverity',
  'fillingSeverity',
  'hints',
  'codeLens',
  'symbolPrefix',
];

// Where VS Code found a setting; of several places the narrowest holds.
export interface Found {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

export function given(inspect: (name: string) => Found | undefined): Record<string, unknown> {
  const values = SETTINGS.map((name): [string, unknown] => {
    const found = inspect(name);
    return [name, found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue];
  });
  return Object.fromEntries(values.filter(([, value]) => value !== undefined && value !== null));
}
