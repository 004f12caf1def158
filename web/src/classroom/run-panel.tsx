import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { AwarenessRun } from '#contract/awareness.ts';
import type { Run } from '#contract/api/runs.ts';
import { isFinal } from '#contract/run.ts';
import { usePage } from '../page.ts';
import { explain, type Strings } from '../strings/index.ts';
import { CheckIcon, StopIcon, WaitIcon, WarnIcon } from '../ui/icons.tsx';
import type { RunView } from './use-run.ts';

/** What the last run of this document did, for everybody who is in it. Output is text, never markup. */
export function RunPanel(props: { view: RunView; mayCancel: boolean; stdin: string; onStdin: (text: string) => void }) {
  const { strings } = usePage();
  const { run, full, sending, error } = props.view;
  const texts = strings.run;
  const inputId = useId();
  const [inputOpen, setInputOpen] = useState(false);
  const live = run !== undefined && !isFinal(run.status);
  const output = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // An error stands at the end; a result is read from its beginning.
    output.current?.scrollTo({ top: full === undefined || full.status === 'ok' ? 0 : output.current.scrollHeight });
  }, [full]);
  return (
    <section class="run-panel" aria-label={texts.output}>
      <header>
        <Status run={run} full={full} sending={sending} />
        <span class="push" />
        {live && props.mayCancel && (
          <button type="button" class="quiet" onClick={props.view.cancel}>
            <StopIcon /> {texts.cancelRun}
          </button>
        )}
        <button
          type="button"
          class="quiet"
          aria-expanded={inputOpen}
          aria-controls={inputId}
          onClick={() => setInputOpen(!inputOpen)}
        >
          {texts.input}
          {props.stdin !== '' && !inputOpen && <span class="tag">{props.stdin.split('\n').length}</span>}
        </button>
      </header>
      <div class="run-body">
        <div ref={output} class="run-output" tabIndex={0} role="group" aria-label={texts.output}>
          {error !== undefined && (
            <p class="problem" role="alert">
              {explain(strings, error)}
            </p>
          )}
          {run === undefined ? <p class="hint">{texts.nothing}</p> : <Output run={run} full={full} />}
        </div>
        <div class="run-input" id={inputId} hidden={!inputOpen}>
          <label>
            {texts.inputLabel}
            <textarea
              value={props.stdin}
              spellcheck={false}
              maxLength={65536}
              onInput={(event) => props.onStdin(event.currentTarget.value)}
            />
          </label>
          <small>{texts.inputHint}</small>
        </div>
      </div>
    </section>
  );
}

function Status({ run, full, sending }: { run: AwarenessRun | undefined; full: Run | undefined; sending: boolean }) {
  const { strings } = usePage();
  const { run: texts } = strings;
  const busy = sending || (run !== undefined && !isFinal(run.status));
  const kind = busy ? 'busy' : run === undefined ? 'idle' : run.status === 'ok' ? 'good' : 'bad';
  return (
    <div class={`run-status ${kind}`}>
      {kind === 'busy' && <WaitIcon />}
      {kind === 'good' && <CheckIcon />}
      {kind === 'bad' && <WarnIcon />}
      <div>
        <span role="status" data-testid="run-status">
          {sending ? texts.sending : run === undefined ? texts.output : statusInWords(strings, run, full)}
        </span>
        {run !== undefined && !sending && <span class="by">{texts.by(run.by.name)}</span>}
      </div>
    </div>
  );
}

function Output({ run, full }: { run: AwarenessRun; full: Run | undefined }) {
  const { strings } = usePage();
  const texts = strings.run;
  if (full === undefined) return <OutputBlock kind="stdout" title={undefined} text={run.tail} />;
  const compiler = full.compile?.output ?? '';
  const several = [compiler, full.stdout, full.stderr].filter((text) => text !== '').length > 1;
  const nothing = compiler === '' && full.stdout === '' && full.stderr === '';
  return (
    <>
      <OutputBlock kind="compiler" title={texts.compiler} text={compiler} />
      <OutputBlock kind="stdout" title={several ? texts.stdout : undefined} text={full.stdout} />
      <OutputBlock kind="stderr" title={texts.stderr} text={full.stderr} />
      {full.truncated && <p class="hint">{texts.truncated}</p>}
      {nothing && <p class="hint">{texts.noOutput}</p>}
    </>
  );
}

/** Error output differs by its heading and its bar, not by colour alone. */
function OutputBlock({ kind, title, text }: { kind: string; title: string | undefined; text: string }) {
  if (text === '') return null;
  return (
    <div class={`output-block ${kind}`}>
      {title !== undefined && <h3>{title}</h3>}
      <pre data-testid={kind}>{text}</pre>
    </div>
  );
}

/** For example "Time limit: stopped after 10 s". */
export function statusInWords({ run: texts }: Strings, run: AwarenessRun, full: Run | undefined): string {
  if (!isFinal(run.status)) return texts[run.status];
  const ms =
    full?.wallMs ?? (run.startedAt !== null && run.finishedAt !== null ? run.finishedAt - run.startedAt : null);
  const seconds = ms === null ? undefined : (ms / 1000).toFixed(ms < 1000 ? 2 : ms < 9950 ? 1 : 0);
  if (run.status === 'time-limit' && seconds !== undefined) return texts.timeLimit(seconds);
  if (run.status === 'cpu-limit' && seconds !== undefined) return texts.cpuLimit(seconds);
  const details: string[] = [];
  if (run.status === 'ok' && seconds !== undefined) details.push(texts.took(seconds));
  if (run.status === 'runtime-error' && run.exitCode !== null) details.push(texts.exitCode(run.exitCode));
  if (full?.signal) details.push(texts.signal(full.signal));
  return texts.final[run.status] + (details.length > 0 ? ` (${details.join(', ')})` : '');
}
