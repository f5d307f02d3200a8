// Runs one step at a time; of those that wait, only the newest.

export class Turns {
  private last: Promise<unknown> = Promise.resolve();
  private newest = 0;

  // Waits for the steps that were asked for until now.
  async settled(): Promise<void> {
    await this.last;
  }

  // Runs `step` after the one before, unless it is outdated by then. A step may check `outdated` again after it has waited
  // for something.
  take(step: (outdated: () => boolean) => Promise<void>): Promise<void> {
    const mine = ++this.newest;
    const outdated = () => mine !== this.newest;
    const turn = this.last.then(() => (outdated() ? undefined : step(outdated)));
    this.last = turn.catch(() => undefined); // its caller gets the error; the next step runs anyway
    return turn;
  }
}
