import { useState } from 'preact/hooks';
import { usePage } from '../page.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { BoardIcon } from '../ui/icons.tsx';

/** The join code for the board: in the bar, and as large as the screen on request. */
export function JoinCode({ code, publicOrigin }: { code: string; publicOrigin: string }) {
  const { strings } = usePage();
  const [onBoard, setOnBoard] = useState(false);
  const texts = strings.code;
  const link = `${publicOrigin}/join/${encodeURIComponent(code)}`;
  const { host, hostname } = new URL(publicOrigin);
  const onlyHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (
    <div class="join-code">
      <span class="caption">{texts.label}</span>
      <strong>{code}</strong>
      <CopyButton text={code} label={strings.copy} />
      <button type="button" class="quiet" onClick={() => setOnBoard(true)}>
        <BoardIcon /> {texts.show}
      </button>
      {onBoard && (
        <Dialog title={texts.label} class="board" onClose={() => setOnBoard(false)}>
          <p>{texts.goTo}</p>
          <p class="address">{host}</p>
          <p>{texts.andEnter}</p>
          <p class="code-on-board">{code}</p>
          {onlyHere && (
            <p class="hint">
              {texts.onlyHere} <code>npm start -- --lan</code>
            </p>
          )}
          <CopyButton text={link} label={texts.copyLink} />
        </Dialog>
      )}
    </div>
  );
}
