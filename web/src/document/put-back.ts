/** Replaces `remove` characters at `at` with `text`. */
export interface TextChange {
  at: number;
  remove: number;
  text: string;
}

/** Lines of an earlier text that the present one lacks, and the place in the present text where they belong. */
interface Gap {
  /** Index of the first present line that stands here instead. */
  from: number;
  /** How many present lines stand here instead. */
  count: number;
  lines: string[];
}

/** Comparing takes time and space by the product of the lengths; a paste of thousands of lines gets the quick way. */
const maxComparisons = 2_000_000;

/** The lines of `earlier` that are not in `now`, in order; an empty text when all are there. */
export function missingText(earlier: string, now: string): string {
  const gaps = findGaps(earlier.split('\n'), now.split('\n'));
  return gaps.map(({ lines }) => lines.join('\n')).join('\n…\n');
}

/**
 * The changes, last one first, that put the missing lines of `earlier` back into `now`. Nothing of `now` is lost: its
 * lines stay, except those that an earlier line holds whole with something typed into them.
 */
export function changesThatPutBack(earlier: string, now: string): TextChange[] {
  const present = now.split('\n');
  const starts: number[] = [];
  let start = 0;
  for (const line of present) {
    starts.push(start);
    start += line.length + 1;
  }
  const changes = findGaps(earlier.split('\n'), present).map(({ from, count, lines }): TextChange => {
    const replaced = present.slice(from, from + count);
    if (count > 0 && holdsAll(lines, replaced)) {
      return { at: starts[from]!, remove: replaced.join('\n').length, text: lines.join('\n') };
    }
    const next = starts[from + count];
    if (next === undefined) return { at: now.length, remove: 0, text: `\n${lines.join('\n')}` };
    return { at: next, remove: 0, text: `${lines.join('\n')}\n` };
  });
  return changes.toReversed();
}

function findGaps(earlier: string[], now: string[]): Gap[] {
  let head = 0;
  while (head < earlier.length && head < now.length && earlier[head] === now[head]) head += 1;
  let tail = 0;
  const most = Math.min(earlier.length, now.length) - head;
  while (tail < most && earlier.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const mine = earlier.slice(head, earlier.length - tail);
  const theirs = now.slice(head, now.length - tail);
  const gaps = mine.length * theirs.length > maxComparisons ? quickGaps(mine, theirs) : exactGaps(mine, theirs);
  // An empty line is nothing to give back, except among others.
  return gaps
    .filter(({ lines }) => lines.some((line) => line !== ''))
    .map((gap) => ({ ...gap, from: gap.from + head }));
}

/** By the longest common subsequence of lines. */
function exactGaps(mine: string[], theirs: string[]): Gap[] {
  const width = theirs.length + 1;
  const longest = new Uint32Array((mine.length + 1) * width);
  for (let i = mine.length - 1; i >= 0; i -= 1) {
    for (let j = theirs.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] =
        mine[i] === theirs[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
    }
  }
  const gaps: Gap[] = [];
  let gap: Gap = { from: 0, count: 0, lines: [] };
  let [i, j] = [0, 0];
  while (i < mine.length || j < theirs.length) {
    if (i < mine.length && j < theirs.length && mine[i] === theirs[j]) {
      gaps.push(gap);
      [i, j] = [i + 1, j + 1];
      gap = { from: j, count: 0, lines: [] };
    } else if (
      j === theirs.length ||
      (i < mine.length && longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!)
    ) {
      gap.lines.push(mine[i]!);
      i += 1;
    } else {
      gap.count += 1;
      j += 1;
    }
  }
  return [...gaps, gap];
}

/** Every line that is nowhere in the other text, behind all of it. */
function quickGaps(mine: string[], theirs: string[]): Gap[] {
  const there = new Set(theirs);
  return [{ from: theirs.length, count: 0, lines: mine.filter((line) => !there.has(line)) }];
}

/** Whether each of `lines` stands, in order, in one of `whole`, which has at most one thing typed into it. */
function holdsAll(whole: string[], lines: string[]): boolean {
  let at = 0;
  return lines.every((line) => {
    while (at < whole.length && !isTypedInto(line, whole[at]!)) at += 1;
    at += 1;
    return at <= whole.length;
  });
}

function isTypedInto(line: string, longer: string): boolean {
  if (longer.length < line.length) return false;
  let head = 0;
  while (head < line.length && line[head] === longer[head]) head += 1;
  return longer.endsWith(line.slice(head));
}
