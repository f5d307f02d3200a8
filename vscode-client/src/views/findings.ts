// The view Findings: the lines that leak or grow, worst first.
import { printable } from '../../pictures/printable.ts';
import { FINDINGS } from '../protocol.ts';
import type { Server } from '../server.ts';
import { findingRows } from './finding-rows.ts';
import type { Row } from './rows.ts';
import { View } from './view.ts';

export class FindingsView extends View<Row> {
  private asked = 0;

  constructor(server: Server) {
    super(server, 'alloclens.findings');
  }

  protected override async rows(): Promise<Row[]> {
    const mine = ++this.asked;
    const { findings, nothing } = (await this.server.ask(FINDINGS)) ?? { findings: [], nothing: '' };
    if (mine === this.asked) {
      this.view.message = printable(nothing); // unless a newer answer has set another
    }
    return findingRows(findings);
  }
}
