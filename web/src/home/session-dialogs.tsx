import type { User } from '#contract/api/accounts.ts';
import { usePage } from '../page.ts';
import { Dialog } from '../ui/dialog.tsx';
import { SignInForm } from './sign-in-form.tsx';

/** The session was ended elsewhere. The page stays as it is below, so that nothing typed is lost. */
export function EndedDialog({ user }: { user: User }) {
  const { client, strings } = usePage();
  return (
    <Dialog title={strings.signIn.endedTitle}>
      <p>{strings.signIn.endedText}</p>
      <SignInForm fixedEmail={user.email} />
      <button type="button" class="link" onClick={() => void client.signOut()}>
        {strings.signIn.signOut}
      </button>
    </Dialog>
  );
}

/** Another tab of this browser signed in as somebody else, and the cookie with it. */
export function ReplacedDialog({ by }: { by: User }) {
  const { strings } = usePage();
  return (
    <Dialog title={strings.signIn.replacedTitle(by.name)}>
      <p>{strings.signIn.replacedText}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => location.reload()}>
          {strings.signIn.replacedGo(by.name)}
        </button>
      </div>
    </Dialog>
  );
}
