// Runs something once, a while after the last request.

export class Later {
  private readonly wait: number; // ms
  private readonly run: () => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(wait: number, run: () => void) {
    this.wait = wait;
    this.run = run;
  }

  ask(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.run, this.wait);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
