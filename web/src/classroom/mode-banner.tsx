import { parseDocumentName } from '#contract/document-name.ts';
import { isStaff } from '#contract/roles.ts';
import type { Classroom } from '#contract/api/classrooms.ts';
import type { Line } from '../document/line.ts';
import { usePage } from '../page.ts';
import { useStore } from '../store.ts';
import type { Strings } from '../strings/index.ts';
import { EyeIcon, PencilIcon } from '../ui/icons.tsx';

/** Says in one sentence what this document is and whether I may write; also heard when it changes. */
export function ModeBanner(props: {
  classroom: Classroom;
  line: Line;
  userId: string;
  nameOf: (id: string) => string;
}) {
  const { classroom, line, userId } = props;
  const { strings } = usePage();
  const accepting = useStore(line.state, (state) => state.server?.accepting ?? true);
  const visitors = useStore(line.state, (state) => staffHere(state.people, line.name, userId));
  const sentence = describe(strings, props);
  return (
    <p class={`mode-banner ${line.access}`} role="status">
      {line.access === 'write' ? <PencilIcon /> : <EyeIcon />}
      <span>
        {sentence}
        {!accepting && ` ${strings.mode.pausedWriting}`}
        {classroom.status === 'ended' && ` ${strings.mode.ended}`}
      </span>
      {visitors !== '' && <strong class="visitors">{strings.mode.visitors(visitors)}</strong>}
    </p>
  );
}

function describe(
  strings: Strings,
  {
    classroom,
    line,
    userId,
    nameOf,
  }: { classroom: Classroom; line: Line; userId: string; nameOf: (id: string) => string },
): string {
  const texts = strings.mode;
  const parsed = parseDocumentName(line.name);
  if (parsed?.kind === 'workspace') {
    if (parsed.userId === userId) return line.access === 'write' ? texts.ownCopy : texts.readOnly;
    return line.access === 'write' ? texts.copyOf(nameOf(parsed.userId)) : texts.readCopyOf(nameOf(parsed.userId));
  }
  if (line.access === 'write') {
    if (classroom.mode === 'free') return texts.together;
    return isStaff(classroom.myRole) ? texts.staff[classroom.mode] : texts.together;
  }
  return { lecture: texts.readMain, practice: texts.readMainInPractice, free: texts.readOnly }[classroom.mode];
}

/** In their own copy students are told who looks at it. */
function staffHere(
  people: { user: { id: string; name: string; role: string } }[],
  name: string,
  userId: string,
): string {
  if (parseDocumentName(name)?.userId !== userId) return '';
  const names = people.filter(({ user }) => user.role !== 'student' && user.id !== userId).map(({ user }) => user.name);
  return [...new Set(names)].join(', ');
}
