// Composes the client: a server, status bar items, views, commands.
import * as vscode from 'vscode';
import { followActiveFile } from './active.ts';
import { copyForAgent, offerToAgents } from './agents.ts';
import { Capture } from './capture.ts';
import { chooseSampleType, chooseSeries, chooseSnapshot, writeChoices } from './choices.ts';
import { compareFiles, compareWithSelected, followComparison, leaveComparison, selectForCompare } from './compare.ts';
import * as focus from './focus.ts';
import { chooseHeat, Heat } from './heat.ts';
import { isMarked } from './marks.ts';
import type { Manifest } from './menu.ts';
import { showMenu } from './menu.ts';
import { goToHotLine } from './navigation.ts';
import { Pictures } from './pictures.ts';
import { addMapping, Placement } from './placement.ts';
import { PROFILE_EDITOR, ProfileEditor } from './profile-editor.ts';
import { reportIssue } from './report-issue.ts';
import { SERIES } from './protocol.ts';
import { Server } from './server.ts';
import { openSample, showSample } from './sample.ts';
import { Sources } from './sources.ts';
import * as settings from './settings.ts';
import { statusItem } from './status.ts';
import type { FrameRow } from './views/frame-rows.ts';
import type { Row } from './views/rows.ts';
import type { SeriesRow } from './views/series-rows.ts';
import { TestProfiles } from './test-profiles.ts';
import { Views } from './views/views.ts';
import { Walkthrough } from './walkthrough.ts';

type Commands = Record<string, (...args: never[]) => unknown>;

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  context.subscriptions.push(settings.remember(context.workspaceState));
  const running = new Server(context);
  server = running;
  const placement = new Placement(running, context.extensionUri);
  const pictures = new Pictures(running, context.extensionUri, context.workspaceState);
  const views = new Views(running, context.workspaceState);
  const capture = new Capture(running, context.workspaceState, (message) => {
    views.say(message);
  });
  const tests = new TestProfiles(running, context);
  const editor = new ProfileEditor(running, context.extensionUri);
  const walkthrough = new Walkthrough(running, context.extension.id);
  const commands = {
    profileTest: (file?: string, name?: string) => tests.profile(file, name),
    ...ofCapture(capture),
    ...ofSources(new Sources(running)),
    ...ofServer(running, context.extension),
    openSample: () => openSample(context),
    getStarted: () => {
      running.wake();
      return walkthrough.open();
    },
    ...ofLines(running),
    ...ofChoices(running, editor),
    ...ofFocus(running),
    ...ofPlacement(running, placement),
    ...ofPictures(pictures),
    copyForAgent: (of?: unknown) => copyForAgent(running, of),
    ...views.commands,
  };
  for (const [name, run] of Object.entries<(...args: never[]) => unknown>(commands)) {
    const noted = (...args: never[]): unknown => {
      walkthrough.ran(name);
      return run(...args);
    };
    context.subscriptions.push(vscode.commands.registerCommand(`${settings.SECTION}.${name}`, noted));
  }
  const items = vscode.Disposable.from(statusItem(running), focus.focusItem(running));
  context.subscriptions.push(running, items, placement, pictures, views, capture, tests, walkthrough, editor, new Heat(running), followActiveFile(running), followComparison(running), restartsOnChange(running), offerToAgents(running, (context.extension.packageJSON as { version: string }).version));
  void showSample(context);
  void start(running, context.extension); // not awaited: the commands already work
}

// A window with a file of tests, or of Go, may have nothing to show. The first view or command starts the server there.
async function start(running: Server, extension: vscode.Extension<unknown>): Promise<void> {
  if (await isMarked((extension.packageJSON as Manifest).activationEvents)) {
    running.wake();
  }
}

function restartsOnChange(running: Server): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((change) => {
    if (running.isAwake && change.affectsConfiguration(`${settings.SECTION}.server.command`)) {
      void running.restart();
    }
  });
}

function ofServer(running: Server, extension: vscode.Extension<unknown>): Commands {
  return {
    restartServer: () => running.restart(),
    installServer: () => running.install(),
    openServerSetting: settings.openServerSetting,
    menu: async () => showMenu(extension.packageJSON as Manifest, (await running.ask(SERIES))?.problems ?? []),
    showLog: () => {
      running.log.show();
    },
    reportIssue: () => reportIssue(running, extension),
  };
}

function ofCapture(capture: Capture): Commands {
  return {
    capture: () => capture.start(),
    captureNow: () => capture.now(),
    stopCapture: () => capture.stop(),
    captureMenu: () => capture.menu(),
  };
}

function ofSources(sources: Sources): Commands {
  return {
    addSource: () => sources.add(),
    fetchSnapshots: (row?: SeriesRow) => sources.fetch(row),
    fetchAgain: (row?: SeriesRow) => sources.again(row),
    stopFetch: (row?: SeriesRow) => sources.stop(row),
  };
}

function ofLines(running: Server): Commands {
  return {
    nextHotLine: () => goToHotLine(running, 1),
    previousHotLine: () => goToHotLine(running, -1),
    toggleHints: () => {
      settings.choose({ hints: !settings.get('hints', true) });
    },
    chooseHeat,
  };
}

function ofChoices(running: Server, editor: ProfileEditor): Commands {
  return {
    chooseSeries: () => chooseSeries(running),
    compareFiles: (uri?: unknown, uris?: unknown) => compareFiles(running, editor, uri, uris),
    compareWith: (uri?: unknown) => compareFiles(running, editor, uri),
    compareWithSelected: (uri?: unknown) => compareWithSelected(running, editor, uri),
    selectForCompare,
    leaveComparison: () => leaveComparison(running),
    chooseSampleType: () => chooseSampleType(running),
    chooseBase: () => chooseSnapshot(running, 'base'),
    chooseHead: () => chooseSnapshot(running, 'head'),
    writeChoices: () => writeChoices(running),
  };
}

function ofPlacement(running: Server, placement: Placement): Commands {
  return {
    explain: (of?: string | Row) => {
      placement.explain(typeof of === 'object' ? '' : of); // a row's file was not found: explain all files
    },
    addMapping: () => addMapping(running),
  };
}

function ofPictures(pictures: Pictures): Commands {
  return {
    showFlameGraph: () => {
      pictures.showFlame();
    },
    showCallGraph: () => {
      pictures.showGraph();
    },
    openProfile: (uri?: unknown) => vscode.commands.executeCommand('vscode.openWith', uri, PROFILE_EDITOR),
    showTimeline: (uri?: unknown, line?: unknown) => {
      const [at, row] = typeof uri === 'string' && typeof line === 'number' ? [uri, line] : []; // a button in a view's title passes other arguments
      pictures.showTimeline(at, row);
    },
  };
}

function ofFocus(running: Server): Commands {
  return {
    focus: () => focus.askPattern(running, 'focus'),
    ignore: () => focus.askPattern(running, 'ignore'),
    focusFunction: (argument?: unknown) => focus.stepOn(running, 'function', argument),
    ignoreFunction: (argument?: unknown) => focus.stepOn(running, 'ignoreFunction', argument),
    focusStack: (row?: FrameRow) => focus.stackOf(running, row),
    unfocus: () => focus.back(running, false),
    unfocusAll: () => focus.back(running, true),
  };
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
