// d3-flame-graph, told of our frames. Its own search, colours and tooltip are not used: ours know more.
import type { HierarchyRectangularNode } from 'd3-hierarchy';
import type { Tooltip } from 'd3-flame-graph';
import flamegraph from 'd3-flame-graph';
import { select } from 'd3-selection';
import type { Site } from './tree.ts';
import { shortName } from './packages.ts';
import { printable } from './printable.ts';
import type { Cell } from './tree.ts';
import { isOf } from './tree.ts';

export type Drawn = HierarchyRectangularNode<Cell>;

const ROW = 20; // px
const NARROWEST = 1; // px; narrower frames are not drawn
const ZOOM_MS = 200;

export type Hover = Tooltip<Cell>;

export class Chart {
  readonly host: HTMLElement;
  private readonly graph = flamegraph<Cell>();
  private begun = false;

  constructor(host: HTMLElement, fill: (cell: Cell) => string, hover: Hover) {
    this.host = host;
    this.graph.cellHeight(ROW).minFrameSize(NARROWEST).resetHeightOnZoom(true);
    this.graph.getName((frame) => printable(shortName(frame.data.name)));
    this.graph.setColorMapper((frame) => fill(frame.data));
    this.graph.tooltip(Object.assign(() => undefined, hover));
  }

  // Draws a tree, zoomed into the frame at a path as far as it is there.
  draw(root: Cell, path: readonly Site[], rootOnTop: boolean): void {
    this.graph.inverted(rootOnTop).transitionDuration(0);
    if (this.begun) {
      this.graph.update(root);
    } else {
      this.begun = true;
      this.graph(select(this.host).datum(root));
      this.host.querySelector('text.title')?.remove();
    }
    const zoomed = this.find(path);
    if (zoomed?.parent) {
      this.graph.zoomTo(zoomed);
    }
  }

  zoom(frame: Drawn): void {
    this.graph.transitionDuration(still() ? 0 : ZOOM_MS);
    this.graph.zoomTo(frame);
  }

  width(width: number): void {
    this.graph.width(width);
    this.again();
  }

  // The same frames in other colours.
  again(): void {
    if (this.begun) {
      this.graph.transitionDuration(0);
      this.graph.update();
    }
  }

  elements(): SVGGElement[] {
    return select(this.host).selectAll<SVGGElement, Drawn>('g.frame').nodes();
  }

  // The deepest frame along a path that there is.
  find(path: readonly Site[]): Drawn | undefined {
    let found = this.root();
    for (const site of path) {
      const next = found?.children?.find((child) => isOf(child.data.node, site));
      if (next === undefined) {
        break;
      }
      found = next;
    }
    return found;
  }

  private root(): Drawn | undefined {
    return this.begun ? select<HTMLElement, Drawn>(this.host).datum() : undefined;
  }
}

export function frameOf(element: Element): Drawn {
  return select<Element, Drawn>(element).datum();
}

function still(): boolean {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}
