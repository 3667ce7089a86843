// Which Node this needs. Imports nothing, so that it can say so before anything else is loaded.

const MINIMUM_NODE = 24;

/** What to say to a Node that is too old, such as `22.18.0`; undefined when it will do. */
export function nodeProblem(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= MINIMUM_NODE) return undefined;
  return (
    `Tidegate needs Node ${MINIMUM_NODE} or newer, and this is ${version}; ` +
    "npm start and npm run -s tidegate use the one that npm ci installs"
  );
}
