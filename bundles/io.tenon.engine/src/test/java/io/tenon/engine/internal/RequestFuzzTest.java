package io.tenon.engine.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.engine.api.CreateBdevRequest;
import io.tenon.engine.internal.RandomRequests.Call;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is asked, the answer is one that a caller can act upon, and soon. */
class RequestFuzzTest {
  private static final int REQUESTS = 3000;
  private static final String OTHER_ANA_STATE = "Give 1 (optimized)";

  private static final Set<Code> ANSWERS =
      Set.of(
          Code.OK,
          Code.INVALID_ARGUMENT,
          Code.NOT_FOUND,
          Code.ALREADY_EXISTS,
          Code.FAILED_PRECONDITION,
          Code.RESOURCE_EXHAUSTED);

  /** Mayastor's answer to a nexus whose uuid another one has. */
  private static final String UUID_EXISTS = "There is a nexus with uuid";

  @TempDir private Path directory = Path.of("");

  private static final Marshaller<ByteString> BYTES =
      new Marshaller<>() {
        @Override
        public InputStream stream(ByteString value) {
          return value.newInput();
        }

        @Override
        public ByteString parse(InputStream stream) {
          try {
            return ByteString.readFrom(stream);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private static Status answer(TestNode node, Call call) {
    var method =
        MethodDescriptor.newBuilder(BYTES, BYTES)
            .setType(MethodType.UNARY)
            .setFullMethodName(call.method())
            .build();
    try {
      ClientCalls.blockingUnaryCall(
          node.channel(),
          method,
          CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS),
          call.request());
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyRequestIsAnsweredAndTheNodeGoesOn(long seed) throws Exception {
    Files.write(directory.resolve("disk"), new byte[10 << 20]);
    var requests = new RandomRequests(seed, directory.toString());
    Map<Code, Integer> seen = new EnumMap<>(Code.class);
    try (var node = new TestNode()) {
      for (int i = 0; i < REQUESTS; i++) {
        var call = requests.next();
        var status = answer(node, call);
        boolean expected =
            ANSWERS.contains(status.getCode())
                || (status.getCode() == Code.INTERNAL
                    && (String.valueOf(status.getDescription()).contains(UUID_EXISTS)
                        || String.valueOf(status.getDescription()).contains(OTHER_ANA_STATE)));
        assertTrue(expected, () -> "seed %d: %s to %s".formatted(seed, status, shown(call)));
        if (!status.isOk()) {
          assertTrue(
              status.getDescription() != null && !status.getDescription().isBlank(),
              () -> "seed %d: no sentence, %s to %s".formatted(seed, status, shown(call)));
        }
        seen.merge(status.getCode(), 1, Integer::sum);
        if (i % 200 == 199) clear(node);
      }
      clear(node);
      var uri = CreateBdevRequest.newBuilder().setUri("malloc:///after?size_mb=1").build();
      assertEquals("after", node.bdev().create(uri).getBdev().getName());
    }
    for (var code : Set.of(Code.OK, Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.ALREADY_EXISTS)) {
      assertTrue(seen.getOrDefault(code, 0) > REQUESTS / 100, "the requests are too tame: " + seen);
    }
  }

  private static String shown(Call call) {
    return call.method() + " " + call.request().substring(0, Math.min(300, call.request().size()));
  }

  /** Each takes the other's place: names and uuids are few. */
  private static void clear(TestNode node) throws Exception {
    for (var nexus : node.nexuses().all()) nexus.destroy();
    for (var subsystem : node.target().subsystems()) node.target().unshare(subsystem);
    for (var device : node.devices().all()) destroyUnlessGone(node, device);
  }

  /** What another device carried has gone with it. */
  private static void destroyUnlessGone(TestNode node, DeviceSlot device) throws DeviceException {
    try {
      node.devices().destroy(device);
    } catch (DeviceException e) {
      if (e.kind() != DeviceException.Kind.NOT_FOUND) throw e;
    }
  }

  @Test
  void aRequestThatIsNoMessageIsAnInvalidArgument() throws Exception {
    var broken = ByteString.copyFrom(new byte[] {0x0A, 0x7F, 'x'});
    try (var node = new TestNode()) {
      for (String method : GrpcListenerTest.methods()) {
        var status = answer(node, new Call(method, broken));
        assertEquals(Code.INVALID_ARGUMENT, status.getCode(), method + " " + status);
        assertTrue(String.valueOf(status.getDescription()).contains("message"), status.toString());
      }
    }
  }
}
