import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { User } from '#contract/api/accounts.ts';
import { isStaff } from '#contract/roles.ts';
import type { EditorHandle } from '../editor/code-editor.tsx';
import { usePage } from '../page.ts';
import { useStore } from '../store.ts';
import { CrossIcon, PeopleIcon } from '../ui/icons.tsx';
import { ClassroomHeader } from './classroom-header.tsx';
import { DocumentTabs } from './document-tabs.tsx';
import { ModeBanner } from './mode-banner.tsx';
import { Recovery, RecoveryNotice } from './recovery-dialog.tsx';
import { accessTo, type Rights } from './rights.ts';
import type { Room } from './room.ts';
import { Roster, rosterOf } from './roster.tsx';
import { usePeople } from './use-people.ts';
import { useMembers } from './use-members.ts';
import { Workbench } from './workbench.tsx';

/** Students see who is in their document at once; the whole list is asked for rarely, as there may be 300 of them. */
const membersEveryMs = { staff: 10_000, others: 60_000 };

const roomForRoster = () => matchMedia('(min-width: 900px)').matches;

export function ClassroomView({ room, user, rights }: { room: Room; user: User; rights: Rights }) {
  const { strings } = usePage();
  const { shown, unsavedElsewhere, notice } = useStore(room.state);
  const { classroom } = rights;
  const staff = isStaff(classroom.myRole);
  const { people, files } = usePeople(shown);
  const presence = staff ? [...new Set(people.map((person) => person.user.id))].toSorted().join() : '';
  const members = useMembers(classroom.id, staff ? membersEveryMs.staff : membersEveryMs.others, presence);
  const [rosterOpen, setRosterOpen] = useState(roomForRoster);
  const editor = useRef<EditorHandle | null>(null);

  const me = { id: user.id, name: user.name, role: classroom.myRole, online: true, here: { path: undefined } };
  const entries = useMemo(() => rosterOf(members, people, me, files), [members, people, files, user, classroom.myRole]);
  const nameOf = (id: string) => entries.find((entry) => entry.id === id)?.name ?? '…';

  useEffect(() => {
    document.title = `${classroom.title} – ${strings.product}`;
  }, [classroom.title]);

  return (
    <div class={rosterOpen ? 'classroom with-roster' : 'classroom'}>
      <ClassroomHeader room={room} rights={rights} user={user} shown={shown} unsavedElsewhere={unsavedElsewhere} />
      <main>
        <div class="document-bar">
          <DocumentTabs room={room} rights={rights} userId={user.id} nameOf={nameOf} />
          {shown !== undefined && <ModeBanner classroom={classroom} line={shown} userId={user.id} nameOf={nameOf} />}
          <button
            type="button"
            class="quiet roster-toggle"
            aria-expanded={rosterOpen}
            aria-controls="roster"
            aria-label={strings.roster.toggle(entries.filter(({ online }) => online).length)}
            onClick={() => setRosterOpen(!rosterOpen)}
          >
            {rosterOpen && !roomForRoster() ? <CrossIcon /> : <PeopleIcon />}{' '}
            {entries.filter(({ online }) => online).length}
          </button>
        </div>
        {notice === 'access-lost' && (
          <p class="notice" role="alert">
            {strings.documents.accessLost}
          </p>
        )}
        <RecoveryNotice room={room} />
        {shown === undefined ? (
          <p class="opening">{strings.documents.opening}</p>
        ) : (
          <Workbench key={shown.name} room={room} classroom={classroom} line={shown} userId={user.id} editor={editor} />
        )}
      </main>
      <aside id="roster" aria-label={strings.roster.title} hidden={!rosterOpen}>
        <Roster
          entries={entries}
          meId={user.id}
          classroomId={classroom.id}
          mayOpen={(name) => accessTo(rights, name) !== undefined}
          shown={shown?.name}
          onOpen={(name) => {
            room.show(name);
            // On a small screen the list lies over the document.
            if (!roomForRoster()) setRosterOpen(false);
          }}
        />
      </aside>
      <Recovery room={room} onPutBack={() => editor.current?.focus()} />
    </div>
  );
}
