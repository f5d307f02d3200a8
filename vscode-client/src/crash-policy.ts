// When the server crashes, it is started again, each time after a longer wait, until it has crashed too often.

export const MOST_CRASHES = 5;
export const WINDOW_MS = 3 * 60_000;

export class CrashPolicy {
  private crashes: number[] = [];

  // Returns the milliseconds to wait before the next start; undefined to give up until the user restarts it.
  crashed(now: number): number | undefined {
    this.crashes = [...this.crashes.filter((at) => now - at < WINDOW_MS), now];
    return this.crashes.length > MOST_CRASHES ? undefined : 1000 * 2 ** (this.crashes.length - 1);
  }

  forget(): void {
    this.crashes = [];
  }
}
