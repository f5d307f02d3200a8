// What can be chosen as the base of an opened profile.
import * as path from 'node:path';
import { plain } from './plain.ts';

export interface BaseItem {
  label: string;
  description?: string;
  value: string | undefined; // a path; '' for no base, undefined to ask for a file
  alwaysShow?: boolean;
}

// As in the explorer's menu, package.json. Any other file can be named by its path.
const PROFILE = /\.(pb|pprof|prof|heap|out|heapprofile)(\.gz)?$|^heap|^goroutine|^dhat/;

// `names`: the files of the folder. `isCompared`: whether there is a base now.
export function baseItems(typed: string, folder: string, own: string, names: readonly string[], isCompared: boolean): BaseItem[] {
  const given = typed.trim();
  const beside = names.filter((name) => name !== own && PROFILE.test(name));
  return [
    ...(path.isAbsolute(given) ? [{ label: plain(path.basename(given)), description: plain(given), value: given, alwaysShow: true }] : []),
    ...beside.map((name) => ({ label: plain(name), value: path.join(folder, name) })),
    { label: 'Another File…', value: undefined },
    ...(isCompared ? [{ label: 'No Base', value: '' }] : []),
  ];
}
