// Which program is the server: the setting, else a Python of the workspace that has alloclens, else PATH.
import * as path from 'node:path';

export interface Command {
  command: string;
  args: string[];
  options?: { cwd: string };
}

export interface Surroundings {
  setting: string;
  home: string;
  folders: readonly string[];
  windows: boolean;
  // A directory without Python modules: Python imports from the one it is started in before all others.
  apart: string;
  // The interpreter a person has selected for the workspace, if the Python extension is there.
  selectedInterpreter: () => Promise<string | undefined>;
  // Whether this Python is there and has the module alloclens.
  hasAlloclens: (python: string) => Promise<boolean>;
  onPath: (program: string) => string | undefined;
}

const ENVIRONMENTS = ['.venv', 'venv'];

export async function serverCommand(around: Surroundings): Promise<Command | undefined> {
  if (around.setting !== '') {
    return { command: expanded(around.setting, around), args: ['lsp'] };
  }
  for (const python of await pythons(around)) {
    if (await around.hasAlloclens(python)) {
      return { command: python, args: ['-m', 'alloclens', 'lsp'], options: { cwd: around.apart } };
    }
  }
  const found = around.onPath('alloclens');
  return found === undefined ? undefined : { command: found, args: ['lsp'] };
}

async function pythons(around: Surroundings): Promise<string[]> {
  const selected = await around.selectedInterpreter();
  const inEnvironment = around.windows ? ['Scripts', 'python.exe'] : ['bin', 'python'];
  const found = around.folders.flatMap((folder) =>
    ENVIRONMENTS.map((environment) => path.join(folder, environment, ...inEnvironment)),
  );
  return selected === undefined ? found : [selected, ...found];
}

function expanded(setting: string, around: Surroundings): string {
  const home = setting.replace(/^~(?=$|[\\/])/, () => around.home);
  return home.replaceAll('${workspaceFolder}', () => around.folders[0] ?? '');
}
