import { formatDocumentName } from '#contract/document-name.ts';
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
  const own = formatDocumentName({ kind: 'workspace', classroomId, userId });
  const tabs = rights.documents
    .filter(({ kind, name }) => kind === 'main' || (name === own && myRole === 'student') || name === shown)
    .map(({ kind, name, userId: owner }) => ({
      id: name,
      label:
        kind === 'main'
          ? strings.documents.main
          : name === own
            ? strings.documents.own
            : strings.documents.copyOf(nameOf(owner ?? '')),
    }));
  return <Tabs class="documents" label={strings.documents.label} tabs={tabs} selected={shown} onSelect={room.show} />;
}
