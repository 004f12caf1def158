import { useState } from 'preact/hooks';
import { modeSchema, type Mode } from '#contract/roles.ts';
import { usePage } from '../page.ts';
import { explain } from '../strings/index.ts';
import type { Room } from './room.ts';

/** One switch for the whole class: who writes where. */
export function ModeSwitch({ room, mode }: { room: Room; mode: Mode }) {
  const { strings } = usePage();
  const [problem, setProblem] = useState('');
  const [asked, setAsked] = useState<Mode>();
  const change = (next: Mode) => {
    setProblem('');
    setAsked(next);
    room
      .changeMode(next)
      .catch((error: unknown) => setProblem(explain(strings, error)))
      .finally(() => setAsked(undefined));
  };
  const current = asked ?? mode;
  return (
    <div class="mode-switch" role="group" aria-label={strings.mode.label}>
      {modeSchema.options.map((option) => (
        <button type="button" key={option} aria-pressed={option === current} onClick={() => change(option)}>
          <strong>{strings.mode.names[option]}</strong>
          <span>{strings.mode.hints[option]}</span>
        </button>
      ))}
      <p class="problem" role="alert" hidden={problem === ''}>
        {problem}
      </p>
    </div>
  );
}
