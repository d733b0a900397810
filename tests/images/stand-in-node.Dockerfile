# Stands in for the official image of Node: Debian of the same suite, Node and npm of this machine.
FROM localhost/hotroute-debian:trixie
COPY . /
