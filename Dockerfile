# One image, every role. Node runs the TypeScript as it is: nothing is built.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Optional ones are for other platforms, or for types.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
COPY scripts/token.ts ./scripts/token.ts
# The embedded adapters keep their files here; a volume, if they are to outlive the container.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
# Two arenas: compressed frames of charge points otherwise leave 50 MB in pieces (ADR 0013).
ENV MALLOC_ARENA_MAX=2
ENV NODE_ENV=production DATA_DIR=/data HTTP_HOST=0.0.0.0 MQTT_HOST=0.0.0.0
EXPOSE 8080 1883
# Live, not ready: a container that waits for its engine must not be killed for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT ?? 8080}/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
# Garbage of a moment in at most 3 × 8 MB: a storm of charge points would leave 100 MB that stay unused.
CMD ["node", "--max-semi-space-size=8", "src/main.ts"]
