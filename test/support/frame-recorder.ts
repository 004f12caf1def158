import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { waitFor } from './wait-for.ts';

export type Recorded = { url: string; frames: Uint8Array[] };

/** A WebSocket that keeps what is sent through it. */
function recordingSocket(frames: Uint8Array[]): typeof WebSocket {
  return class extends WebSocket {
    override send(data: Parameters<WebSocket['send']>[0]): void {
      if (data instanceof Uint8Array) frames.push(Uint8Array.from(data));
      super.send(data);
    }
  };
}

/** What somebody does in a lesson: types, deletes, moves the cursor. */
async function behave(doc: Y.Doc, awareness: { setLocalState(state: unknown): void }, sent: () => number) {
  const text = doc.getText('f:main');
  awareness.setLocalState({ cursor: { anchor: 1, head: 2 }, user: { name: 'Somebody', color: '#aabbcc' } });
  for (const word of ['print(', '"안녕 👋"', ')', '\n', 'x = [1, 2, 3]']) text.insert(text.length, word);
  text.delete(2, 3);
  text.insert(1, 'y'.repeat(500));
  doc.getMap('files').set('other', { path: 'a.py', language: 'python' });
  await waitFor(() => sent() >= 8, { what: 'frames to record' });
}

/** Real frames of the stock y-websocket client in a document, and the address they went to. */
export async function recordYWebsocket(wsUrl: string, name: string, token: string): Promise<Recorded> {
  const frames: Uint8Array[] = [];
  const doc = new Y.Doc();
  const WebSocketPolyfill = recordingSocket(frames);
  const options = { params: { token }, disableBc: true, WebSocketPolyfill };
  const provider = new WebsocketProvider(`${wsUrl}/collab`, name, doc, options);
  await waitFor(() => provider.synced, { withinMs: 20_000, what: 'the recorded client to sync' });
  await behave(doc, provider.awareness, () => frames.length);
  const { url } = provider;
  provider.destroy();
  doc.destroy();
  return { url, frames };
}

/** The same of the stock Hocuspocus client. */
export async function recordHocuspocus(wsUrl: string, name: string, token: string): Promise<Recorded> {
  const frames: Uint8Array[] = [];
  const document = new Y.Doc();
  const url = `${wsUrl}/hocuspocus`;
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: recordingSocket(frames) });
  const provider = new HocuspocusProvider({ websocketProvider, name, document, token });
  provider.attach();
  await waitFor(() => provider.isSynced, { withinMs: 20_000, what: 'the recorded client to sync' });
  await behave(document, provider.awareness as { setLocalState(state: unknown): void }, () => frames.length);
  provider.destroy();
  websocketProvider.destroy();
  document.destroy();
  return { url, frames };
}
