package io.gonext.host.registry;

import io.gonext.host.RegistryException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.FetchUrl;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Reads and writes the manifests, tags and referrers of a repository. For one thread. */
final class Manifests {
  /** The most artifacts that may refer to one. */
  static final int MAX_REFERRERS = 64;

  private static final String ACCEPTED =
      MediaTypes.IMAGE_MANIFEST
          + ", "
          + MediaTypes.IMAGE_INDEX
          + ", application/vnd.docker.distribution.manifest.v2+json";

  private static final int MAX_PAGE_BYTES = 4 * 1024 * 1024;
  private static final int MAX_PAGES = 200;
  private static final int MAX_TAGS = 100_000;

  /** The next page (RFC 8288): only this form is in use. */
  private static final Pattern NEXT = Pattern.compile("\\s*<([^<>\\s]+)>\\s*;\\s*rel=\"?next\"?.*");

  private final RegistryCalls calls;
  private final Retries retries;

  Manifests(RegistryCalls calls, Retries retries) {
    this.calls = calls;
    this.retries = retries;
  }

  /** The bytes of a manifest, and their digest. */
  record Stored(byte[] bytes, Digest digest) {}

  /**
   * Reads a manifest.
   *
   * @param reference a tag or a digest
   * @throws RegistryException when there is none, or its bytes do not have the digest
   */
  Stored read(String reference) throws InterruptedException {
    return find(reference)
        .orElseThrow(() ->
            new RegistryException(
                RegistryException.Kind.NOT_FOUND,
                calls.at()
                    + (reference.contains(":") ? "@" : ":")
                    + reference
                    + " is not in the registry; gonext plugin tags "
                    + calls.at()
                    + " lists what is"));
  }

  /** As {@link #read}; empty when there is none. */
  Optional<Stored> find(String reference) throws InterruptedException {
    FetchUrl url = calls.at().url("/manifests/" + reference);
    return retries.repeat(
        calls.deadline(),
        calls.at().registry(),
        () -> {
          try (HttpAnswer answer =
              calls.send(RegistryHttp.Call.of("GET", url, Map.of("Accept", ACCEPTED)))) {
            if (answer.status() == 404) {
              return Optional.empty();
            }
            if (answer.status() != 200) {
              throw calls.refusal(answer, "the manifest " + reference);
            }
            byte[] bytes = calls.body(answer, ImageManifest.MAX_BYTES, "the manifest");
            Optional<Digest> asked = Digest.parse(reference);
            Digest digest = asked.orElseGet(() -> Digest.of(bytes));
            // A header with another digest is a sign of a proxy that mixes up its answers.
            Optional<Digest> claimed =
                answer.header("Docker-Content-Digest").flatMap(Digest::parse);
            if (!digest.isOf(bytes) || (claimed.isPresent() && !claimed.get().isOf(bytes))) {
              throw ImageManifest.unacceptable(
                  calls.at(),
                  "sends a manifest that does not have the digest "
                      + (digest.isOf(bytes) ? claimed.get() : digest));
            }
            return Optional.of(new Stored(bytes, digest));
          }
        });
  }

  /**
   * Stores a manifest.
   *
   * @param reference a tag or its digest
   * @return whether the registry itself keeps track of what it refers to
   */
  boolean write(String reference, String mediaType, byte[] bytes) throws InterruptedException {
    FetchUrl url = calls.at().url("/manifests/" + reference);
    return retries.repeat(
        calls.deadline(),
        calls.at().registry(),
        () -> {
          try (HttpAnswer answer =
              calls.send(RegistryHttp.Call.of("PUT", url, mediaType, bytes, sent -> {}))) {
            if (answer.status() != 201) {
              throw calls.refusal(answer, "the repository " + calls.at());
            }
            return answer.header("OCI-Subject").isPresent();
          }
        });
  }

  /** Stores a manifest that refers to another, so that {@link #referrers} finds it. */
  void writeReferrer(ImageManifest manifest, byte[] bytes) throws InterruptedException {
    Digest subject = manifest.subject().orElseThrow().digest();
    Descriptor own = Descriptor.of(MediaTypes.IMAGE_MANIFEST, bytes).typed(manifest.artifactType());
    if (write(own.digest().toString(), MediaTypes.IMAGE_MANIFEST, bytes)) {
      return;
    }
    List<Descriptor> all = new ArrayList<>(fallback(subject));
    if (all.stream().noneMatch(other -> other.digest().equals(own.digest()))) {
      all.add(own);
      write(subject.fallbackTag(), MediaTypes.IMAGE_INDEX, ImageManifest.index(all));
    }
  }

