import { useEffect, useRef, useState } from 'preact/hooks';
import { indicate, type Indication } from '../document/indication.ts';
import type { Line } from '../document/line.ts';
import { usePage } from '../page.ts';
import type { Strings } from '../strings/index.ts';
import { CheckIcon, WaitIcon, WarnIcon } from '../ui/icons.tsx';

interface RoomTrouble {
  unsavedElsewhere: boolean;
  /** The server does not take what this document has. */
  refused: boolean;
}

/** Connection and storage in one plain sentence. Screen readers hear it only when it turns bad or good again. */
export function SavedIndicator({ line, ...room }: { line: Line | undefined } & RoomTrouble) {
  const { strings } = usePage();
  const indication = useIndication(line, room);
  const { kind } = indication;
  const text = sentence(indication, strings);
  return (
    <div class={`saved ${kind}`} data-testid="saved">
      {kind === 'good' ? <CheckIcon /> : kind === 'busy' ? <WaitIcon /> : <WarnIcon />}
      <span>{text}</span>
      <Announcement kind={kind} text={text} />
    </div>
  );
}

function useIndication(line: Line | undefined, { unsavedElsewhere, refused }: RoomTrouble): Indication {
  const [indication, setIndication] = useState<Indication>({ kind: 'busy', say: 'connecting' });
  useEffect(() => {
    if (line === undefined) return undefined;
    const look = () =>
      setIndication((before) => {
        const next = indicate(line.state.get(), { access: line.access, unsavedElsewhere, refused });
        return JSON.stringify(next) === JSON.stringify(before) ? before : next;
      });
    look();
    return line.state.subscribe(look);
  }, [line, unsavedElsewhere, refused]);
  return indication;
}

function sentence(indication: Indication, { saved: texts }: Strings): string {
  if (indication.say !== 'interrupted') return texts[indication.say];
  const { unsaved, why } = indication;
  return unsaved ? texts.unsaved(texts.reasons[why]) : texts.waiting(texts.reasons[why]);
}

function Announcement({ kind, text }: { kind: Indication['kind']; text: string }) {
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
