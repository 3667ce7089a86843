// How much the requests of a route matter.
import { z } from "zod";
import { CRITICALITIES } from "../../core/criticality.ts";
import { token } from "./field.ts";

const ORDER = CRITICALITIES.join(", ");
const DEFAULT = "CRITICAL";

const word = () => z.enum(CRITICALITIES, { error: `must be one of ${ORDER}` });

const settings = z.strictObject({
  header: token("a header name")
    .transform((text) => text.toLowerCase())
    .exactOptional()
    .meta({
      description:
        "The header that says it. Of trusted peers it is believed; others can only lower it by it.",
      example: "x-criticality",
    }),
  default: word().prefault(DEFAULT).describe(`Where nothing else says it: ${ORDER}.`),
  methods: z
    .record(token("a method"), word())
    .exactOptional()
    .meta({
      description: "By method, in place of the default.",
      example: { GET: "SHEDDABLE_PLUS" },
    }),
});

export const criticality = z
  .union([settings, word()], {
    error: ({ input }) =>
      input === undefined || input === null
        ? undefined
        : `must be one of ${ORDER}, or a mapping with a header`,
  })
  .transform((given) => {
    const {
      header,
      methods = {},
      ...rest
    } = typeof given === "string" ? { default: given } : given;
    return { ...rest, header, methods };
  })
  .prefault(DEFAULT)
  .describe(
    "How much its requests matter when not all can be served: a word, or where to find it. Clients may " +
      "lower their own by x-criticality.",
  );