  /**
   * What refers to a manifest, by the API of registries that have it, or else by the fallback tag.
   *
   * @param artifactType empty for every kind
   */
  List<Descriptor> referrers(Digest subject, String artifactType) throws InterruptedException {
    List<Descriptor> all = byApi(subject, artifactType).orElse(null);
    if (all == null) {
      all = fallback(subject);
    }
    List<Descriptor> candidates =
        all.stream()
            .filter(one ->
                artifactType.isEmpty()
                    || one.artifactType().equals(artifactType)
                    || isUnknown(one.artifactType()))
            .toList();
    if (candidates.size() > MAX_REFERRERS) {
      throw ImageManifest.unacceptable(
          calls.at(), "has more than " + MAX_REFERRERS + " artifacts that refer to " + subject);
    }
    List<Descriptor> found = new ArrayList<>();
    for (Descriptor one : candidates) {
      Descriptor typed = isUnknown(one.artifactType()) ? one.typed(typeOf(one)) : one;
      if (artifactType.isEmpty() || typed.artifactType().equals(artifactType)) {
        found.add(typed);
      }
    }
    return found;
  }

  /** Some registries leave out the type, or give that of the empty config instead. */
  private static boolean isUnknown(String artifactType) {
    return artifactType.isEmpty() || artifactType.equals(MediaTypes.EMPTY);
  }

  private String typeOf(Descriptor referrer) throws InterruptedException {
    Stored stored = read(referrer.digest().toString());
    try {
      return ImageManifest.read(stored.bytes(), calls.at()).artifactType();
    } catch (RegistryException e) {
      return ""; // an index, say: what others attach is not ours to judge
    }
  }

  /** Empty for a registry without the API. */
  private Optional<List<Descriptor>> byApi(Digest subject, String artifactType)
      throws InterruptedException {
    List<Descriptor> all = new ArrayList<>();
    FetchUrl url =
        calls
            .at()
            .url(
                "/referrers/"
                    + subject
                    + (artifactType.isEmpty() ? "" : "?artifactType=" + artifactType));
    Optional<FetchUrl> next = Optional.of(url);
    for (int pages = 0; next.isPresent(); pages++) {
      if (pages == MAX_PAGES) {
        throw calls.broken("lists referrers without end");
      }
      Optional<Page> page = page(next.get(), 404, 405);
      if (page.isEmpty()) {
        return Optional.empty();
      }
      all.addAll(ImageManifest.readIndex(page.get().bytes(), calls.at(), 10_000));
      if (all.size() > 10_000) {
        throw calls.broken("lists more than 10000 referrers");
      }
      next = page.get().next();
    }
    return Optional.of(all);
  }

  private List<Descriptor> fallback(Digest subject) throws InterruptedException {
    Optional<Stored> index = find(subject.fallbackTag());
    return index.isEmpty()
        ? List.of()
        : ImageManifest.readIndex(index.get().bytes(), calls.at(), 10_000);
  }

  /** The tags of the repository, in the registry's order. */
  List<String> tags() throws InterruptedException {
    List<String> tags = new ArrayList<>();
    Optional<FetchUrl> next = Optional.of(calls.at().url("/tags/list?n=1000"));
    for (int pages = 0; next.isPresent(); pages++) {
      if (pages == MAX_PAGES || tags.size() > MAX_TAGS) {
        throw calls.broken("lists tags without end");
      }
      Page page = page(next.get()).orElseThrow();
      try {
        for (JsonNode tag : StrictJson.parse(page.bytes()).path("tags")) {
          if (tag.isString()) {
            tags.add(tag.asString(""));
          }
        }
      } catch (InvalidJsonException e) {
        throw calls.broken("answered with tags that are not JSON: " + e.getMessage());
      }
      next = page.next();
    }
    return tags;
  }

  private record Page(byte[] bytes, Optional<FetchUrl> next) {}

  /** A page of a list; empty for these statuses. */
  private Optional<Page> page(FetchUrl url, int... none) throws InterruptedException {
    return retries.repeat(
        calls.deadline(),
        calls.at().registry(),
        () -> {
          try (HttpAnswer answer =
              calls.send(
                  RegistryHttp.Call.of(
                      "GET",
                      url,
                      Map.of("Accept", MediaTypes.IMAGE_INDEX + ", application/json")))) {
            for (int status : none) {
              if (answer.status() == status) {
                return Optional.empty();
              }
            }
            if (answer.status() != 200) {
              throw calls.refusal(answer, "the repository " + calls.at());
            }
            byte[] bytes = calls.body(answer, MAX_PAGE_BYTES, "a list");
            return Optional.of(
                new Page(bytes, answer.header("Link").flatMap(link -> next(url, link))));
          }
        });
  }

  private Optional<FetchUrl> next(FetchUrl url, String link) {
    Matcher next = NEXT.matcher(link);
    if (!next.matches()) {
      return Optional.empty();
    }
    FetchUrl following;
    try {
      following = url.resolve(next.group(1));
    } catch (IllegalArgumentException e) {
      throw calls.broken("names a next page that is not a URL");
    }
    if (!following.hasOriginOf(calls.at().base())) {
      throw calls.broken("names a next page at another server");
    }
    return Optional.of(following);
  }
}
