// How "Install Server" makes a Python environment with the server, from the wheel in this extension: by uv, else by Python itself.
import { pathToFileURL } from 'node:url';
import { pythonOf } from './server-command.ts';

export interface Step {
  says: string;
  command: string;
  args: string[];
}

export interface Tools {
  uv: string | undefined;
  python: string | undefined;
}

export const LEAST = '3.10';
// Without a package for this system, each is left out.
const EXTRAS = ['fast,binaries,mcp', 'binaries,mcp', 'binaries', ''];

// Returns the steps, of which the last is a choice: what is tried first, and what if that fails. undefined without uv and Python.
export function plan(tools: Tools, wheel: string, into: string, windows: boolean): { make: Step; install: Step[] } | undefined {
  const python = pythonOf(into, windows);
  const packages = EXTRAS.map((extras) => `alloclens${extras === '' ? '' : `[${extras}]`} @ ${pathToFileURL(wheel).href}`);
  const says = 'downloading its libraries';
  if (tools.uv !== undefined) {
    const { uv } = tools;
    const options = ['pip', 'install', '--python', python, '--only-binary', ':all:'];
    return {
      make: { says: 'making a Python environment', command: uv, args: ['venv', '--no-project', '--python', `>=${LEAST}`, into] },
      install: packages.map((one) => ({ says, command: uv, args: [...options, one] })),
    };
  }
  if (tools.python !== undefined) {
    const options = ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--only-binary', ':all:'];
    return {
      make: { says: 'making a Python environment', command: tools.python, args: ['-I', '-m', 'venv', into] },
      install: packages.map((one) => ({ says, command: python, args: [...options, one] })),
    };
  }
  return undefined;
}

// What pip and uv tell that is worth showing: "Downloading numpy-2.5.5….whl (16.2 MB)".
export function progress(line: string): string | undefined {
  const [, verb, name] = /^\s*(Collecting|Downloading|Installing|Resolved|Prepared|Installed)\s+(.+)/.exec(line) ?? [];
  return verb === undefined || name === undefined ? undefined : `${verb} ${name.slice(0, 60)}`;
}
