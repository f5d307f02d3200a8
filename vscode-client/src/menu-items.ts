// The entries of the status bar item's menu.
import { plain } from './plain.ts';
import type { UnreadableFile } from './protocol.ts';

export interface Offered {
  command: string;
  title: string;
  enablement?: string;
}

export type MenuItem = { section: string } | { label: string; description: string; command: string };

const SECTIONS: [section: string, names: string[]][] = [
  ['Capture', ['capture', 'captureNow', 'stopCapture', 'profileTest', 'addSource', 'fetchSnapshots']],
  ['Show', ['showStacks', 'showFlameGraph', 'showCallGraph', 'showTimeline', 'nextHotLine', 'previousHotLine']],
  ['Choose', ['chooseSeries', 'chooseBase', 'chooseHead', 'chooseSampleType', 'toggleHints', 'chooseHeat', 'writeChoices']],
  ['Compare', ['compareFiles', 'leaveComparison']],
  ['Focus', ['focus', 'ignore', 'focusFunction', 'ignoreFunction', 'unfocus', 'unfocusAll']],
  ['Hot Lines', ['sortHotLines', 'filterHotLines', 'clearFilter', 'showAllCode', 'showOwnCode']],
  ['Snapshots', ['labelSnapshot', 'revealSnapshot', 'deleteSnapshot']],
  ['Stacks', ['showCallers', 'showCallees']],
  ['Placement', ['explain', 'addMapping']],
  ['Help', ['getStarted', 'openSample', 'installServer', 'openServerSetting', 'restartServer', 'showLog', 'reportIssue']],
];
const VALUES: Record<string, string> = {
  chooseSeries: 'series',
  chooseBase: 'base',
  chooseHead: 'head',
  chooseSampleType: 'sampleType',
  toggleHints: 'hints',
  chooseHeat: 'heat',
};

// The way from the mark ⚠ in the status bar to the files that it is of.
export function problemItems(problems: readonly UnreadableFile[]): MenuItem[] {
  const [first] = problems;
  if (first === undefined) {
    return [];
  }
  const label = problems.length === 1 ? 'Show the File That Could Not Be Read' : `Show the ${problems.length} Files That Could Not Be Read`;
  return [{ section: 'Problems' }, { label, description: plain(`${first.name}: ${first.reason}`), command: 'alloclens.snapshots.focus' }];
}

// Each command that is enabled, in its section; `current` returns what a setting is now.
export function menuItems(commands: readonly Offered[], context: (key: string) => unknown, current: (setting: string) => unknown): MenuItem[] {
  const all = new Map(commands.map((one) => [one.command.replace(/^alloclens\./, ''), one]));
  return SECTIONS.flatMap(([section, names]) => {
    const items = names.flatMap((name) => {
      const found = all.get(name);
      return found === undefined || !enabled(found.enablement ?? '', context) ? [] : [{ label: found.title, description: valueOf(name, current), command: found.command }];
    });
    return items.length === 0 ? [] : [{ section }, ...items];
  });
}

// Whether an `enablement` of package.json holds: "a && !b && c == text && d =~ /pattern/". An empty one always does.
export function enabled(enablement: string, context: (key: string) => unknown): boolean {
  return enablement === '' || enablement.split(' && ').every((term) => holds(term, context));
}

function holds(term: string, context: (key: string) => unknown): boolean {
  const [, not, key, operator, operand = ''] = /^(!?)([\w.]+)(?: (==|=~) (.+))?$/.exec(term) ?? [];
  if (key === undefined) {
    return false;
  }
  const value = context(key);
  if (operator === undefined) {
    return Boolean(value) !== (not === '!');
  }
  return operator === '==' ? value === operand : new RegExp(operand.slice(1, -1)).test(String(value));
}

function valueOf(name: string, current: (setting: string) => unknown): string {
  const setting = VALUES[name];
  const value = setting === undefined ? undefined : current(setting);
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : typeof value === 'string' ? plain(value) || 'automatic' : '';
}
