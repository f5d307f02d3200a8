// The arrow keys go from frame to frame.

export interface Box {
  depth: number;
  x0: number;
  x1: number;
  parent: unknown;
}

export type Direction = 'out' | 'in' | 'left' | 'right';

// Up and down are those of the screen: up goes towards the root if it is on top, else away from it.
export function direction(key: string, rootOnTop: boolean): Direction | undefined {
  switch (key) {
    case 'ArrowUp':
      return rootOnTop ? 'out' : 'in';
    case 'ArrowDown':
      return rootOnTop ? 'in' : 'out';
    case 'ArrowLeft':
      return 'left';
    case 'ArrowRight':
      return 'right';
    default:
      return undefined;
  }
}

// Out is the caller, in the widest callee, left and right the neighbours in the row.
export function step<T extends Box>(boxes: readonly T[], from: T, to: Direction): T | undefined {
  const row = boxes.filter((box) => box.depth === from.depth);
  switch (to) {
    case 'out':
      return boxes.find((box) => box === from.parent);
    case 'in':
      return widest(boxes.filter((box) => box.parent === from));
    case 'left':
      return row.filter((box) => box.x0 < from.x0).reduce<T | undefined>((best, box) => (best && best.x0 > box.x0 ? best : box), undefined);
    case 'right':
      return row.filter((box) => box.x0 > from.x0).reduce<T | undefined>((best, box) => (best && best.x0 < box.x0 ? best : box), undefined);
  }
}

function widest<T extends Box>(boxes: readonly T[]): T | undefined {
  return boxes.reduce<T | undefined>((best, box) => (best && best.x1 - best.x0 >= box.x1 - box.x0 ? best : box), undefined);
}
