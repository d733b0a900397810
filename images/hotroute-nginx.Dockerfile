# hotroute-nginx: nginx with the reloader that keeps it current. It holds nothing that can speak to an API server.
# docs/images.md
ARG NODE_IMAGE=node:24.21.0-trixie-slim
ARG NGINX_IMAGE=nginxinc/nginx-unprivileged:1.30.6-trixie

# ---- shared: the same lines are in hotroute.Dockerfile, so that a builder makes these stages once.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /build
COPY scripts/assert-node.mjs scripts/
RUN node scripts/assert-node.mjs
COPY package.json package-lock.json ./
# A registry of one's own: --secret id=npmrc,src=$HOME/.npmrc
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --no-audit --no-fund --no-update-notifier --loglevel=error

FROM dependencies AS bundles
COPY scripts/build.ts scripts/
COPY scripts/bundle scripts/bundle
COPY src src
RUN node scripts/build.ts

FROM ${NODE_IMAGE} AS node
# Without its symbol table Node is 18 MB smaller. The base may bring both tools; they stay behind in this stage.
RUN command -v strip >/dev/null && command -v tini-static >/dev/null || { \
      apt-get update && apt-get install --yes --no-install-recommends binutils tini; }
RUN mkdir -p /rootfs/usr/local/bin /rootfs/usr/share/licenses/node /tini/usr/local/bin && \
    strip -o /rootfs/usr/local/bin/node "$(readlink --canonicalize "$(command -v node)")" && \
    cp "$(command -v tini-static)" /tini/usr/local/bin/tini && \
    if [ -e /usr/local/LICENSE ]; then cp /usr/local/LICENSE /rootfs/usr/share/licenses/node/; fi && \
    find /rootfs /tini -exec touch --no-dereference --date=@0 {} +
# ---- end of the shared part

FROM ${NODE_IMAGE} AS app
COPY --from=bundles /build/dist/reloader.cjs /build/dist/handlebars.cjs /build/dist/reloader.*.LEGAL.txt /app/
COPY LICENSE /app/
RUN mkdir /app/compile-cache && chown 101:101 /app/compile-cache
# The cache is found by the file's path, the version of Node, the processor's features and the user. The program is asked
# for what it refuses (exit 2), so that it is compiled and does nothing; the seed makes the same bytes each time.
USER 101:101
RUN export NODE_COMPILE_CACHE=/app/compile-cache; \
    LOG_LEVEL=nothing node --random-seed=1 /app/reloader.cjs 2>/dev/null; [ $? = 2 ] && \
    node --random-seed=1 --eval 'require("/app/handlebars.cjs")'
USER 0:0
RUN mkdir -p /image/run/hotroute && cp --recursive /app /image/ && \
    chmod --recursive u=rwX,go=rX /image && \
    # For whoever runs the image without a volume there, as whichever user.
    chmod 1777 /image/run/hotroute && \
    find /image -exec touch --no-dereference --date=@0 {} +

FROM ${NGINX_IMAGE}
USER 0:0
# The base's welcome page would be served where the configuration's volume is missing.
RUN command -v nginx >/dev/null || { echo "hotroute: NGINX_IMAGE has no nginx on its PATH" >&2; exit 1; }; \
    rm -f /etc/nginx/conf.d/default.conf && touch --date=@0 /etc/nginx/conf.d
COPY --from=node /rootfs/ /
COPY --from=node /tini/ /
COPY --from=app /image/ /
ARG VERSION=0.1.0
ARG REVISION
LABEL org.opencontainers.image.title="hotroute-nginx" \
      org.opencontainers.image.description="nginx that reloads what lies in its configuration directory, and verifies it" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_COMPILE_CACHE=/app/compile-cache
WORKDIR /
USER 101:101
EXPOSE 8080 9102
# The base says SIGQUIT, for nginx as PID 1. Here the reloader takes SIGTERM and lets nginx finish.
STOPSIGNAL SIGTERM
# tini waits for the workers that a dead nginx leaves, and passes the signals on.
ENTRYPOINT ["tini", "--", "node", "/app/reloader.cjs"]
CMD []
