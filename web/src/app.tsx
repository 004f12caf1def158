import { useEffect, useState } from 'preact/hooks';
import { ApiError } from './api/problem.ts';
import { ClassroomScreen } from './classroom/classroom-screen.tsx';
import { ClassroomsScreen } from './home/classrooms-screen.tsx';
import { JoinScreen } from './home/join-screen.tsx';
import { EndedDialog, ReplacedDialog } from './home/session-dialogs.tsx';
import { SignInScreen } from './home/sign-in-screen.tsx';
import { usePage } from './page.ts';
import { useStore } from './store.ts';
import { Message } from './ui/message.tsx';

const retryEveryMs = 2000;

/** Chooses the screen: nobody is signed in, or the address decides. */
export function App() {
  const { client, router, strings } = usePage();
  const identity = useStore(client.identity);
  const route = useStore(router.route);
  const [unreachable, setUnreachable] = useState(false);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const start = () => {
      client.start().catch((error: unknown) => {
        setUnreachable(true);
        if (error instanceof ApiError && error.mayPass) timer = setTimeout(start, retryEveryMs);
      });
    };
    start();
    return () => clearTimeout(timer);
  }, [client]);

  if (identity.phase === 'starting')
    return <Message text={unreachable ? strings.signIn.unreachable : strings.loading} />;
  if (!('user' in identity)) return <SignInScreen joinCode={route.at === 'join' ? route.code : undefined} />;
  const { user } = identity;
  return (
    <>
      {route.at === 'home' && <ClassroomsScreen key={user.id} user={user} />}
      {route.at === 'join' && <JoinScreen key={route.code} code={route.code} />}
      {route.at === 'classroom' && <ClassroomScreen key={`${route.id} ${user.id}`} id={route.id} user={user} />}
      {identity.phase === 'ended' && <EndedDialog user={user} />}
      {identity.phase === 'replaced' && <ReplacedDialog by={identity.by} />}
    </>
  );
}
