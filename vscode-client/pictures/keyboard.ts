// From frame to frame by the arrow keys.

export interface Box {
  depth: number;
  x0: number;
  x1: number;
  parent: unknown;
}

export type Direction = 'out' | 'in' | 'left' | 'right';

// Up and down are as a person sees them: towards the root in an icicle, away from it in a flame.
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

// The caller; the widest frame within; the neighbour in the same row.
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
