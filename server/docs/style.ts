/** The look of `/docs`: system fonts, light or dark as the reader's system is, usable by keyboard and on a phone. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fff, #16181d);
  --panel: light-dark(#f5f6f8, #1e2128);
  --ink: light-dark(#1c1f26, #e4e7ec);
  --faint: light-dark(#5b6472, #9aa4b2);
  --line: light-dark(#dfe3e8, #31363f);
  --link: light-dark(#0b5cad, #7cb7ff);
  --get: light-dark(#0a6b3d, #6fd39c);
  --write: light-dark(#8a4b00, #f0b45c);
  --delete: light-dark(#a3201d, #ff9a94);
  font: 16px/1.55 system-ui, sans-serif;
}
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper); }
a { color: var(--link); text-underline-offset: 2px; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem 1rem; z-index: 1; }
.frame { display: grid; grid-template-columns: 17rem minmax(0, 52rem); gap: 3rem; padding: 0 2rem; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2rem 0; font-size: .875rem; scrollbar-width: thin; }
nav h2 { font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; color: var(--faint); margin: 1.4rem 0 .3rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: .12rem 0; color: inherit; text-decoration: none; }
nav li a:hover { text-decoration: underline; }
main { padding: 2rem 0 6rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; }
main > h2 { font-size: 1.35rem; margin: 3.5rem 0 .5rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
section { margin: 2rem 0; scroll-margin-top: 1rem; }
section > h3 { font-size: 1rem; margin: 0 0 .35rem; display: flex; flex-wrap: wrap; gap: .6rem; align-items: baseline; }
h4 { font-size: .8rem; margin: 1rem 0 .3rem; color: var(--faint); font-weight: 600; }
p { margin: .35rem 0; }
code, pre, .path { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .875em; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; margin: 0; overflow-x: auto; line-height: 1.5; }
pre b { font-weight: 600; } pre i, td i { color: var(--faint); font-style: normal; }
.verb { font: 700 .75rem/1 ui-monospace, monospace; letter-spacing: .04em; min-width: 3.6rem; color: var(--write); }
.get { color: var(--get); } .delete { color: var(--delete); }
.key { font-size: .75rem; color: var(--faint); border: 1px solid var(--line); border-radius: 99px; padding: .05rem .55rem; font-weight: 400; }
.path { font-weight: 600; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 600; font-size: .8rem; }
td:first-child { white-space: nowrap; }
tr:target, section:target { background: light-dark(#fff7d6, #3a3419); }
.errors { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; list-style: none; margin: 0; padding: 0; font-size: .85rem; color: var(--faint); }
@media (max-width: 60rem) {
  .frame { display: block; padding: 0 1rem; }
  nav { position: static; height: auto; max-height: 40vh; border-bottom: 1px solid var(--line); }
}
@media print { nav { display: none; } .frame { display: block; } }
`;
