package io.tenon.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.Check;
import java.time.InstantSource;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllocationQueryTest {
  private final StepReactor one = new StepReactor(0);
  private final HeldDevice device = HeldDevice.plain();
  private final DeviceSlot slot =
      new DeviceSlot(device, "held:///held", InstantSource.system(), Runnable::run);
  private final IoChannel channel = open();
  private final Question question = new Question();

  private IoChannel open() {
    var opened = new ArrayList<IoChannel>();
    one.on(() -> opened.add(slot.channel(one)));
    return opened.getFirst();
  }

  private static final class Question extends AllocationQuery {
    int answers;

    @Override
    protected void answered() {
      answers++;
    }
  }

  private HeldDevice.Channel inner() {
    return device.channel(0);
  }

  private void ask(long lba, long blocks) {
    one.on(
        () -> {
          question.prepare(lba, blocks);
          channel.ask(question);
        });
  }

  private void answer(boolean allocated, long alike) {
    one.on(() -> inner().asked.removeFirst().answer(allocated, alike));
  }

  @Test
  void bringsTheAnswerOfTheDevice() {
    ask(3, 20);
    assertEquals(0, question.answers);
    answer(false, 7);
    assertEquals(1, question.answers);
    assertFalse(question.isAllocated());
    assertEquals(7, question.alike());
  }

  @Test
  void aDeviceThatDoesNotKnowHasAllocatedEverything() {
    var silent =
        new IoChannel() {
          @Override
          protected void take(IoRequest request) {}

          @Override
          public void close() {}
        };
    question.prepare(1, 9);
    silent.ask(question);
    assertTrue(question.isAllocated());
    assertEquals(9, question.alike());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 21})
  void anAnswerAboutNoneOrTooManyBlocksIsABugOfTheDevice(long alike) {
    ask(3, 20);
    assertThrows(Check.Bug.class, () -> answer(true, alike));
  }

  @Test
  void aRangeThatTheDeviceDoesNotHaveIsNotAskedFor() {
    ask(60, 5);
    assertTrue(question.isAllocated() && inner().asked.isEmpty());
  }

  @Test
  void aDeviceIsNotTakenOutBeforeItHasAnswered() throws Exception {
    ask(0, 64);
    var vacated = slot.vacate("for the test", "the test").toCompletableFuture();
    StepReactor.settle(one);
    assertFalse(vacated.isDone() || inner().isClosed);
    answer(false, 64);
    StepReactor.settle(one);
    assertTrue(vacated.isDone() && inner().isClosed);
    assertNull(vacated.get().orElse(null));
  }

  @Test
  void nobodyWaitsForASlotThatIsNotReady() {
    var _ = slot.drain("for the test");
    StepReactor.settle(one);
    ask(0, 64);
    assertEquals(1, question.answers);
    assertTrue(question.isAllocated());
  }
}
