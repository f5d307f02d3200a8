// What the user chooses by commands, such as the base, in this workspace.
const KEY = 'choices';

export interface Memory {
  get: (key: string) => unknown;
  update: (key: string, value: unknown) => unknown;
}

export class Chosen {
  private readonly memory: Memory;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  values(): Record<string, unknown> {
    return { ...(this.memory.get(KEY) as object | undefined) };
  }

  choose(values: Record<string, unknown>): void {
    this.memory.update(KEY, { ...this.values(), ...values });
  }

  // Forgets the choices with such names; returns whether there were any.
  forget(named: (name: string) => boolean): boolean {
    const before = Object.entries(this.values());
    const left = before.filter(([name]) => !named(name));
    if (left.length < before.length) {
      this.memory.update(KEY, Object.fromEntries(left));
    }
    return left.length < before.length;
  }
}
