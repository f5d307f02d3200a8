// What colour a frame has: names of variables of pictures.css.
import type { Flame, FlameNode, Graph, GraphNode } from '../src/protocol.ts';
import { hue, HUES, packageOf } from './packages.ts';

export const FOUND = 'var(--alloclens-found)';
export const GREY = 'var(--alloclens-grey)';

// A hue for each package of one's own, another for each while there are enough; what has one keeps it.
export class Hues {
  private readonly byPackage = new Map<string, number>();

  // Of several packages that want one hue, the first has it.
  learn(packages: readonly string[]): void {
    for (const name of packages.filter((own) => !this.byPackage.has(own))) {
      const taken = new Set(this.byPackage.values());
      let free = hue(name);
      for (let i = 0; i < HUES && taken.has(free); i++) {
        free = (free + 1) % HUES;
      }
      this.byPackage.set(name, free);
    }
  }

  colour(name: string): string {
    return `var(--alloclens-own-${this.byPackage.get(name) ?? hue(name)})`;
  }
}

// In a comparison only growth that is more than chance is coloured, in three steps of its share of the largest.
export function growthFill(node: FlameNode, largest: number): string {
  const grew = significant(node);
  if (grew === 0) {
    return GREY;
  }
  const part = Math.abs(grew) / largest;
  const step = part > 0.3 ? 3 : part > 0.03 ? 2 : 1;
  return `var(--alloclens-${grew > 0 ? 'grew' : 'shrank'}-${step})`;
}

// Growth beyond its sampling error; 0 if there is none.
export function significant({ growth }: Pick<FlameNode, 'growth'>): number {
  return growth?.significant === true ? growth.value : 0;
}

export function packageFill(node: FlameNode, hues: Hues): string {
  return node.own ? hues.colour(packageOf(node.name, node.file)) : GREY;
}

const STEPS: readonly (readonly [share: number, step: number])[] = [[0.3, 3], [0.03, 2], [0.005, 1]];

// Of a call graph: red by growth beyond its error, or by cum if nothing is compared; by package if it is to be plain.
export function nodeFill(node: GraphNode, data: Pick<Graph, 'base' | 'total'>, largest: number, hues: Hues | undefined): string {
  if (hues !== undefined) {
    return node.own ? hues.colour(packageOf(node.name, node.file)) : GREY;
  }
  const grew = data.base ? significant(node) : node.cum;
  const part = Math.abs(grew) / ((data.base ? largest : Math.abs(data.total)) || 1);
  const step = STEPS.find(([least]) => part > least)?.[1] ?? (data.base && grew !== 0 ? 1 : 0);
  return step === 0 ? GREY : `var(--alloclens-${grew > 0 ? 'grew' : 'shrank'}-${step})`;
}

export function largestGrowth(node: FlameNode): number {
  return node.children.reduce((most, child) => Math.max(most, largestGrowth(child)), Math.abs(significant(node)));
}

export interface Entry {
  colour: string;
  words: string;
}

const MOST_PACKAGES = 6;

export function legend(flame: Flame, hues: Hues): Entry[] {
  if (flame.base) {
    return [
      { colour: 'var(--alloclens-grew-3)', words: 'grew since the base' },
      { colour: 'var(--alloclens-shrank-3)', words: 'shrank' },
      { colour: GREY, words: 'no change, or one that may be noise' },
    ];
  }
  const packages = ownPackages(flame.root);
  const entries = packages.slice(0, MOST_PACKAGES).map((name) => ({ colour: hues.colour(name), words: name === '' ? 'own code' : name }));
  const rest = packages.length > MOST_PACKAGES ? `; ${packages.length - MOST_PACKAGES} more own packages in other colours` : '';
  return [...entries, { colour: GREY, words: `not your own code${rest}` }];
}

// By their widest frame.
export function ownPackages(root: FlameNode): string[] {
  const most = new Map<string, number>();
  const visit = (node: FlameNode) => {
    if (node.own) {
      const name = packageOf(node.name, node.file);
      most.set(name, Math.max(most.get(name) ?? 0, node.value));
    }
    node.children.forEach(visit);
  };
  visit(root);
  return [...most].sort(([, a], [, b]) => b - a).map(([name]) => name);
}
