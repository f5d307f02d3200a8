import { properties } from '../alloclens.schema.json';

// The values of a setting in VS Code; the narrowest scope wins.
export interface Found {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

// The server's settings that the user has set. Defaults are left out: they must not override alloclens.toml.
export function given(inspect: (name: string) => Found | undefined): Record<string, unknown> {
  const values = Object.keys(properties).map((name): [string, unknown] => {
    const inspected = inspect(name);
    return [name, inspected?.workspaceFolderValue ?? inspected?.workspaceValue ?? inspected?.globalValue];
  });
  return Object.fromEntries(values.filter(([, value]) => value !== undefined && value !== null));
}
