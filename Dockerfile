# syntax=docker/dockerfile:1

# The page is built with the development tools, which stay behind in this stage.
FROM node:24-slim AS page
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY contract contract
COPY web web
RUN node web/build.ts

FROM node:24-slim
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without the optional packages: this image brings its own Node.
RUN npm ci --ignore-scripts --omit=dev --omit=optional && npm cache clean --force
COPY main.ts ./
COPY contract contract
COPY platform platform
COPY server server
COPY collab collab
COPY compile-bridge compile-bridge
COPY worker worker
COPY migrations migrations
COPY web/build.ts web/build.ts
COPY --from=page /app/web/dist web/dist
RUN install -d -o node -g node /data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself gets the signals, not npm.
ENTRYPOINT ["node", "main.ts"]
