// Whether a profile is shown, which decides what an empty view says.
import type * as vscode from 'vscode';
import { setContext } from '../contexts.ts';
import { SERIES } from '../protocol.ts';
import type { Server, Status } from '../server.ts';
import { Turns } from '../turns.ts';

export function followState(server: Server): vscode.Disposable {
  const turns = new Turns();
  return server.onStatus((status) => {
    const turn = turns.take(async (outdated) => {
      const state = await known(server, status);
      if (!outdated()) {
        setContext('state', state);
      }
    });
    turn.catch(() => undefined); // the server is ending, which it reports next
  });
}

// Profiles may be shown while others are read or cannot be read; there may be only files that cannot be read; and there may be profiles without the chosen sample type.
async function known(server: Server, { state }: Status): Promise<Status['state'] | 'unmatched' | 'unreadable'> {
  if (state === 'ok' || !server.runs) {
    return state;
  }
  const { series, problems } = (await server.ask(SERIES)) ?? { series: [], problems: [] };
  if (series.some(({ shown }) => shown)) {
    return 'ok';
  }
  if (series.length === 0 && problems.length > 0) {
    return 'unreadable';
  }
  return state === 'empty' && series.length > 0 ? 'unmatched' : state;
}
