#!/usr/bin/env bash
# One expects: a reference to an artifact in an OCI registry means the same to every well-known Go library.
# What happens: three of them read the same text in three ways. `acme/plugin` without a registry is Docker Hub to two and a registry named
# "acme" to the third. Of `host/name:tag@digest` only one keeps the tag. A version with build metadata (1.0.0+b1) is a tag to none.
# Why it matters: an allow-list or a lock file that one tool writes names another artifact, or none, in the next tool.
# Needs: Go 1.25 or newer. Exits 0 when it saw this, 1 when the behaviour has changed, 2 when it cannot run.
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
cat > go.mod <<'MOD'
module seen

go 1.25.0

require (
	github.com/distribution/reference v0.6.0
	github.com/google/go-containerregistry v0.22.1
	oras.land/oras-go/v2 v2.7.0
)
MOD
cat > main.go <<'GO'
package main

import (
	"fmt"
	"strings"

	distribution "github.com/distribution/reference"
	ggcr "github.com/google/go-containerregistry/pkg/name"
	"oras.land/oras-go/v2/registry"
)

func main() {
	digest := "sha256:" + strings.Repeat("a", 64)
	for _, text := range []string{"acme/plugin:1", "reg.example/acme/plugin:1@" + digest, "reg.example/acme/plugin:1.0.0+b1"} {
		fmt.Println(strings.ReplaceAll(text, digest, "sha256:aaa"))
		show := func(library, registry, repository, tag string, err error) {
			if err != nil {
				fmt.Printf("  %-20s refused\n", library)
				return
			}
			fmt.Printf("  %-20s registry=%s repository=%s tag=%s\n", library, registry, repository, tag)
		}
		if named, err := distribution.ParseNormalizedNamed(text); err != nil {
			show("distribution", "", "", "", err)
		} else {
			tag := "-"
			if tagged, ok := named.(distribution.Tagged); ok {
				tag = tagged.Tag()
			}
			show("distribution", distribution.Domain(named), distribution.Path(named), tag, nil)
		}
		if ref, err := ggcr.ParseReference(text); err != nil {
			show("go-containerregistry", "", "", "", err)
		} else {
			tag := "-"
			if t, ok := ref.(ggcr.Tag); ok {
				tag = t.TagStr()
			}
			show("go-containerregistry", ref.Context().RegistryStr(), ref.Context().RepositoryStr(), tag, nil)
		}
		if ref, err := registry.ParseReference(text); err != nil {
			show("oras-go", "", "", "", err)
		} else {
			tag := ref.Reference
			if strings.HasPrefix(tag, "sha256:") {
				tag = "-"
			}
			show("oras-go", ref.Registry, ref.Repository, tag, nil)
		}
	}
}
GO
go mod tidy >mod.log 2>&1 || { cat mod.log; exit 2; }
echo "distribution/reference 0.6.0, go-containerregistry 0.22.1, oras-go 2.7.0"
go run . | tee seen
cat > expected <<'SEEN'
acme/plugin:1
  distribution         registry=docker.io repository=acme/plugin tag=1
  go-containerregistry registry=index.docker.io repository=acme/plugin tag=1
  oras-go              registry=acme repository=plugin tag=1
reg.example/acme/plugin:1@sha256:aaa
  distribution         registry=reg.example repository=acme/plugin tag=1
  go-containerregistry registry=reg.example repository=acme/plugin tag=-
  oras-go              registry=reg.example repository=acme/plugin tag=-
reg.example/acme/plugin:1.0.0+b1
  distribution         refused
  go-containerregistry refused
  oras-go              refused
SEEN
if diff expected seen; then echo "seen: three readings of one reference"; else echo "CHANGED"; exit 1; fi
