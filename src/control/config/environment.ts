// `${NAME}` and `${NAME:-default}` in a value, from the environment; `$${` is a literal `${`.

/** The environment as a process sees it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What came of one value. */
export interface Expansion {
  readonly text: string;
  /** True when any part of `text` came from the environment or a default. */
  readonly expanded: boolean;
  /** What is wrong, each with the part of the value that it is about. */
  readonly problems: readonly { readonly part: string; readonly message: string }[];
}

// Bounded, so that a text of opening braces alone takes no time that grows with its square.
const REFERENCE = /\$\$\{|\$\{([^}]{0,1024})\}|\$\{/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Expands `text` once: what a variable holds is never expanded again. As in a shell, a default
 * also stands in for a variable that is set but empty.
 */
export function expand(text: string, environment: Environment): Expansion {
  const problems: { part: string; message: string }[] = [];
  let expanded = false;
  const result = text.replace(REFERENCE, (part: string, inside: string | undefined) => {
    if (part === "$${") return "${";
    expanded = true;
    const match = inside === undefined ? null : NAME.exec(inside);
    if (match === null || match[2]?.includes("${") === true) {
      problems.push({ part, message: MALFORMED });
      return "";
    }
    const [, name = "", fallback] = match;
    const value = environment[name];
    if (value !== undefined && (value !== "" || fallback === undefined)) return value;
    if (fallback !== undefined) return fallback;
    problems.push({ part, message: unset(name) });
    return "";
  });
  return { text: result, expanded, problems };
}

const MALFORMED = `a reference to the environment is \${NAME} or \${NAME:-default}; write $\${ for a plain \${`;

function unset(name: string): string {
  return `the environment variable ${name} is not set; set it, or give a default: \${${name}:-…}`;
}
