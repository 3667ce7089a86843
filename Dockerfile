# Two stages: npm brings what the sidecar imports, and compiles it; the image holds that and Node.js.
#
#   docker build -t tidegate .
#   docker run --read-only --network container:app -v ./tidegate.yaml:/etc/tidegate/tidegate.yaml:ro tidegate

FROM node:26-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
COPY src ./src
# The optional packages are the compiler's, and Node.js itself, which the image has of its own.
RUN npm ci --ignore-scripts --no-audit --no-fund \
  && npm run build \
  && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

# No shell, no package manager: Debian's libraries and /nodejs/bin/node.
FROM gcr.io/distroless/nodejs26-debian13:nonroot
LABEL org.opencontainers.image.title="tidegate" \
      org.opencontainers.image.description="A sidecar proxy that keeps a service answering when it is overloaded or sick." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs26-debian13:nonroot"
# One arena of malloc for all threads: what the compiler's threads have given back is used by the others.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
WORKDIR /app
# Everything belongs to root and is only read: `--read-only` and no volume to write to will do.
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE README.md ./
COPY config/tidegate.yaml /etc/tidegate/tidegate.yaml

USER 65532:65532
# The listener of the default config, and /livez, /readyz, /startupz and /metrics.
EXPOSE 8080 9902
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["/nodejs/bin/node", "/app/dist/main.js", "healthcheck"]
# A small nursery, none of whose pages are kept whole for the few living things on them; a heap that grows
# slowly, and is marked when half of what it may grow is used; one optimizing compiler instead of two. At a
# thousand busy connections they and the arena save 50 MiB, and cost no CPU that could be measured.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=2", "--heap-growing-percent=15", "--incremental-marking-hard-trigger=50", "--no-page-promotion", "--no-maglev", "--no-parallel-scavenge", "/app/dist/main.js"]
CMD ["run", "--config", "/etc/tidegate/tidegate.yaml"]
