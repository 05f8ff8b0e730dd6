#!/bin/sh
# Print the folder of a pulumi CLI: the one on PATH if there is one, else the one built here from go.mod.
# Upstream's installer needs a host that CI cannot reach; as a Go tool dependency the same source builds anywhere with Go.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin="$here/../../.tuneguard/bin"

if found=$(command -v pulumi); then
  dirname "$found"
  exit 0
fi
if [ ! -x "$bin/pulumi" ]; then
  command -v go >/dev/null || {
    echo "No pulumi on PATH, and no Go to build it with. Install Pulumi (https://www.pulumi.com/docs/install/) or Go 1.26.6 or newer." >&2
    exit 2
  }
  cd "$here"
  version=$(go list -m -f '{{.Version}}' github.com/pulumi/pulumi/pkg/v3)
  echo "Building the Pulumi CLI $version (about four minutes on two cores the first time, seconds from Go's cache)" >&2
  mkdir -p "$bin"
  # Flags as upstream's own release: without the version the CLI calls itself a development build and its checks misbehave.
  CGO_ENABLED=0 nice go build -trimpath -tags "osusergo grpcnotrace" \
    -ldflags "-w -s -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
    -o "$bin/" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi >&2
fi
cd "$bin" && pwd
