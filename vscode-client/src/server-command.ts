// Finds the server: the setting, else a Python of the workspace that has alloclens, else PATH. Programs of a workspace run only
// if the user trusts it: VS Code does not activate this extension in any other.
import * as path from 'node:path';

export interface Command {
  command: string;
  args: string[];
  options: { cwd: string };
}

export interface Surroundings {
  setting: string;
  home: string;
  folders: readonly string[];
  windows: boolean;
  // A directory without Python modules to start programs in, because Python imports modules from where it is started.
  apart: string;
  // The interpreter that the user has selected for the workspace, if the Python extension is installed.
  selectedInterpreter: () => Promise<string | undefined>;
  // Whether this Python exists and has the module alloclens.
  hasAlloclens: (python: string) => Promise<boolean>;
  onPath: (program: string) => string | undefined;
}

const ENVIRONMENTS = ['.venv', 'venv'];

export async function serverCommand(around: Surroundings): Promise<Command | undefined> {
  const options = { cwd: around.apart };
  if (around.setting !== '') {
    const named = expanded(around.setting, around);
    return named === undefined ? undefined : { command: named, args: ['lsp'], options };
  }
  for (const python of await pythons(around)) {
    if (await around.hasAlloclens(python)) {
      return { command: python, args: ['-m', 'alloclens', 'lsp'], options };
    }
  }
  const command = around.onPath('alloclens');
  return command === undefined ? undefined : { command, args: ['lsp'], options };
}

async function pythons(around: Surroundings): Promise<string[]> {
  const selected = await around.selectedInterpreter();
  const inEnvironment = around.windows ? ['Scripts', 'python.exe'] : ['bin', 'python'];
  const candidates = around.folders.flatMap((folder) =>
    ENVIRONMENTS.map((environment) => path.join(folder, environment, ...inEnvironment)),
  );
  return selected === undefined ? candidates : [selected, ...candidates];
}

// A bare name is searched for on PATH; a relative path belongs to the first folder.
function expanded(setting: string, around: Surroundings): string | undefined {
  const folder = around.folders[0] ?? '';
  const named = setting.replace(/^~(?=$|[\\/])/, () => around.home).replaceAll('${workspaceFolder}', () => folder);
  if (path.isAbsolute(named)) {
    return named;
  }
  if (!/[\\/]/.test(named)) {
    return around.onPath(named);
  }
  return folder === '' ? undefined : path.join(folder, named);
}
