package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestFunction;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.InstanceConfig;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** The SDKs: the same plugin in each language, built now, against the vectors they share. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("sdk/rust/conformance")
class SdkTest {
  private static final Path SDK = Path.of(System.getProperty("gonext.root"), "sdk");
  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** 100,000 in the profile {@code long}. */
  private static final int CALLS = Integer.getInteger("gonext.test.calls", 40_000);

  /** Until then a guest's heap, and what its collector leaves over, may still grow. */
  private static final int WARM_UP_CALLS = 20_000;

  private final Engine engine = Engine.withCache(EngineLimits.defaults(), Hosts.COMPILED);

  private final Map<Toolchain, CompiledModule> guests = new EnumMap<>(Toolchain.class);

  @AfterAll
  void closeEngine() {
    engine.close();
  }

  @ParameterizedTest
  @EnumSource(Toolchain.class)
  void every_vector_is_answered_byte_for_byte(Toolchain language) throws Exception {
    CompiledModule guest = guest(language);
    List<String> failures = new ArrayList<>();
    int passed = 0;
    ScriptedHost host = new ScriptedHost();
    GuestInstance instance = start(guest, host);
    for (Vector vector : vectors()) {
      host.expect(vector.calls());
      String difference;
      try {
        HookReply reply = vector.run(instance);
        difference = vector.difference(reply);
      } catch (GuestTrap trap) {
        difference = vector.difference(trap);
        instance.close();
        instance = start(guest, host);
      }
      if (difference == null) {
        difference = host.difference();
      }
      if (difference == null) {
        passed++;
      } else {
        failures.add(vector.name() + ": " + difference);
      }
    }
    instance.close();
    assertThat(failures).as("%d passed", passed).isEmpty();
    assertThat(passed).isGreaterThan(400);
  }

  @ParameterizedTest
  @EnumSource(Toolchain.class)
  void memory_stays_flat_over_many_calls_of_one_instance(Toolchain language) throws Exception {
    List<Vector> vectors =
        vectors().stream()
            .filter(vector -> !vector.panics() && vector.payload().length < 1000)
            .toList();
    ScriptedHost host = new ScriptedHost();
    try (GuestInstance instance = start(guest(language), host)) {
      long afterWarmUp = 0;
      for (int call = 0; call < CALLS; call++) {
        Vector vector = vectors.get(call % vectors.size());
        host.expect(vector.calls());
        vector.run(instance);
        if (call == WARM_UP_CALLS) {
          afterWarmUp = memoryBytes(instance);
        }
      }
      // When Go's collector runs depends on what else the heap holds, so its heap may still grow a
      // little; what leaks 53 bytes a call grows more (14 in the profile long).
      long slack = language == Toolchain.GO ? 1 << 20 : 0;
      assertThat(memoryBytes(instance)).isBetween(afterWarmUp, afterWarmUp + slack);
    }
  }

  private CompiledModule guest(Toolchain language) throws IOException, InterruptedException {
    CompiledModule known = guests.get(language);
    if (known == null) {
      known = engine.compile(language.module(SDK.resolve(language.folder).resolve("conformance")));
      assertThat(GuestAbi.exportProblems(known.surface(), false, false)).isEmpty();
      guests.put(language, known);
    }
    return known;
  }

  private static GuestInstance start(CompiledModule guest, ScriptedHost host) {
    return guest.instantiate(InstanceConfig.builder().hostFunctions(host.functions()).build());
  }

  private static HookReply callJob(GuestInstance instance, byte[] job, byte[] payload) {
    GuestFunction handle = instance.function("gn_handle_job");
    GuestFunction alloc = instance.function("gn_alloc");
    GuestFunction free = instance.function("gn_free");
    return instance.run(
        LIMIT,
        call -> {
          long name = call.call(alloc, job.length);
          call.memory().write(name, job);
          long body = call.call(alloc, payload.length);
          call.memory().write(body, payload);
          long packed = call.call(handle, name, job.length, body, payload.length);
          call.call(free, body, payload.length);
          call.call(free, name, job.length);
          long result = packed >>> 32;
          int length = (int) packed;
          if (result == 0) {
            return length == 0 ? new HookReply.Done() : new HookReply.Failed(length);
          }
          byte[] bytes = call.memory().read(result, length);
          call.call(free, result, length);
          return new HookReply.Body(bytes);
        });
  }

  private static long memoryBytes(GuestInstance instance) {
    return instance.run(LIMIT, call -> call.memory().sizeBytes());
  }

  private static List<Vector> vectors() throws IOException, InvalidJsonException {
    List<Vector> vectors = new ArrayList<>();
    List<Path> files;
    try (Stream<Path> all = Files.list(SDK.resolve("vectors"))) {
      files = all.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
    for (Path file : files) {
      for (JsonNode node : StrictJson.parse(Files.readAllBytes(file)).get("cases")) {
        vectors.add(new Vector(file.getFileName() + ", " + node.get("name").stringValue(), node));
      }
    }
    return vectors;
  }

  /** One case; see {@code sdk/vectors/README.md}. */
  private record Vector(String name, JsonNode node, byte[] payload) {
    Vector(String name, JsonNode node) {
      this(name, node, payloadOf(node));
    }

    private static byte[] payloadOf(JsonNode node) {
      if (node.has("payload_base64")) {
        return Base64.getDecoder().decode(node.get("payload_base64").stringValue());
      }
      return node.has("payload_text")
          ? utf8(node.get("payload_text").stringValue())
          : StrictJson.write(node.get("payload"));
    }

    HookReply run(GuestInstance instance) {
      return node.has("job")
          ? callJob(instance, utf8(node.get("job").stringValue()), payload)
          : GuestAbi.callHook(instance, utf8(node.get("hook").stringValue()), payload, LIMIT);
    }

    List<JsonNode> calls() {
      return node.has("calls") ? List.copyOf(node.get("calls").values()) : List.of();
    }

    boolean panics() {
      return node.has("panic");
    }

    /** Null when the reply is the expected one. */
    @Nullable String difference(HookReply reply) {
      String actual =
          switch (reply) {
            case HookReply.Done() -> "no body";
            case HookReply.Failed(int status) -> "status " + status;
            case HookReply.Body(byte[] bytes) -> new String(bytes, StandardCharsets.UTF_8);
          };
      String expected;
      if (panics()) {
        expected = "a panic";
      } else if (node.has("status")) {
        expected = "status " + node.get("status").intValue();
      } else if (node.has("result_text")) {
        expected = node.get("result_text").stringValue();
      } else if (node.has("result")) {
        expected = new String(StrictJson.write(node.get("result")), StandardCharsets.UTF_8);
      } else {
        expected = "no body";
      }
      return expected.equals(actual) ? null : "expected " + expected + " but got " + actual;
    }

    /** Null when the trap is the expected one. */
    @Nullable String difference(GuestTrap trap) {
      boolean expected =
          panics() && String.valueOf(trap.getMessage()).contains(node.get("panic").stringValue());
      return expected ? null : "it ended with " + trap.getMessage();
    }

    private static byte[] utf8(String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
  }
}
