#!/bin/sh
# Renders the labelled Services every second, and moves what has changed into nginx's folder.
#   render.sh API_URL LISTEN FILE
dir=$(dirname "$0")
new=$(dirname "$3")/../default.conf.new
while :; do
  if curl --fail --silent --show-error "$1/api/v1/services?labelSelector=hotroute.io%2Fexpose%3Dtrue" |
    jq --raw-output --arg listen "$2" --from-file "$dir/render.jq" >"$new" &&
    [ -s "$new" ] && ! cmp --silent "$new" "$3"; then
    mv "$new" "$3"
  fi
  sleep 1
done
