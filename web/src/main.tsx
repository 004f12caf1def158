import { render } from 'preact';
import { createClient } from './api/client.ts';
import { App } from './app.tsx';
import { PageContext } from './page.ts';
import { createRouter } from './router.ts';
import { chooseStrings } from './strings/index.ts';
import './styles/base.css';
import './styles/parts.css';
import './styles/home.css';
import './styles/classroom.css';
import './styles/editor.css';
import './styles/roster.css';
import './styles/run.css';

const strings = chooseStrings(navigator.languages);
document.documentElement.lang = strings.language;

const page = { client: createClient(), router: createRouter(), strings };
render(
  <PageContext.Provider value={page}>
    <App />
  </PageContext.Provider>,
  document.getElementById('page')!,
);
