import type { Member } from '#contract/api/classrooms.ts';
import { formatDocumentName } from '#contract/document-name.ts';
import { cursorColor } from '#contract/awareness.ts';
import { isStaff, type Role } from '#contract/roles.ts';
import type { FileEntry } from '../document/files.ts';
import type { Person } from '../document/people.ts';
import { usePage } from '../page.ts';
import { EyeIcon } from '../ui/icons.tsx';

export interface RosterEntry {
  id: string;
  name: string;
  role: Role;
  online: boolean;
  /** In the document on my screen; with the file, when their cursor is in one. */
  here: { path: string | undefined } | undefined;
}

/** Members and the people of this document as one list: awareness is faster, the member list is complete. */
export function rosterOf(members: Member[], people: Person[], me: RosterEntry, files: FileEntry[]): RosterEntry[] {
  const entries = new Map<string, RosterEntry>([[me.id, me]]);
  for (const { user, role, online } of members) {
    if (user.id !== me.id) entries.set(user.id, { id: user.id, name: user.name, role, online, here: undefined });
  }
  for (const { user, fileId } of people) {
    if (user.id === me.id) continue;
    const path = files.find(({ id }) => id === fileId)?.path ?? entries.get(user.id)?.here?.path;
    entries.set(user.id, { id: user.id, name: user.name, role: user.role, online: true, here: { path } });
  }
  return [...entries.values()].toSorted((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name));
}

export function Roster(props: {
  entries: RosterEntry[];
  meId: string;
  classroomId: string;
  /** Whether I may open a student's copy, by its name. */
  mayOpen: (document: string) => boolean;
  shown: string | undefined;
  onOpen: (document: string) => void;
}) {
  const { strings } = usePage();
  const { entries } = props;
  const groups: [string, RosterEntry[]][] = [
    [strings.roster.teachers, entries.filter(({ role }) => isStaff(role))],
    [strings.roster.students, entries.filter(({ role }) => role === 'student')],
    [strings.roster.observers, entries.filter(({ role }) => role === 'observer')],
  ];
  return (
    <>
      {groups.map(([title, group]) => (
        <section key={title} aria-label={title} hidden={group.length === 0}>
          <h2>
            {title} <span class="count">{group.length}</span>
          </h2>
          <ul>
            {group.map((entry) => (
              <RosterRow key={entry.id} entry={entry} {...props} />
            ))}
          </ul>
        </section>
      ))}
      {entries.length < 2 && <p class="hint">{strings.roster.empty}</p>}
    </>
  );
}

function RosterRow(props: {
  entry: RosterEntry;
  meId: string;
  classroomId: string;
  mayOpen: (document: string) => boolean;
  shown: string | undefined;
  onOpen: (document: string) => void;
}) {
  const { strings } = usePage();
  const { entry, classroomId } = props;
  const texts = strings.roster;
  const isMe = entry.id === props.meId;
  const where = !entry.online ? texts.offline : entry.here === undefined ? texts.online : texts.here(entry.here.path);
  const workspace = formatDocumentName({ kind: 'workspace', classroomId, userId: entry.id });
  const opens = !isMe && entry.role === 'student' && props.mayOpen(workspace);
  const content = (
    <>
      <span class="avatar" style={{ '--color': cursorColor(entry.id) }} aria-hidden="true">
        {firstLetter(entry.name)}
      </span>
      <span class="who">
        <span class="name">
          {entry.name} {isMe && <em>({texts.you})</em>}
        </span>
        <span class="where">{entry.role === 'assistant' ? `${strings.roles.assistant}, ${where}` : where}</span>
      </span>
    </>
  );
  return (
    <li class={entry.online ? '' : 'offline'}>
      {opens ? (
        <button
          type="button"
          aria-label={`${texts.openCopy(entry.name)}, ${where}`}
          title={texts.openCopy(entry.name)}
          aria-pressed={props.shown === workspace}
          onClick={() => props.onOpen(workspace)}
        >
          {content}
          <EyeIcon />
        </button>
      ) : (
        <div>{content}</div>
      )}
    </li>
  );
}

/** The first letter as a person counts letters: a Hangul syllable or an emoji is one. */
function firstLetter(name: string): string {
  const [first] = new Intl.Segmenter().segment(name);
  return first?.segment.toUpperCase() ?? '';
}
