import type { ComponentChildren } from 'preact';

/** All icons are decoration: the words beside them, or the label of their button, carry the meaning. */
function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {children}
    </svg>
  );
}

const stroke = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 1.6,
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
} as const;

export const PlayIcon = () => (
  <Icon>
    <path d="M4.5 2.8v10.4a.6.6 0 0 0 .9.5l8.3-5.2a.6.6 0 0 0 0-1L5.4 2.300a.6.6 0 0 0-.9.5z" fill="currentColor" />
  </Icon>
);
export const StopIcon = () => (
  <Icon>
    <rect x="3.5" y="3.5" width="9" height="9" rx="1.5" fill="currentColor" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="M3 8.500l3.2 3.200L13 4.8" {...stroke} />
  </Icon>
);
export const CrossIcon = () => (
  <Icon>
    <path d="M4 4l8 8M12 4l-8 8" {...stroke} />
  </Icon>
);
export const WarnIcon = () => (
  <Icon>
    <path d="M8 2.200L14.3 13.300H1.700zM8 6.500v3.200M8 11.600v.1" {...stroke} />
  </Icon>
);
export const WaitIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.8" {...stroke} />
    <path d="M8 4.800V8l2.2 1.6" {...stroke} />
  </Icon>
);
export const PeopleIcon = () => (
  <Icon>
    <circle cx="6" cy="5.5" r="2.3" {...stroke} />
    <path
      d="M1.8 13c.3-2.5 2-3.8 4.2-3.800s3.9 1.3 4.2 3.800M10.5 3.400a2.3 2.3 0 0 1 0 4.200M12 9.700c1.3.5 2 1.6 2.2 3.3"
      {...stroke}
    />
  </Icon>
);
export const PlusIcon = () => (
  <Icon>
    <path d="M8 3.500v9M3.5 8h9" {...stroke} />
  </Icon>
);
export const MoreIcon = () => (
  <Icon>
    <circle cx="3.5" cy="8" r="1.2" fill="currentColor" />
    <circle cx="8" cy="8" r="1.2" fill="currentColor" />
    <circle cx="12.5" cy="8" r="1.2" fill="currentColor" />
  </Icon>
);
export const BoardIcon = () => (
  <Icon>
    <rect x="1.8" y="2.8" width="12.4" height="8.4" rx="1" {...stroke} />
    <path d="M8 11.200v2.500M5 13.700h6" {...stroke} />
  </Icon>
);
export const CopyIcon = () => (
  <Icon>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" {...stroke} />
    <path d="M10.5 5.500V4A1.5 1.5 0 0 0 9 2.500H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.500h1.5" {...stroke} />
  </Icon>
);
export const LinkIcon = () => (
  <Icon>
    <path
      d="M6.7 9.300a2.7 2.7 0 0 0 3.8 0l2.2-2.200a2.7 2.7 0 0 0-3.8-3.800l-.9.9M9.3 6.700a2.7 2.7 0 0 0-3.8 0L3.3 8.900a2.7 2.7 0 0 0 3.8 3.800l.9-.9"
      {...stroke}
    />
  </Icon>
);
export const EyeIcon = () => (
  <Icon>
    <path d="M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z" {...stroke} />
    <circle cx="8" cy="8" r="1.9" {...stroke} />
  </Icon>
);
export const PencilIcon = () => (
  <Icon>
    <path d="M3 13l.7-2.9 7-7a1.3 1.3 0 0 1 1.9 0l.3.3a1.3 1.3 0 0 1 0 1.900l-7 7z" {...stroke} />
  </Icon>
);

/** The reading desk that gives the product its name. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--brand)" />
      <path d="M7.5 12.800L23.2 8.300l1.3 4.300L8.8 17.100z" fill="#fff" />
      <path d="M16 15.500v8.200M11.5 24h9" stroke="#fff" stroke-width="2.4" stroke-linecap="round" fill="none" />
    </svg>
  );
}
