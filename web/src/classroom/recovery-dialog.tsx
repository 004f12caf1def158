import { useState } from 'preact/hooks';
import { parseDocumentName } from '#contract/document-name.ts';
import type { Identity } from '../api/client.ts';
import { createFile } from '../api/documents.ts';
import type { Line } from '../document/line.ts';
import { putBack, type RecoveredFile } from '../document/recovery.ts';
import { usePage } from '../page.ts';
import { useStore } from '../store.ts';
import { explain, type Strings } from '../strings/index.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import type { Offer } from './lost-texts.ts';
import type { Room } from './room.ts';

/** A browser lays out a few hundred lines at once, and nobody reads more of them here. */
const shownLines = 200;

/** The oldest text that waits for a decision, unless that was put off. */
export function Recovery({ room, onPutBack }: { room: Room; onPutBack?: () => void }) {
  const { offers, later } = useStore(room.state);
  const [offer] = offers;
  if (offer === undefined || later) return null;
  return <RecoveryDialog key={offer.id} room={room} offer={offer} onPutBack={onPutBack} />;
}

/** Leads back to a decision that was put off. */
export function RecoveryNotice({ room }: { room: Room }) {
  const { strings } = usePage();
  const { offers, later } = useStore(room.state);
  if (offers.length === 0 || !later) return null;
  return (
    <div class="notice" role="status">
      <p>{strings.recovery.waits}</p>
      <button type="button" onClick={() => room.decideLater(false)}>
        {strings.recovery.show}
      </button>
    </div>
  );
}

/** Offers text that was typed here and is in no document. Closing it puts the decision off. */
function RecoveryDialog(props: { room: Room; offer: Offer; onPutBack: (() => void) | undefined }) {
  const { client, strings } = usePage();
  const { room, offer } = props;
  const { shown } = useStore(room.state);
  const [error, setError] = useState<unknown>();
  const texts = strings.recovery;
  const document = documentLabel(offer, strings, client.identity.get());
  const writable = shown?.name === offer.document && shown.access === 'write' ? shown : undefined;

  async function putBackInto(line: Line, file: RecoveredFile): Promise<void> {
    if (line.state.get().files.some(({ id }) => id === file.id)) putBack(line, file);
    else await createFile(client, line.name, { path: file.path, language: file.language, text: file.text });
    room.decide(offer, file);
    // Behind an open dialog the editor could not take the focus.
    requestAnimationFrame(() => props.onPutBack?.());
  }
  return (
    <Dialog title={texts.title} class="recovery" onClose={() => room.decideLater(true)}>
      <p>{texts.text}</p>
      <p class="hint">
        {document !== undefined && `${texts.from(document)}. `}
        {room.keptInMemory() ? texts.keptInMemory : texts.kept}
      </p>
      {error !== undefined && (
        <p class="problem" role="alert">
          {explain(strings, error)}
        </p>
      )}
      {offer.files.map((file) => (
        <section key={file.id} aria-label={file.path}>
          <h3>{file.path}</h3>
          <MissingLines text={file.missing} />
          <div class="actions">
            {writable !== undefined && (
              <button type="button" class="primary" onClick={() => void putBackInto(writable, file).catch(setError)}>
                {texts.putBack}
              </button>
            )}
            <CopyButton text={file.missing} label={strings.copy} class="" />
            <button type="button" onClick={() => download(file)}>
              {texts.download}
            </button>
            <button type="button" class="danger" onClick={() => room.decide(offer, file)}>
              {texts.discard}
            </button>
          </div>
        </section>
      ))}
      {writable === undefined && <p class="hint">{texts.cannotPutBack}</p>}
      <button type="button" onClick={() => room.decideLater(true)}>
        {texts.later}
      </button>
    </Dialog>
  );
}

function documentLabel({ document }: Offer, strings: Strings, me: Identity): string | undefined {
  const parsed = parseDocumentName(document);
  if (parsed?.kind === 'main') return strings.documents.main;
  return 'user' in me && parsed?.userId === me.user.id ? strings.documents.own : undefined;
}

function MissingLines({ text }: { text: string }) {
  const { strings } = usePage();
  const lines = text.split('\n');
  return (
    <pre tabIndex={0}>
      {lines.slice(0, shownLines).join('\n')}
      {lines.length > shownLines && `\n${strings.recovery.more(lines.length - shownLines)}`}
    </pre>
  );
}

function download({ path, text }: RecoveredFile): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = path.slice(path.lastIndexOf('/') + 1);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
