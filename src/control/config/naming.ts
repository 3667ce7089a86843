// Routes without a name get one: metrics and logs need a word for each.

interface Unnamed {
  readonly name?: string;
  readonly match: { readonly path: string };
}

/**
 * `<listener>:<path>`, with `#2`, `#3`… where that is taken already. Names that were given are kept,
 * and no other route gets them.
 */
export function nameRoutes<Route extends Unnamed, Rest extends { name: string; routes: Route[] }>(
  listeners: readonly (Rest & { routes: Route[] })[],
) {
  const taken = new Set(listeners.flatMap(({ routes }) => routes.map(({ name }) => name)));
  const free = (base: string): string => {
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}#${number}`;
    taken.add(name);
    return name;
  };
  return listeners.map((listener) => ({
    ...listener,
    routes: listener.routes.map((route) => ({
      ...route,
      name: route.name ?? free(`${listener.name}:${route.match.path}`),
    })),
  }));
}
