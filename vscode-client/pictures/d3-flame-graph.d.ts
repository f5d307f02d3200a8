// What is used of the library, which has no types of its own.
declare module 'd3-flame-graph' {
  import type { HierarchyRectangularNode } from 'd3-hierarchy';
  import type { Selection } from 'd3-selection';

  export interface Tooltip<T> {
    show: (event: MouseEvent, frame: HierarchyRectangularNode<T>) => void;
    hide: () => void;
  }

  // Called with a selection that has the root of a tree as its datum, it draws; that datum is a d3 hierarchy then.
  export interface FlameGraph<T> {
    (selection: Selection<HTMLElement, T, null, undefined>): void;
    width(value: number): this;
    cellHeight(value: number): this;
    minFrameSize(value: number): this;
    inverted(value: boolean): this; // the root on top
    resetHeightOnZoom(value: boolean): this;
    transitionDuration(milliseconds: number): this;
    tooltip(value: (() => void) & Tooltip<T>): this;
    getName(value: (frame: HierarchyRectangularNode<T>) => string): this;
    setColorMapper(value: (frame: HierarchyRectangularNode<T>) => string): this;
    update(root?: T): this;
    zoomTo(frame: HierarchyRectangularNode<T>): void;
  }

  export default function flamegraph<T>(): FlameGraph<T>;
}
