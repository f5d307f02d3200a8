// When the server dies: start it again, later each time, and give up when it dies again and again.

export const MOST_CRASHES = 5;
export const WINDOW_MS = 3 * 60_000;

export class CrashPolicy {
  private crashes: number[] = [];

  // Returns after how many milliseconds to start again, or undefined to give up until a person asks.
  crashed(now: number): number | undefined {
    this.crashes = [...this.crashes.filter((at) => now - at < WINDOW_MS), now];
    return this.crashes.length > MOST_CRASHES ? undefined : 1000 * 2 ** (this.crashes.length - 1);
  }

  forget(): void {
    this.crashes = [];
  }
}
