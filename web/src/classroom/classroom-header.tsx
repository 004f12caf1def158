import type { User } from '#contract/api/accounts.ts';
import { isStaff } from '#contract/roles.ts';
import type { Line } from '../document/line.ts';
import { usePage } from '../page.ts';
import { useStore } from '../store.ts';
import { Logo } from '../ui/icons.tsx';
import { JoinCode } from './join-code.tsx';
import { ModeSwitch } from './mode-switch.tsx';
import type { Rights } from './rights.ts';
import type { Room } from './room.ts';
import { SavedIndicator } from './saved-indicator.tsx';
import { waitUntil } from './wait-until.ts';

export function ClassroomHeader(props: {
  room: Room;
  rights: Rights;
  user: User;
  shown: Line | undefined;
  unsavedElsewhere: boolean;
}) {
  const { client, router, strings } = usePage();
  const { room, rights, user } = props;
  const { classroom, publicOrigin } = rights;
  const trouble = useStore(room.state, (state) => state.trouble);

  /** Signing out closes the sockets at once, so what is under way gets its moment first. */
  async function signOut(): Promise<void> {
    const unsaved = () => props.unsavedElsewhere || (props.shown?.state.get().saved ?? 'saved') !== 'saved';
    if (props.shown !== undefined) await waitUntil(props.shown.state, ({ saved }) => saved === 'saved', 2000);
    if (!unsaved() || confirm(strings.signIn.signOutUnsaved)) await client.signOut();
  }
  return (
    <header class="classroom-header">
      <div class="bar">
        <a
          class="home-link"
          href="/"
          aria-label={strings.home}
          title={strings.home}
          onClick={(event) => {
            event.preventDefault();
            router.go('/');
          }}
        >
          <Logo />
        </a>
        <h1>{classroom.title}</h1>
        <SavedIndicator line={props.shown} unsavedElsewhere={props.unsavedElsewhere} refused={trouble !== undefined} />
        <span class="push" />
        <span class="me">
          {user.name} <span class="tag">{strings.roles[classroom.myRole]}</span>
        </span>
        <button type="button" class="quiet sign-out" onClick={() => void signOut()}>
          {strings.signIn.signOut}
        </button>
      </div>
      {isStaff(classroom.myRole) && (
        <div class="bar desk">
          <ModeSwitch room={room} mode={classroom.mode} />
          <span class="push" />
          {classroom.code !== undefined && <JoinCode code={classroom.code} publicOrigin={publicOrigin} />}
        </div>
      )}
    </header>
  );
}
