import { useEffect, useState } from 'preact/hooks';
import type { Member } from '#contract/api/classrooms.ts';
import { listMembers } from '../api/classrooms.ts';
import { usePage } from '../page.ts';

/**
 * The members of a classroom, asked for anew every `everyMs` while the window is visible, and soon after `presence` (any
 * string that changes with who is here) has changed.
 */
export function useMembers(classroomId: string, everyMs: number, presence: string): Member[] {
  const { client } = usePage();
  const [members, setMembers] = useState<Member[]>([]);
  useEffect(() => {
    let wanted = true;
    const look = () => {
      if (document.visibilityState === 'hidden') return;
      // The list on the screen stays when a look fails; the next one is on its way.
      listMembers(client, classroomId).then(
        (found) => wanted && setMembers(found),
        () => {},
      );
    };
    // Thirty people coming in at the bell are one look, not thirty.
    const soon = setTimeout(look, members.length === 0 ? 0 : 700);
    const timer = setInterval(look, everyMs);
    document.addEventListener('visibilitychange', look);
    return () => {
      wanted = false;
      clearTimeout(soon);
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [client, classroomId, everyMs, presence]);
  return members;
}
