// Pushes and pulls plugins with oras-go, and serves registries that have the referrers API. The
// tests compare it with the host's own client.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/registry/remote"
)

const (
	plugin    = "application/vnd.gonext.plugin.v1"
	manifest  = "application/vnd.gonext.plugin.manifest.v1+json"
	bundle    = "application/vnd.gonext.plugin.bundle.v1+zip"
	signature = "application/vnd.gonext.plugin.signature.v1"
)

func main() {
	log.SetFlags(0)
	var err error
	switch os.Args[1] {
	case "serve":
		err = serve(os.Args[2])
	case "push":
		err = push(os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6])
	case "pull":
		err = pull(os.Args[2], os.Args[3], os.Args[4])
	}
	if err != nil {
		log.Fatal(err)
	}
}

// serve prints the port and runs until standard input ends.
func serve(which string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := ociserver.New(ocimem.New(), nil)
	if which == "go-containerregistry" {
		handler = registry.New(
			registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
	}
	go func() { _ = http.Serve(listener, handler) }()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func repository(name string) (*remote.Repository, error) {
	repo, err := remote.NewRepository(name)
	if err == nil {
		repo.PlainHTTP = true
	}
	return repo, err
}

// push stores files as a plugin with a signature, and prints the digest.
func push(name, tag, bundleFile, manifestFile, signatureFile string) error {
	ctx := context.Background()
	repo, err := repository(name)
	if err != nil {
		return err
	}
	config, err := blob(ctx, repo, manifest, manifestFile)
	if err != nil {
		return err
	}
	layer, err := blob(ctx, repo, bundle, bundleFile)
	if err != nil {
		return err
	}
	pushed, err := oras.PackManifest(ctx, repo, oras.PackManifestVersion1_1, plugin,
		oras.PackManifestOptions{ConfigDescriptor: &config, Layers: []v1.Descriptor{layer}})
	if err != nil {
		return err
	}
	if err := repo.Tag(ctx, pushed, tag); err != nil {
		return err
	}
	signed, err := blob(ctx, repo, signature, signatureFile)
	if err != nil {
		return err
	}
	_, err = oras.PackManifest(ctx, repo, oras.PackManifestVersion1_1, signature,
		oras.PackManifestOptions{Subject: &pushed, Layers: []v1.Descriptor{signed}})
	if err != nil {
		return err
	}
	fmt.Println(pushed.Digest)
	return nil
}

func blob(
	ctx context.Context, repo *remote.Repository, mediaType, path string) (v1.Descriptor, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return v1.Descriptor{}, err
	}
	return oras.PushBytes(ctx, repo, mediaType, bytes)
}

type pulled struct {
	Digest       digest.Digest `json:"digest"`
	ArtifactType string        `json:"artifactType"`
	Title        string        `json:"title"`
	Signatures   []string      `json:"signatures"`
}

// pull writes the layers of an artifact as files, by their titles, and prints what it is.
func pull(name, reference, directory string) error {
	ctx := context.Background()
	repo, err := repository(name)
	if err != nil {
		return err
	}
	store, err := file.New(directory)
	if err != nil {
		return err
	}
	defer store.Close()
	root, err := oras.Copy(ctx, repo, reference, store, "", oras.DefaultCopyOptions)
	if err != nil {
		return err
	}
	bytes, err := content.FetchAll(ctx, repo, root)
	if err != nil {
		return err
	}
	var read v1.Manifest
	if err := json.Unmarshal(bytes, &read); err != nil {
		return err
	}
	answer := pulled{
		Digest:       root.Digest,
		ArtifactType: read.ArtifactType,
		Title:        read.Annotations[v1.AnnotationTitle],
		Signatures:   []string{},
	}
	err = repo.Referrers(ctx, root, signature, func(referrers []v1.Descriptor) error {
		for _, one := range referrers {
			answer.Signatures = append(answer.Signatures, one.Digest.String())
		}
		return nil
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}
