import type { ComponentChildren } from 'preact';

export interface Tab {
  id: string;
  label: ComponentChildren;
}

/** A row of tabs (WAI-ARIA pattern): one stop for the Tab key, arrows move between them. */
export function Tabs(props: {
  label: string;
  class: string;
  tabs: Tab[];
  selected: string | undefined;
  onSelect: (id: string) => void;
}) {
  const { tabs, selected, onSelect } = props;
  function onKeyDown(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
    const at = tabs.findIndex(({ id }) => id === selected);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    onSelect(next.id);
    event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')[tabs.indexOf(next)]?.focus();
  }
  return (
    <div role="tablist" aria-label={props.label} class={`tabs ${props.class}`} onKeyDown={onKeyDown}>
      {tabs.map(({ id, label }) => (
        <button
          type="button"
          role="tab"
          key={id}
          aria-selected={id === selected}
          tabIndex={id === selected ? 0 : -1}
          onClick={() => onSelect(id)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
