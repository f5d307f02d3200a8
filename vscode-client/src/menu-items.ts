// The entries of the status bar item's menu.
import { plain } from './plain.ts';

export type MenuItem = { section: string } | { label: string; description: string; command: string };

const SECTIONS: [section: string, names: string[]][] = [
  ['Capture', ['capture', 'captureNow', 'stopCapture']],
  ['Show', ['showStacks', 'showFlameGraph', 'showTimeline', 'nextHotLine', 'previousHotLine', 'explain']],
  ['Choose', ['chooseSeries', 'chooseBase', 'chooseHead', 'chooseSampleType', 'toggleHints', 'chooseHeat', 'writeChoices']],
  ['Compare and focus', ['compareFiles', 'focus', 'ignore', 'focusFunction', 'ignoreFunction']],
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
const OTHERS = 'More';

// Each command once, in its section; `current` returns what a setting is now.
export function menuItems(commands: readonly { command: string; title: string }[], current: (setting: string) => unknown): MenuItem[] {
  const left = new Map(commands.map(({ command, title }) => [command.replace(/^alloclens\./, ''), { command, title }]));
  const take = (names: readonly string[]): MenuItem[] =>
    names.flatMap((name) => {
      const found = left.get(name);
      left.delete(name);
      return found === undefined ? [] : [{ label: found.title, description: valueOf(name, current), command: found.command }];
    });
  const sections = SECTIONS.map(([section, names]): [string, MenuItem[]] => [section, take(names)]);
  const all: [string, MenuItem[]][] = [...sections.slice(0, -1), [OTHERS, take([...left.keys()].filter((name) => !SECTIONS.at(-1)?.[1].includes(name)))], ...sections.slice(-1)];
  return all.flatMap(([section, items]) => (items.length === 0 ? [] : [{ section }, ...items]));
}

function valueOf(name: string, current: (setting: string) => unknown): string {
  const setting = VALUES[name];
  const value = setting === undefined ? undefined : current(setting);
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : typeof value === 'string' ? plain(value) : '';
}
