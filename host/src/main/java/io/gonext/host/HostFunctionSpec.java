package io.gonext.host;

import io.gonext.host.internal.service.app.FunctionSchema;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A function of the embedding application that plugins may call by its name, with a JSON request
 * and a JSON answer:
 *
 * <pre>{@code
 * HostFunctionSpec.builder("posts.find", call -> posts.find(call.request().path("id").asLong()))
 *     .capability("posts.read")
 *     .description("Find a post by its id")
 *     .build()
 * }</pre>
 *
 * <p>A plugin needs the function's capability: its manifest requests it, and an operator grants it.
 * A function may call the host again, also the same plugin: 8 calls deep at most.
 *
 * <p>Immutable.
 */
public final class HostFunctionSpec {
  /** The longest name, in characters. */
  public static final int MAX_NAME_LENGTH = 64;

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*+(\\.[a-z][a-z0-9_]*+)++");

  private final String name;
  private final HostFunctionHandler handler;
  private final String description;
  private final String capability;
  private final @Nullable Capability declared;
  private final @Nullable JsonNode requestSchema;
  private final @Nullable JsonNode answerSchema;

  private HostFunctionSpec(Builder builder) {
    this.name = builder.name;
    this.handler = builder.handler;
    this.description = builder.description;
    this.capability = builder.capability;
    this.declared = builder.declared;
    this.requestSchema = builder.requestSchema;
    this.answerSchema = builder.answerSchema;
  }

  /**
   * Starts a function that takes a capability of its own name.
   *
   * @param name dotted lower-case token, {@code posts.find} for instance; at most {@link
   *     #MAX_NAME_LENGTH} characters. Plugins call {@code users.read} and {@code media.read} also
   *     as {@code gn_users_read} and {@code gn_media_read}
   * @throws IllegalArgumentException when the name has another form
   */
  public static Builder builder(String name, HostFunctionHandler handler) {
    return new Builder(name, handler);
  }

  public String name() {
    return name;
  }

  public HostFunctionHandler handler() {
    return handler;
  }

  /** One line for authors of plugins and operators; may be empty. */
  public String description() {
    return description;
  }

  /** The id of the capability that a plugin needs. */
  public String capability() {
    return capability;
  }

  /** The JSON Schema of the request; empty where any JSON is accepted. A copy. */
  public Optional<JsonNode> requestSchema() {
    return Optional.ofNullable(requestSchema).map(JsonNode::deepCopy);
  }

  /** The JSON Schema of the answer; empty where it is not checked. A copy. */
  public Optional<JsonNode> answerSchema() {
    return Optional.ofNullable(answerSchema).map(JsonNode::deepCopy);
  }

  /** Whether {@link #newCapability} is the application's own word, not made from an id. */
  boolean declaresCapability() {
    return declared != null;
  }

  /** The capability, for a registry that does not have it yet. */
  Capability newCapability() {
    if (declared != null) {
      return declared;
    }
    int dot = capability.lastIndexOf('.');
    return new Capability(
        capability,
        description.isEmpty() ? "Call the application's function " + name : description,
        capability.substring(0, dot),
        capability.substring(dot + 1),
        true);
  }

  /** Collects what makes a function. Not thread-safe. */
  public static final class Builder {
    private final String name;
    private final HostFunctionHandler handler;
    private String description = "";
    private String capability;
    private @Nullable Capability declared;
    private @Nullable JsonNode requestSchema;
    private @Nullable JsonNode answerSchema;

    private Builder(String name, HostFunctionHandler handler) {
      requireToken("the name of a function", name);
      this.name = name;
      this.handler = handler;
      this.capability = name;
    }

    /** Sets {@link HostFunctionSpec#description}. */
    public Builder description(String text) {
      this.description = text;
      return this;
    }

    /**
     * Sets the capability that a plugin needs. Where the host's {@link CapabilityRegistry} does not
     * have it, {@link Host#open} registers it as sensitive, with the function's description.
     *
     * @throws IllegalArgumentException when the id is not that of a capability
     */
    public Builder capability(String id) {
      requireToken("a capability's id", id);
      this.capability = id;
      this.declared = null;
      return this;
    }

    /** As {@link #capability(String)}, with what {@link Host#open} registers. */
    public Builder capability(Capability toRegister) {
      this.capability = toRegister.id();
      this.declared = toRegister;
      return this;
    }

    /**
     * Sets a JSON Schema 2020-12 for requests. A request that does not match does not reach the
     * function: the plugin gets the status "bad arguments", and its log says why. Plugins choose
     * the texts that a {@code pattern} is matched with, so it must not take exponential time.
     *
     * @throws IllegalArgumentException when it is not JSON, or not a schema
     */
    public Builder requestSchema(String json) {
      this.requestSchema = schema("the request", json);
      return this;
    }

    /**
     * Sets a JSON Schema 2020-12 for answers. An answer that does not match counts as a failure of
     * the function.
     *
     * @throws IllegalArgumentException when it is not JSON, or not a schema
     */
    public Builder answerSchema(String json) {
      this.answerSchema = schema("the answer", json);
      return this;
    }

    public HostFunctionSpec build() {
      return new HostFunctionSpec(this);
    }

    private JsonNode schema(String of, String json) {
      try {
        JsonNode schema = StrictJson.parse(json.getBytes(StandardCharsets.UTF_8));
        new FunctionSchema(schema);
        return schema;
      } catch (InvalidJsonException | IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "the schema of " + of + " of " + name + ": " + e.getMessage(), e);
      }
    }

    private static void requireToken(String what, String token) {
      if (token.length() > MAX_NAME_LENGTH || !NAME.matcher(token).matches()) {
        throw new IllegalArgumentException(
            "%s is a dotted lower-case token of at most %d characters, such as posts.find, not %s"
                .formatted(what, MAX_NAME_LENGTH, token));
      }
    }
  }
}
