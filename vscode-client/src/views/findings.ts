// The view Findings: the lines that leak or grow, worst first.
import { FINDINGS } from '../protocol.ts';
import type { Server } from '../server.ts';
import { findingRows } from './finding-rows.ts';
import type { Row } from './rows.ts';
import { View } from './view.ts';

export class FindingsView extends View<Row> {
  constructor(server: Server) {
    super(server, 'alloclens.findings');
  }

  protected override async rows(): Promise<Row[]> {
    const { findings, nothing } = (await this.server.ask(FINDINGS)) ?? { findings: [], nothing: '' };
    return findingRows(findings, nothing);
  }
}
