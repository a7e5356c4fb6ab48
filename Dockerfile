# One image for every system: `docker compose up -d` runs it once per system, `docker run --network host` all in one process.
# Without Docker its steps can be run by `node scripts/image/main.ts`, see docs/compose.md. RUN lines keep to sh and Debian's base tools.

# Nothing but the manifests: the layers of npm below stay in the cache until one of these changes.
FROM node:24-bookworm-slim AS manifests
WORKDIR /quartet
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete && find . -type d -empty -delete

# What the servers need to run.
FROM node:24-bookworm-slim AS modules
WORKDIR /quartet
COPY --from=manifests /quartet ./
RUN npm ci --omit=dev --workspace=@quartet/cli --prefer-offline --loglevel=error

# The browser part, with the many packages that its build needs and nothing later does.
FROM node:24-bookworm-slim AS browser
WORKDIR /quartet
COPY --from=manifests /quartet ./
RUN npm ci --include=dev --workspace=@quartet/web --prefer-offline --loglevel=error
COPY packages packages
RUN cd packages/web && node --max-old-space-size=4096 ../../node_modules/vite/bin/vite.js build --logLevel warn

# Sources as they run, without tests and the browser's sources, and compiled code for a root file system that cannot be written.
# V8's cache is bound to the user id that writes it; as root's copy in the last stage it has to be readable for that user.
FROM modules AS app
COPY packages packages
COPY scripts scripts
COPY stack stack
COPY LICENSE ./
RUN rm -rf packages/web/src/browser packages/web/vite packages/web/assets examples bench \
  && find node_modules packages/*/node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) -delete
COPY --from=browser /quartet/packages/web/dist packages/web/dist
RUN mkdir -p node_modules/.cache /data && chown 10001:10001 node_modules/.cache /data
USER 10001:10001
RUN node -e "import('/quartet/scripts/bootstrap/warm-cache.mjs').then(({ ensureCacheWarm }) => ensureCacheWarm('/quartet'))" \
  && chmod -R a+rX node_modules/.cache

# glibc, libstdc++ and nothing else: no shell, no package manager.
FROM gcr.io/distroless/cc-debian12
LABEL org.opencontainers.image.title="Quartet" \
  org.opencontainers.image.description="Metrics, logs, traces, dashboards, collection and alerting as one program" \
  org.opencontainers.image.licenses="Apache-2.0"
COPY --from=modules /usr/local/bin/node /usr/local/bin/node
COPY --from=app /quartet /quartet
COPY --from=app --chown=10001:10001 /data /data
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /quartet
USER 10001:10001
EXPOSE 3000 3100 3200 4317 4318 8080 9090 9091 9093 9100 12345
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["node", "packages/cli/src/health.mjs"]
# Node is process 1: it handles the signals itself and has no children to reap.
ENTRYPOINT ["node", "packages/cli/src/main.mjs"]
CMD ["up", "--data=/data"]
