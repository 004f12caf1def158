import { useEffect, useState } from 'preact/hooks';
import { getVersion, type ServerVersion } from '../api/classrooms.ts';
import { usePage } from '../page.ts';
import { explain } from '../strings/index.ts';
import { Logo } from '../ui/icons.tsx';
import { SignInForm } from './sign-in-form.tsx';

type Demo = NonNullable<ServerVersion['demo']>;

export function SignInScreen({ joinCode }: { joinCode: string | undefined }) {
  const { strings } = usePage();
  const [demo, setDemo] = useState<Demo>();
  useEffect(() => {
    // Without an answer there is simply nothing to offer; signing in will say what is wrong.
    getVersion().then(
      (version) => setDemo(version.demo),
      () => {},
    );
  }, []);
  return (
    <main class="sign-in">
      <header class="brand">
        <Logo />
        <div>
          <h1>{strings.product}</h1>
          <p>{joinCode === undefined ? strings.tagline : strings.signIn.toJoin(joinCode)}</p>
        </div>
      </header>
      <section class="card">
        <SignInForm />
      </section>
      {demo !== undefined && <DemoLogins demo={demo} />}
    </main>
  );
}

function DemoLogins({ demo }: { demo: Demo }) {
  const { client, strings } = usePage();
  const [problem, setProblem] = useState('');
  const [teacher, ...students] = demo.logins;
  const enter = (email: string) => {
    setProblem('');
    client.signIn({ email, password: demo.password }).catch((error: unknown) => setProblem(explain(strings, error)));
  };
  return (
    <section class="card demo" aria-label={strings.signIn.demoTitle}>
      <h2>{strings.signIn.demoTitle}</h2>
      <div class="actions">
        {teacher !== undefined && (
          <button type="button" onClick={() => enter(teacher)}>
            {strings.signIn.demoTeacher}
          </button>
        )}
        {students.map((email, index) => (
          <button type="button" key={email} onClick={() => enter(email)}>
            {strings.signIn.demoStudent(index + 1)}
          </button>
        ))}
      </div>
      <p class="problem" role="alert" hidden={problem === ''}>
        {problem}
      </p>
      <p class="hint">{strings.signIn.demoHint}</p>
    </section>
  );
}
