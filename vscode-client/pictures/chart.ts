// Draws a flame graph as an SVG tree, which a screen reader can read. One frame at a time can take the focus.
import type { FlameNode } from '../src/protocol.ts';
import { make, onWidth, setAttributes, svg, write } from './dom.ts';
import type { Frame, Placed } from './layout.ts';
import { find, layout, pathOf, placed } from './layout.ts';
import { printable } from './printable.ts';
import type { Site } from './tree.ts';
import { drawnName, labelled } from './tree.ts';

const ROW = 20; // px
const MIN_CHART = 200; // px
const MIN_LABEL = 35; // px; narrower frames show no name

interface Drawn {
  frame: Frame;
  group: SVGGElement;
  rect: SVGRectElement;
  body: SVGForeignObjectElement;
  name: HTMLElement;
}

export class Chart {
  readonly host = make('div', 'alloclens-chart');
  rootOnTop = true;
  readonly picture = svg('svg', { role: 'tree' });
  private readonly fill: (node: FlameNode) => string;
  private root: Frame;
  private zoomed: Frame;
  private width = MIN_CHART; // px
  private drawn = new Map<string, Drawn>(); // by the key of the frame
  private current = ''; // the key of the frame that can take the focus

  constructor(root: FlameNode, fill: (node: FlameNode) => string) {
    this.root = this.zoomed = layout(root);
    this.fill = fill;
    this.host.append(this.picture);
  }

  // Draws a tree, zoomed into the frame at a path, or into the deepest one along it that exists.
  show(root: FlameNode, path: readonly Site[]): void {
    this.root = layout(root);
    this.zoomed = this.find(path);
    this.draw();
  }

  zoom(frame: Frame): void {
    this.zoomed = frame;
    this.draw(true);
  }

  // Makes the chart as wide as the page, now and whenever that changes.
  fit(): void {
    this.width = Math.max(MIN_CHART, this.host.clientWidth);
    onWidth(this.host, (width) => {
      this.width = Math.max(MIN_CHART, width);
      this.draw();
    });
  }

  describe(words: string): void {
    this.picture.setAttribute('aria-label', words);
  }

  // The deepest frame along a path that exists.
  find(path: readonly Site[]): Frame {
    return find(this.root, path);
  }

  // The drawn frame that an element is part of.
  frameOf(element: Element): Frame | undefined {
    const group = element.closest('g.frame');
    return [...this.drawn.values()].find((drawn) => drawn.group === group)?.frame;
  }

  frames(): Frame[] {
    return [...this.drawn.values()].map(({ frame }) => frame);
  }

  // The bottom left corner of a frame in the window.
  corner(frame: Frame): { x: number; y: number } {
    const box = this.drawn.get(keyOf(frame))?.group.getBoundingClientRect();
    return { x: Math.max(box?.left ?? 0, 0), y: box?.bottom ?? 0 };
  }

  focus(frame: Frame): void {
    this.choose(keyOf(frame), true);
  }

  // Makes a frame the one that Tab goes to.
  select(frame: Frame): void {
    this.choose(keyOf(frame), false);
  }

  // Elements are kept from one drawing to the next, with their focus; `zooming` lets them glide.
  draw(zooming = false): void {
    const focused = this.picture.contains(document.activeElement);
    this.host.classList.toggle('alloclens-zooming', zooming);
    const shown = placed(this.zoomed, this.width);
    const rows = 1 + shown.reduce((deepest, { frame }) => Math.max(deepest, frame.depth), 0);
    setAttributes(this.picture, { width: this.width, height: ROW * rows });
    const before = this.drawn;
    this.drawn = new Map(shown.map((place) => {
      const key = keyOf(place.frame);
      const row = this.rootOnTop ? place.frame.depth : rows - 1 - place.frame.depth;
      return [key, this.drawFrame(before.get(key), place, ROW * row)];
    }));
    before.forEach(({ group }, key) => {
      if (!this.drawn.has(key)) {
        group.remove();
      }
    });
    this.choose(this.current, focused);
  }

  private drawFrame(before: Drawn | undefined, { frame, x, width, outside }: Placed, y: number): Drawn {
    const { group, rect, body, name } = before ?? this.emptyFrame();
    const siblings = frame.parent?.children ?? [frame];
    setAttributes(group, {
      class: ['frame', ...(outside ? ['fade'] : []), ...(frame.data.verdict === '' ? [] : ['marked'])].join(' '),
      transform: `translate(${x}, ${y})`,
      'data-name': printable(frame.data.name),
      'aria-label': printable(labelled(frame.data)),
      'aria-level': frame.depth + 1,
      'aria-setsize': siblings.length,
      'aria-posinset': siblings.indexOf(frame) + 1,
    });
    setAttributes(rect, { width, fill: this.fill(frame.data) });
    setAttributes(body, { width });
    write(name, drawnName(frame.data));
    name.hidden = width < MIN_LABEL;
    return { frame, group, rect, body, name };
  }

  private emptyFrame(): Omit<Drawn, 'frame'> {
    const group = svg('g', { role: 'treeitem', tabindex: -1 });
    const rect = svg('rect', { height: ROW });
    const body = svg('foreignObject', { height: ROW });
    const name = make('div', 'alloclens-name');
    body.append(name);
    group.append(rect, body);
    this.picture.append(group);
    return { group, rect, body, name };
  }

  // If the frame is not drawn, the root is chosen.
  private choose(key: string, focus: boolean): void {
    this.drawn.get(this.current)?.group.setAttribute('tabindex', '-1');
    this.current = this.drawn.has(key) ? key : keyOf(this.root);
    const group = this.drawn.get(this.current)?.group;
    group?.setAttribute('tabindex', '0');
    if (focus && group !== document.activeElement) {
      group?.focus();
    }
  }
}

// The same in the next drawing.
function keyOf(frame: Frame): string {
  return JSON.stringify(pathOf(frame));
}
