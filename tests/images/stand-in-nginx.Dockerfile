# Stands in for nginx-unprivileged: Debian's nginx, with the user, the files and the configuration of that image.
FROM localhost/hotroute-debian:nginx
RUN groupadd --system --gid 101 nginx && \
    useradd --system --gid nginx --no-create-home --home /nonexistent --shell /bin/false --uid 101 nginx && \
    echo 'server { listen 8080; location / { return 200 "Welcome to nginx"; } }' >/etc/nginx/conf.d/default.conf && \
    chown --recursive 101:0 /etc/nginx && chmod --recursive g+w /etc/nginx
ENTRYPOINT ["/docker-entrypoint.sh"]
EXPOSE 8080
STOPSIGNAL SIGQUIT
USER 101
CMD ["nginx", "-g", "daemon off;"]
