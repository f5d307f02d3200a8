// Finds the server: the setting, else the one that came with this extension or was installed by it, else a Python of the workspace
// that has alloclens, else PATH. Programs of a workspace run only if the user trusts it: VS Code does not activate this extension
// in any other.
import * as path from 'node:path';

export interface Command {
  command: string;
  args: string[];
  options: { cwd: string };
}

export interface Search {
  // undefined if there is none.
  command: Command | undefined;
  // Where it was searched for, and why it was not there.
  searched: string[];
}

export interface Surroundings {
  setting: string;
  home: string;
  folders: readonly string[];
  windows: boolean;
  // A directory without Python modules to start programs in, because Python imports modules from where it is started.
  apart: string;
  // The Pythons that have the server of this very version: of the extension for this platform, and of "Install Server".
  ours: readonly string[];
  // The interpreter that the user has selected for the workspace, if the Python extension is installed.
  selectedInterpreter: () => Promise<string | undefined>;
  // Why this Python cannot run alloclens; '' if it can.
  lacksAlloclens: (python: string) => Promise<string>;
  isProgram: (file: string) => boolean;
  onPath: (program: string) => string | undefined;
}

const ENVIRONMENTS = ['.venv', 'venv'];

export async function findServer(around: Surroundings): Promise<Search> {
  return around.setting === '' ? await searched(around) : named(around);
}

function named(around: Surroundings): Search {
  const options = { cwd: around.apart };
  const program = expanded(around.setting, around);
  if (program !== undefined && around.isProgram(program)) {
    return { command: { command: program, args: ['lsp'], options }, searched: [] };
  }
  const where = program === undefined ? '' : `${program}: no such program; `;
  return { command: undefined, searched: [`${where}the setting alloclens.server.command is "${around.setting}"`] };
}

async function searched(around: Surroundings): Promise<Search> {
  const options = { cwd: around.apart };
  const notes: string[] = [];
  for (const [python, isolated] of await pythons(around)) {
    const lacks = await around.lacksAlloclens(python);
    if (lacks === '') {
      return { command: { command: python, args: [...isolated, '-m', 'alloclens', 'lsp'], options }, searched: notes };
    }
    notes.push(`${python}: ${lacks}`);
  }
  const program = around.onPath('alloclens');
  const command = program === undefined ? undefined : { command: program, args: ['lsp'], options };
  return { command, searched: [...notes, 'PATH: no program named alloclens'] };
}

// Our own Pythons ignore PYTHONPATH and the like.
async function pythons(around: Surroundings): Promise<[python: string, isolated: string[]][]> {
  const selected = await around.selectedInterpreter();
  const inWorkspace = around.folders.flatMap((folder) =>
    ENVIRONMENTS.map((environment) => pythonOf(path.join(folder, environment), around.windows)),
  );
  const theirs = selected === undefined ? inWorkspace : [selected, ...inWorkspace];
  return [...around.ours.map((python): [string, string[]] => [python, ['-I']]), ...theirs.map((python): [string, string[]] => [python, []])];
}

// Returns the interpreter of a virtual environment.
export function pythonOf(environment: string, windows: boolean): string {
  return path.join(environment, ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));
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
