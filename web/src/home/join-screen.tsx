import { useEffect, useState } from 'preact/hooks';
import { joinClassroom } from '../api/classrooms.ts';
import { usePage } from '../page.ts';
import { explain } from '../strings/index.ts';
import { Message } from '../ui/message.tsx';

/** The address `/join/<code>`: becomes a member and goes on to the classroom. */
export function JoinScreen({ code }: { code: string }) {
  const { client, router, strings } = usePage();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let wanted = true;
    joinClassroom(client, code).then(
      (classroom) => wanted && router.go(`/c/${classroom.id}`, { replace: true }),
      (error: unknown) => wanted && setProblem(explain(strings, error)),
    );
    return () => {
      wanted = false;
    };
  }, [client, code]);

  if (problem === undefined) return <Message text={strings.classrooms.joining(code)} />;
  return (
    <Message title={strings.classrooms.joinFailed} text={problem}>
      <button type="button" class="primary" onClick={() => router.go('/', { replace: true })}>
        {strings.home}
      </button>
    </Message>
  );
}
