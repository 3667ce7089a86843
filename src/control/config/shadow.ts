// Routes that can never match, because earlier ones take everything that they would.
//
// The router tries the most specific route first. One that is tried earlier and yet covers a later
// one must have the same host, path and headers: whatever is wider in one of these is tried later.
// What is left is the order of the file, and the methods.
import type { Config } from "./schema.ts";

type Route = Config["listeners"][number]["routes"][number];

/** For each route that can never match, its index and that of the last one that covers it. */
export function shadowedRoutes(
  routes: readonly Route[],
): readonly { readonly index: number; readonly by: number }[] {
  return routes.flatMap((route, index) => {
    const rivals = routes.slice(0, index).filter((earlier) => sameButMethods(earlier, route));
    const last = rivals.at(-1);
    if (last === undefined || !takeAll(rivals, route)) return [];
    return [{ index, by: routes.indexOf(last) }];
  });
}

/** Do `rivals` together take every method that `route` takes? */
function takeAll(rivals: readonly Route[], route: Route): boolean {
  const { methods } = route.match;
  const taken = new Set(rivals.flatMap((rival) => rival.match.methods ?? []));
  // A route for every method is less specific than one for some, so it is tried after it.
  if (methods === undefined) return rivals.some((rival) => rival.match.methods === undefined);
  return methods.every((method) => taken.has(method));
}

function sameButMethods(a: Route, b: Route): boolean {
  const { match: one } = a;
  const { match: other } = b;
  if (one.host !== other.host || one.path !== other.path) return false;
  const [left, right] = [Object.entries(one.headers ?? {}), other.headers ?? {}];
  return (
    left.length === Object.keys(right).length &&
    left.every(([name, value]) => right[name] === value)
  );
}
