import { moves } from '../src/states/moves.ts';

/** `docs/states.md`, as Mermaid draws it. */
export function statesDocument(): string {
  const sections = Object.entries(moves).map(([kind, table]) => {
    const [first = ''] = Object.keys(table);
    const arrows = (Object.entries(table) as [string, readonly string[]][]).flatMap(([from, targets]) =>
      targets.length === 0 ? [`    ${from} --> [*]`] : targets.map((to) => `    ${from} --> ${to}`),
    );
    const title = kind.charAt(0).toUpperCase() + kind.slice(1);
    return [`## ${title}`, '', '```mermaid', 'stateDiagram-v2', `    [*] --> ${first}`, ...arrows, '```', ''].join(
      '\n',
    );
  });
  const intro =
    '# States\n\nDrawn from `src/states/moves.ts` by `npm run docs:states`; a test holds the two together.\n';
  return [intro, ...sections].join('\n');
}
