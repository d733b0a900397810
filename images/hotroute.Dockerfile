# hotroute: init, generator and the command. Node, its libraries and the bundles; no shell, no package manager.
# docs/images.md
ARG NODE_IMAGE=node:24.21.0-trixie-slim

# ---- shared: the same lines are in hotroute-nginx.Dockerfile, so that a builder makes these stages once.
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

# What Node is linked with, where the loader looks for it on this architecture, and the records that scanners read.
FROM ${NODE_IMAGE} AS system
RUN mkdir -p /rootfs/etc /rootfs/var/lib/dpkg/status.d && \
    for library in $(ldd "$(command -v node)" | grep --only-matching '/[^ ]*'); do \
      cp --dereference --parents "$library" /rootfs && \
      dpkg-query --search "*/$(basename "$library")"; \
    done | sed --quiet 's/^\([^ :]*\):.*/\1/p' | sort --unique | while read -r package; do \
      dpkg-query --status "$package" >"/rootfs/var/lib/dpkg/status.d/$package"; \
    done && \
    cp /etc/os-release /rootfs/etc/ && \
    echo 'hosts: files dns' >/rootfs/etc/nsswitch.conf && \
    echo 'hotroute:x:65532:65532:hotroute:/:/nonexistent' >/rootfs/etc/passwd && \
    echo 'hotroute:x:65532:' >/rootfs/etc/group && \
    cp "$(command -v node)" /rootfs/probe && chroot /rootfs /probe --version && rm /rootfs/probe && \
    find /rootfs -exec touch --no-dereference --date=@0 {} +

FROM ${NODE_IMAGE} AS app
COPY --from=bundles /build/dist/init.cjs /build/dist/generator.cjs /build/dist/hotroute.cjs \
     /build/dist/client-node.cjs /build/dist/handlebars.cjs /build/dist/*.LEGAL.txt /app/
COPY LICENSE /app/
RUN mkdir /app/compile-cache && chown 65532:65532 /app/compile-cache
# The cache is found by the file's path, the version of Node, the processor's features and the user. The programs are
# asked for what they refuse (exit 2), so that they are compiled and do nothing; the seed makes the same bytes each time.
USER 65532:65532
RUN export NODE_COMPILE_CACHE=/app/compile-cache; \
    for program in init generator; do \
      LOG_LEVEL=nothing node --random-seed=1 /app/$program.cjs 2>/dev/null; [ $? = 2 ] || exit 1; \
    done; \
    node --random-seed=1 /app/hotroute.cjs --version >/dev/null && \
    node --random-seed=1 --eval 'require("/app/handlebars.cjs")'
USER 0:0
RUN mkdir /image && cp --recursive /app /image/ && \
    chmod --recursive u=rwX,go=rX /image && \
    find /image -exec touch --no-dereference --date=@0 {} +

FROM scratch
COPY --from=system /rootfs/ /
COPY --from=node /rootfs/ /
COPY --from=app /image/ /
ARG VERSION=0.1.0
ARG REVISION
LABEL org.opencontainers.image.title="hotroute" \
      org.opencontainers.image.description="Turns labelled Kubernetes Services into nginx's configuration" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/usr/local/bin NODE_COMPILE_CACHE=/app/compile-cache
WORKDIR /
USER 65532:65532
# The programs take SIGTERM themselves and start no others, so Node can be PID 1.
STOPSIGNAL SIGTERM
# The command; in a Pod: command: [node, /app/init.cjs] and [node, /app/generator.cjs]
ENTRYPOINT ["node", "/app/hotroute.cjs"]
