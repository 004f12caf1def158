import { useEffect, useState } from 'preact/hooks';
import type { User } from '#contract/api/accounts.ts';
import type { Classroom } from '#contract/api/classrooms.ts';
import { createClassroom, joinClassroom, listClassrooms, listLanguages } from '../api/classrooms.ts';
import { loadEditor } from '../classroom/load-editor.ts';
import { languageName } from '../languages.ts';
import { usePage } from '../page.ts';
import { explain } from '../strings/index.ts';
import { Field, Form } from '../ui/form.tsx';
import { Logo } from '../ui/icons.tsx';

/** What the reference worker always offers; used until the server has said what there is. */
const usualLanguages = ['python', 'javascript', 'typescript'];

export function ClassroomsScreen({ user }: { user: User }) {
  const { client, strings } = usePage();
  const [classrooms, setClassrooms] = useState<Classroom[]>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    document.title = strings.product;
    listClassrooms(client).then(setClassrooms, (error: unknown) => setProblem(explain(strings, error)));
    // The next click most likely opens a classroom, so its editor is fetched meanwhile.
    void loadEditor().catch(() => {});
  }, [client]);

  return (
    <div class="home">
      <header class="bar">
        <Logo />
        <span class="product">{strings.product}</span>
        <span class="push" />
        <span class="me">{user.name}</span>
        <button type="button" class="quiet" onClick={() => void client.signOut()}>
          {strings.signIn.signOut}
        </button>
      </header>
      <main>
        <section aria-labelledby="mine">
          <h1 id="mine">{strings.classrooms.title}</h1>
          <p class="problem" role="alert" hidden={problem === ''}>
            {problem}
          </p>
          {classrooms === undefined && problem === '' && <p class="hint">{strings.loading}</p>}
          {classrooms?.length === 0 && <p class="hint">{strings.classrooms.none}</p>}
          <ul class="classrooms">
            {classrooms?.map((classroom) => (
              <ClassroomCard key={classroom.id} classroom={classroom} />
            ))}
          </ul>
        </section>
        <aside>
          <JoinForm />
          <CreateForm />
        </aside>
      </main>
    </div>
  );
}

function ClassroomCard({ classroom }: { classroom: Classroom }) {
  const { router, strings } = usePage();
  const { id, title, myRole, owner, language, memberCount } = classroom;
  return (
    <li>
      <a
        class="card"
        href={`/c/${id}`}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          router.go(`/c/${id}`);
        }}
      >
        <strong>{title}</strong>
        <span>
          {[
            languageName(language),
            strings.classrooms.members(memberCount),
            strings.classrooms.taughtBy(owner.name),
          ].join(' · ')}
        </span>
        <span class="tag">{strings.roles[myRole]}</span>
      </a>
    </li>
  );
}

function JoinForm() {
  const { client, router, strings } = usePage();
  const texts = strings.classrooms;
  return (
    <section class="card">
      <h2>{texts.joinTitle}</h2>
      <Form
        label={texts.joinTitle}
        submit={texts.join}
        send={async ({ code = '' }) => router.go(`/c/${(await joinClassroom(client, code)).id}`)}
      >
        <Field
          class="code-input"
          label={texts.joinLabel}
          hint={texts.joinHint}
          name="code"
          required
          maxlength={64}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
        />
      </Form>
    </section>
  );
}

function CreateForm() {
  const { client, router, strings } = usePage();
  const texts = strings.classrooms;
  const [languages, setLanguages] = useState(usualLanguages);
  useEffect(() => {
    listLanguages(client).then(
      (offered) => offered.length > 0 && setLanguages(offered.toSorted(byUsefulness)),
      () => {},
    );
  }, [client]);
  return (
    <section class="card">
      <h2>{texts.createTitle}</h2>
      <Form
        label={texts.createTitle}
        submit={texts.create}
        send={async ({ title = '', language = 'python' }) =>
          router.go(`/c/${(await createClassroom(client, { title, language })).id}`)
        }
      >
        <Field
          label={texts.titleLabel}
          hint={texts.titleHint}
          name="title"
          required
          maxlength={120}
          autocomplete="off"
        />
        <div class="field">
          <label for="language">{texts.languageLabel}</label>
          <select id="language" name="language">
            {languages.map((id) => (
              <option key={id} value={id}>
                {languageName(id)}
              </option>
            ))}
          </select>
        </div>
      </Form>
    </section>
  );
}

/** Python first, as most first lessons are; the others by name. */
function byUsefulness(a: string, b: string): number {
  return Number(b === 'python') - Number(a === 'python') || languageName(a).localeCompare(languageName(b));
}
