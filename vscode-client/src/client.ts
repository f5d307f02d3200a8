// One connection to one server process.
import type { LogOutputChannel } from 'vscode';
import type { ClientCapabilities, ConfigurationMiddleware, LanguageClientOptions, StaticFeature } from 'vscode-languageclient/node';
import { CloseAction, ErrorAction, LanguageClient } from 'vscode-languageclient/node';
import { CAPTURE_STATE, EXPERIMENTAL, SOURCE_STATE, STATUS } from './protocol.ts';
import type { CaptureState, SourceState, Status } from './protocol.ts';
import type { Command } from './server-command.ts';
import { SECTION } from './settings.ts';

export interface Listener {
  log: LogOutputChannel;
  status: (status: Status) => void;
  capture: (state: CaptureState) => void;
  source: (state: SourceState) => void;
  closed: () => void;
}

// The settings that the user has set, without prefix.
type Settings = () => object;

export function newClient(command: Command, settings: Settings, listener: Listener): LanguageClient {
  const client = new QuietClient(SECTION, 'alloclens', command, options(settings, listener));
  client.registerFeature(ourCapabilities);
  client.onNotification(STATUS, listener.status);
  client.onNotification(CAPTURE_STATE, listener.capture);
  client.onNotification(SOURCE_STATE, listener.source);
  return client;
}

// Ends a client and its process. A client that is still starting cannot be stopped properly: disposing of it kills the
// process after a while, and until its start has failed or succeeded, its commands conflict with those of the next client.
export async function end(client: LanguageClient): Promise<void> {
  if (client.needsStop()) {
    await Promise.allSettled([client.start(), client.dispose()]); // start() returns the current start
  }
  if (client.needsStop()) {
    await Promise.allSettled([client.stop()]);
  }
}

// Writes errors only to the log: the status bar and the message after the last crash inform the user.
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

function options(settings: Settings, listener: Listener): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: 'file' }],
    initializationOptions: settings,
    markdown: { supportHtml: true }, // VS Code allows only what can do no harm
    middleware: { workspace: { configuration: only(settings) } },
    outputChannel: listener.log,
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue }),
      closed: () => {
        listener.closed();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
  };
}

// Answers with the settings that are set. The library would answer with all defaults, which would override alloclens.toml.
function only(settings: Settings): NonNullable<ConfigurationMiddleware['configuration']> {
  return async (params, token, next) => {
    const answers = await next(params, token);
    return Array.isArray(answers)
      ? params.items.map((item, i) => (item.section === SECTION ? settings() : (answers[i] as unknown)))
      : answers;
  };
}

const ourCapabilities: StaticFeature = {
  fillClientCapabilities: (capabilities: ClientCapabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), ...EXPERIMENTAL };
    capabilities.general?.markdown?.allowedTags?.push('details', 'summary'); // the library's list is shorter than VS Code's
  },
  initialize: () => undefined,
  getState: () => ({ kind: 'static' }),
  clear: () => undefined,
};
