/** Text that is already HTML. */
export type Markup = { html: string };

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

type Piece = Markup | string | number | undefined | readonly Piece[];

function toHtml(piece: Piece): string {
  if (piece === undefined) return '';
  if (Array.isArray(piece)) return piece.map(toHtml).join('');
  if (typeof piece === 'object') return (piece as Markup).html;
  return String(piece).replaceAll(/[&<>"']/g, (char) => entities[char]!);
}

/** Template tag: what is put in is escaped, unless it is itself the result of `markup`. */
export function markup(strings: TemplateStringsArray, ...pieces: Piece[]): Markup {
  return { html: String.raw({ raw: strings }, ...pieces.map(toHtml)) };
}

/** Escaped text in which `code` between backticks is set as code. */
export function prose(text: string): Markup {
  return { html: toHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>') };
}
