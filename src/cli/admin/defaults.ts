/** Where the admin listener is when nothing else is said, as in the config. */
export const DEFAULT_ADMIN = "127.0.0.1:9901";
/** Where its token is in the environment, as in the sample config. */
export const TOKEN_VARIABLE = "TIDEGATE_ADMIN_TOKEN";
