#!/bin/sh
# Runs nginx, and reloads it whenever something is moved into its folder.
#   reload.sh NGINX NGINX_CONF FOLDER
"$1" -c "$2" -e stderr -g 'daemon off;' &
inotifywait --quiet --monitor --event close_write --event moved_to --event delete "$3" | while read -r _; do
  "$1" -c "$2" -e stderr -s reload
  echo reloaded
done
