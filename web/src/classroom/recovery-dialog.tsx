import type { RecoveryCopy, TextFile } from '../document/recovery.ts';
import { usePage } from '../page.ts';
import { useStore } from '../store.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import type { Room } from './room.ts';

/** The oldest of the recovery copies, one after the other. */
export function Recovery({ room, insert }: { room: Room; insert?: (text: string) => void }) {
  const { recovery, shown } = useStore(room.state);
  const [copy] = recovery;
  if (copy === undefined) return null;
  const fits = insert !== undefined && shown?.access === 'write' && shown.name === copy.document;
  return <RecoveryDialog copy={copy} insert={fits ? insert : undefined} onDiscard={() => room.dismissRecovery(copy)} />;
}

/** Offers text that was on the screen and is not in the document any more. Closing it asks for a decision: discard. */
function RecoveryDialog(props: {
  copy: RecoveryCopy;
  insert: ((text: string) => void) | undefined;
  onDiscard: () => void;
}) {
  const { strings } = usePage();
  const texts = strings.recovery;
  const { insert } = props;
  return (
    <Dialog title={texts.title} class="recovery">
      <p>{texts.text}</p>
      {props.copy.files.map((file) => (
        <section key={file.id}>
          <h3>{file.path}</h3>
          <pre tabIndex={0}>{file.text}</pre>
          <div class="actions">
            <button type="button" onClick={() => download(file)}>
              {texts.download}
            </button>
            <CopyButton text={file.text} label={strings.copy} class="" />
            {insert !== undefined && (
              <button
                type="button"
                onClick={() => {
                  props.onDiscard();
                  // Behind an open dialog the editor could not take the focus.
                  requestAnimationFrame(() => insert(file.text));
                }}
              >
                {texts.insert}
              </button>
            )}
          </div>
        </section>
      ))}
      <button type="button" class="danger" onClick={props.onDiscard}>
        {texts.discard}
      </button>
    </Dialog>
  );
}

function download({ path, text }: TextFile): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = path.slice(path.lastIndexOf('/') + 1);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
