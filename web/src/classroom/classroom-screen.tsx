import { useEffect, useState } from 'preact/hooks';
import type { User } from '#contract/api/accounts.ts';
import { usePage } from '../page.ts';
import { useStore } from '../store.ts';
import { Message } from '../ui/message.tsx';
import { ClassroomView } from './classroom-view.tsx';
import { Recovery, RecoveryNotice } from './recovery-dialog.tsx';
import { enterRoom, type Room } from './room.ts';

/** The address `/c/<id>`: goes in, and says why when that is not possible. */
export function ClassroomScreen({ id, user }: { id: string; user: User }) {
  const { client } = usePage();
  const [room, setRoom] = useState<Room>();
  useEffect(() => {
    const entered = enterRoom({ client, classroomId: id, user });
    setRoom(entered);
    return () => entered.leave();
  }, []);
  return room === undefined ? null : <Entered room={room} user={user} />;
}

function Entered({ room, user }: { room: Room; user: User }) {
  const { router, strings } = usePage();
  const { phase, reason, rights } = useStore(room.state);
  if (phase === 'waiting') return <Message text={strings.closed.waiting} />;
  if (phase === 'closed') {
    const why = reason ?? 'broken';
    return (
      <>
        <Message title={strings.closed[why]} text={strings.closed[`${why}Text`]}>
          <button type="button" class="primary" onClick={() => router.go('/')}>
            {strings.home}
          </button>
          <button type="button" onClick={() => location.reload()}>
            {strings.closed.reload}
          </button>
          <RecoveryNotice room={room} />
        </Message>
        <Recovery room={room} />
      </>
    );
  }
  if (rights === undefined) return <Message text={strings.loading} />;
  return <ClassroomView room={room} user={user} rights={rights} />;
}
