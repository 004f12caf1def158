import { formatDocumentName, parseDocumentName } from '#contract/document-name.ts';
import { usePage } from '../page.ts';
import { useStore } from '../store.ts';
import { Tabs } from '../ui/tabs.tsx';
import type { Rights } from './rights.ts';
import type { Room } from './room.ts';

/** The class document, a student's own copy, and the copy that a teacher has opened from the list of people. */
export function DocumentTabs(props: { room: Room; rights: Rights; userId: string; nameOf: (id: string) => string }) {
  const { strings } = usePage();
  const { room, rights, userId, nameOf } = props;
  const shown = useStore(room.state, ({ shown: line }) => line?.name);
  const { id: classroomId, myRole } = rights.classroom;
  const main = formatDocumentName({ kind: 'main', classroomId });
  const own = formatDocumentName({ kind: 'workspace', classroomId, userId });
  const names = new Set([main, ...(myRole === 'student' ? [own] : []), ...(shown === undefined ? [] : [shown])]);
  const label = (name: string) => {
    if (name === main) return strings.documents.main;
    if (name === own) return strings.documents.own;
    return strings.documents.copyOf(nameOf(parseDocumentName(name)?.userId ?? ''));
  };
  const tabs = [...names].map((name) => ({ id: name, label: label(name) }));
  return <Tabs class="documents" label={strings.documents.label} tabs={tabs} selected={shown} onSelect={room.show} />;
}
