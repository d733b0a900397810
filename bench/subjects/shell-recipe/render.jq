"server {\n    listen \($listen) default_server;\n    return 404;\n}",
(.items | sort_by(.metadata.name)[] |
"upstream \(.metadata.name) {
    server \(.spec.clusterIP):\(.spec.ports[0].port);
    keepalive 32;
}
server {
    listen \($listen);
    server_name \(.metadata.labels["hotroute.io/host"]);
    location / {
        proxy_pass http://\(.metadata.name);
        proxy_http_version 1.1;
        proxy_set_header Connection \"\";
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}")
