package io.tenon.engine.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.tenon.block.DeviceException;
import io.tenon.error.Check;
import io.tenon.error.TenonException;
import io.tenon.nexus.NexusException;
import io.tenon.nvme.TargetException;
import io.tenon.pool.PoolException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswersTest {
  /** Records, and refuses a second end. */
  private static final class Once implements StreamObserver<String> {
    final List<String> values = new ArrayList<>();
    Status status;

    @Override
    public void onNext(String value) {
      Check.that(status == null, "after the end: %s", value);
      values.add(value);
    }

    @Override
    public void onError(Throwable thrown) {
      end(Status.fromThrowable(thrown));
    }

    @Override
    public void onCompleted() {
      end(Status.OK);
    }

    private void end(Status with) {
      Check.that(status == null, "ended twice: %s", with);
      status = with;
    }
  }

  private static Status answer(Answers.Call<String> call) {
    var observer = new Once();
    Answers.answer(observer, call);
    assertEquals(
        observer.status.isOk() ? List.of("done") : List.of(), observer.values, "all or nothing");
    return observer.status;
  }

  private static Status.Code code(TenonException thrown) {
    var status =
        answer(
            () -> {
              throw thrown;
            });
    assertEquals(thrown.getMessage(), status.getDescription());
    return status.getCode();
  }

  @Test
  void whatReturnsIsOk() {
    assertTrue(answer(() -> "done").isOk());
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID_URI, INVALID_ARGUMENT",
    "UNKNOWN_SCHEME, INVALID_ARGUMENT",
    "INVALID_PARAMETER, INVALID_ARGUMENT",
    "NOT_FOUND, NOT_FOUND",
    "ALREADY_EXISTS, ALREADY_EXISTS",
    "IN_USE, INVALID_ARGUMENT",
    "UNSUPPORTED, INVALID_ARGUMENT",
    "MISMATCH, INVALID_ARGUMENT",
    "PERMISSION_DENIED, INVALID_ARGUMENT",
    "TIMED_OUT, INVALID_ARGUMENT",
    "IO, INVALID_ARGUMENT",
  })
  void errorsOfDevicesHaveMayastorsCodes(DeviceException.Kind kind, Status.Code code) {
    assertEquals(code, code(new DeviceException(kind, "What.", "Why.", "Remedy.")));
  }

  @ParameterizedTest
  @CsvSource({
    "NAME_EXISTS, ALREADY_EXISTS",
    "UUID_EXISTS, INTERNAL",
    "INVALID_ARGUMENT, INVALID_ARGUMENT",
    "CHILD, INVALID_ARGUMENT",
    "CHILD_NOT_FOUND, NOT_FOUND",
    "STATE, FAILED_PRECONDITION",
    "ALREADY_SHARED, INVALID_ARGUMENT",
    "UNAVAILABLE, UNAVAILABLE",
    "INTERNAL, INTERNAL",
  })
  void errorsOfNexusesHaveMayastorsCodes(NexusException.Kind kind, Status.Code code) {
    assertEquals(code, code(new NexusException(kind, "What.", "Why.", "Remedy.")));
  }

  @ParameterizedTest
  @CsvSource({
    "ALREADY_SHARED, INVALID_ARGUMENT",
    "DEVICE_IN_USE, INVALID_ARGUMENT",
    "INVALID_ARGUMENT, INVALID_ARGUMENT",
    "LIMIT, RESOURCE_EXHAUSTED",
  })
  void errorsOfTheTargetHaveMayastorsCodes(TargetException.Kind kind, Status.Code code) {
    assertEquals(code, code(new TargetException(kind, "What.", "Why.", "Remedy.")));
  }

  @ParameterizedTest
  @CsvSource({
    "OUT_OF_RANGE, OUT_OF_RANGE",
    "NO_SOURCE, FAILED_PRECONDITION",
    "IN_USE, FAILED_PRECONDITION",
    "REBUILD_NOT_FOUND, NOT_FOUND",
    "REPLICA_NOT_FOUND, NOT_FOUND",
    "INVALID_ARGUMENT, INVALID_ARGUMENT",
  })
  void errorsOfSnapshotRebuildsHaveMayastorsCodes(PoolException.Kind kind, Status.Code code) {
    assertEquals(code, code(new PoolException(kind, "What.", "Why.", "Remedy.")));
  }

  @Test
  void anyOtherErrorIsInternal() {
    assertEquals(Status.Code.INTERNAL, code(new TenonException("What.", "Why.", "Remedy.")));
  }

  @Test
  void aBugOfOursEndsTheCallAsCancelled() {
    var bug =
        answer(
            () -> {
              throw Check.bug("a planted %s", "bug");
            });
    assertEquals(Status.Code.CANCELLED, bug.getCode());
    assertTrue(bug.getDescription().contains("a planted bug"), bug.getDescription());
    var missing =
        answer(
            () -> {
              throw new NoClassDefFoundError("io/tenon/Planted");
            });
    assertEquals(Status.Code.CANCELLED, missing.getCode());
  }

  @Test
  void aDescriptionFitsIntoAHeaderAndIsCutBetweenCharacters() {
    var random = new Random(7);
    for (int round = 0; round < 200; round++) {
      var text = new StringBuilder();
      int points = random.nextInt(6000);
      for (int i = 0; i < points; i++) {
        text.appendCodePoint(
            switch (random.nextInt(4)) {
              case 0 -> 'a' + random.nextInt(26);
              case 1 -> random.nextInt(0x20);
              case 2 -> 0x80 + random.nextInt(0x700);
              default -> 0x1F300 + random.nextInt(0x100);
            });
      }
      String whole = text.toString();
      String cut = Answers.shortened(whole);
      assertTrue(encodedBytes(cut) <= 4096 + encodedBytes("…"), "round " + round);
      if (cut.equals(whole)) continue;
      assertTrue(encodedBytes(whole) > 4096, "cut without need in round " + round);
      assertTrue(cut.endsWith("…"));
      String kept = cut.substring(0, cut.length() - 1);
      assertTrue(whole.startsWith(kept));
      assertTrue(Character.charCount(kept.codePointBefore(kept.length())) <= 2);
      assertEquals(kept, new String(kept.getBytes(UTF_8), UTF_8), "no half character");
    }
  }

  private static int encodedBytes(String text) {
    int bytes = 0;
    for (byte one : text.getBytes(UTF_8)) bytes += one >= ' ' && one <= '~' && one != '%' ? 1 : 3;
    return bytes;
  }
}
