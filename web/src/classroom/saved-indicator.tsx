import { useEffect, useRef, useState } from 'preact/hooks';
import type { Line } from '../document/line.ts';
import { usePage } from '../page.ts';
import type { Strings } from '../strings/index.ts';
import { CheckIcon, WaitIcon, WarnIcon } from '../ui/icons.tsx';

interface RoomTrouble {
  unsavedElsewhere: boolean;
  /** The server does not take what this document has. */
  refused: boolean;
}

type Indication = { kind: 'good' | 'busy' | 'bad'; text: string };

/** Connection and storage in one plain sentence. Screen readers hear it only when it turns bad or good again. */
export function SavedIndicator({ line, ...room }: { line: Line | undefined } & RoomTrouble) {
  const { strings } = usePage();
  const { kind, text } = useIndication(line, room, strings);
  return (
    <div class={`saved ${kind}`} data-testid="saved">
      {kind === 'good' ? <CheckIcon /> : kind === 'busy' ? <WaitIcon /> : <WarnIcon />}
      <span>{text}</span>
      <Announcement kind={kind} text={text} />
    </div>
  );
}

function useIndication(
  line: Line | undefined,
  { unsavedElsewhere, refused }: RoomTrouble,
  strings: Strings,
): Indication {
  const [indication, setIndication] = useState<Indication>({ kind: 'busy', text: strings.saved.connecting });
  useEffect(() => {
    if (line === undefined) return undefined;
    const look = () => setIndication(indicate(line, { unsavedElsewhere, refused }, strings));
    look();
    return line.state.subscribe(look);
  }, [line, unsavedElsewhere, refused]);
  return indication;
}

function indicate(line: Line, { unsavedElsewhere, refused }: RoomTrouble, { saved: texts }: Strings): Indication {
  const { connection, loaded, saved } = line.state.get();
  const connected = connection === 'connected';
  if (refused) return { kind: 'bad', text: texts.refused };
  if (saved === 'unsaved') return { kind: 'bad', text: connected ? texts.unsavedOnline : texts.unsaved };
  if (!loaded) return { kind: 'busy', text: texts.connecting };
  if (!connected) return { kind: 'bad', text: unsavedElsewhere ? texts.unsaved : texts.offline };
  if (saved === 'saving' || unsavedElsewhere) return { kind: 'busy', text: texts.saving };
  return { kind: 'good', text: line.access === 'write' ? texts.saved : texts.live };
}

function Announcement({ kind, text }: Indication) {
  const wasBad = useRef(false);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (kind === 'bad' || (kind === 'good' && wasBad.current)) setSaid(text);
    if (kind !== 'busy') wasBad.current = kind === 'bad';
  }, [kind, text]);
  return (
    <span class="for-screen-readers" role="status">
      {said}
    </span>
  );
}
