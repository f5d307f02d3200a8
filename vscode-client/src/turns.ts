// One thing at a time; of those that wait, only the newest is done.

export class Turns {
  private last: Promise<unknown> = Promise.resolve();
  private newest = 0;

  // Runs `step` when what ran before has ended, unless it is outdated by then. A step that waits for something may ask
  // `outdated` again afterwards.
  take(step: (outdated: () => boolean) => Promise<void>): Promise<void> {
    const mine = ++this.newest;
    const outdated = () => mine !== this.newest;
    const turn = this.last.then(() => (outdated() ? undefined : step(outdated)));
    this.last = turn.catch(() => undefined); // its caller hears of the error; the next turn comes all the same
    return turn;
  }
}
