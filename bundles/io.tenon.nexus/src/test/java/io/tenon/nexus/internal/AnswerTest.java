package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tenon.block.IoStatus;
import io.tenon.error.Check;
import io.tenon.nexus.ChildReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AnswerTest {
  @ParameterizedTest
  @CsvSource({
    "NO_SPACE, NO_SPACE, NO_SPACE",
    "TIMED_OUT, TIMED_OUT, TIMED_OUT",
    "DEVICE_GONE, IO_FAILURE, ADMIN_FAILED",
    "IO_ERROR, IO_FAILURE, IO_FAILURE",
    "OUT_OF_RANGE, IO_FAILURE, IO_FAILURE",
    "ABORTED, IO_FAILURE, IO_FAILURE"
  })
  void eachFaultHasItsReason(IoStatus fault, ChildReason onThisNode, ChildReason onAnother) {
    assertEquals(Answer.FAULT, Answer.of(fault));
    assertEquals(onThisNode, Answer.reason(fault, true));
    assertEquals(onAnother, Answer.reason(fault, false));
  }

  /** Of a child that holds everything they are answers; one that is being rebuilt is out for them. */
  @ParameterizedTest
  @EnumSource(names = {"UNSUPPORTED", "MISCOMPARE"})
  void aRefusalIsNoFaultAndHasAReasonAllTheSame(IoStatus refusal) {
    assertEquals(Answer.REFUSED, Answer.of(refusal));
    assertEquals(ChildReason.IO_FAILURE, Answer.reason(refusal, true));
  }

  /** With several reactors the answer may be heard before the device's own word. */
  @Test
  void aDeviceThatIsGoneIsOutForTheSameReasonWhoeverSaysItFirst() {
    assertEquals(Answer.gone(false), Answer.reason(IoStatus.DEVICE_GONE, false));
    assertEquals(Answer.gone(true), Answer.reason(IoStatus.DEVICE_GONE, true));
  }

  @ParameterizedTest
  @EnumSource(names = {"SUCCESS", "RESERVATION_CONFLICT"})
  void whatIsNoFaultHasNoReason(IoStatus status) {
    assertThrows(Check.Bug.class, () -> Answer.reason(status, false));
  }
}
