// A short file to start from: what `tidegate init` prints and `run --upstream` uses.

/** Both are addresses as the config takes them. */
export interface Starter {
  readonly upstream: string;
  readonly backup: string | undefined;
  readonly listen: string;
}

export const STARTER: Starter = {
  upstream: "127.0.0.1:3000",
  backup: undefined,
  listen: "127.0.0.1:8080",
};

/** The text of a config that sends everything from `listen` to `upstream`, or to its backup. */
export function starterConfig({ upstream, backup, listen }: Starter): string {
  const backups =
    backup === undefined
      ? ""
      : `    # Who answers when it cannot.\n    backups: [${JSON.stringify(backup)}]\n`;
  return `# A sidecar before one service. Every other option is at its default:
# "tidegate init --all" shows them, "tidegate check FILE" checks this file.

# For the orchestrator: /livez /readyz /startupz /metrics.
health:
  bind: 0.0.0.0:9902

# For the operator, on this machine only.
admin:
  bind: 127.0.0.1:9901

listeners:
  - name: inbound
    # Where clients come in.
    bind: ${JSON.stringify(listen)}
    routes:
      # Everything goes to the service; 504 after the timeout.
      - match: { path: / }
        cluster: app
        timeout: 15s

clusters:
  - name: app
    # Where the service listens.
    endpoints: [${JSON.stringify(upstream)}]
${backups}`;
}
