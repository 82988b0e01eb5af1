package io.tenon.nvme.internal.reservation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.ReservationType;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.TargetException;
import io.tenon.nvme.internal.reservation.ReservationFile.Unreadable;
import io.tenon.nvme.internal.reservation.ReservationState.Held;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReservationFilesTest {
  private static final UUID DEVICE = UUID.fromString("1d1c1c3e-0000-4000-8000-000000000001");
  private static final UUID HOST = UUID.fromString("2d1c1c3e-0000-4000-8000-00000000000a");
  private static final UUID OTHER = UUID.fromString("3d1c1c3e-0000-4000-8000-00000000000b");
  private static final Path FILE = ShareOptions.fileOfReplica(new UUID(5, 6), DEVICE);

  /** As SPDK writes it, in one line and without spaces. */
  private static final String THEIRS =
      "{\"ptpl\":true,\"rtype\":2,\"crkey\":18446744073709551615,"
          + "\"bdev_uuid\":\"1d1c1c3e-0000-4000-8000-000000000001\","
          + "\"holder_uuid\":\"2d1c1c3e-0000-4000-8000-00000000000a\","
          + "\"registrants\":[{\"rkey\":18446744073709551615,"
          + "\"host_uuid\":\"2d1c1c3e-0000-4000-8000-00000000000a\"},"
          + "{\"rkey\":305419896,\"host_uuid\":\"3d1c1c3e-0000-4000-8000-00000000000b\"}]}";

  @TempDir Path folder;

  private static ReservationState reserved() {
    var keys = new TreeMap<UUID, Long>();
    keys.put(HOST, -1L);
    keys.put(OTHER, 0x12345678L);
    return new ReservationState(
        0, true, keys, Optional.of(new Held(ReservationType.EXCLUSIVE_ACCESS, HOST)));
  }

  private ReservationFiles files() {
    return new ReservationFiles(folder, Runnable::run);
  }

  private static void save(ReservationFiles files, ReservationState state) {
    files.save(FILE, DEVICE, state).toCompletableFuture().join();
  }

  private Path put(String text) throws IOException {
    var file = folder.resolve(FILE);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  @Test
  void whatIsKeptComesBack() throws Exception {
    assertEquals(ReservationState.EMPTY, files().load(FILE, DEVICE));
    save(files(), reserved());
    assertEquals(reserved(), files().load(FILE, DEVICE));
    var free = reserved().released();
    save(files(), free);
    assertEquals(free, files().load(FILE, DEVICE));
    assertEquals("[" + DEVICE + ".json]", names(folder.resolve(FILE).getParent()));
  }

  private static String names(Path in) throws IOException {
    try (var all = Files.list(in)) {
      return all.map(one -> String.valueOf(one.getFileName())).sorted().toList().toString();
    }
  }

  @Test
  void readsWhatSpdkHasWritten() throws Exception {
    put(THEIRS);
    assertEquals(reserved(), files().load(FILE, DEVICE));
    put("{\"ptpl\":false}");
    assertEquals(ReservationState.EMPTY, files().load(FILE, DEVICE));
  }

  @Test
  void whatDoesNotPersistIsNotKept() throws Exception {
    save(files(), reserved());
    save(files(), reserved().persists(false));
    assertFalse(Files.exists(folder.resolve(FILE)));
    assertEquals(ReservationState.EMPTY, files().load(FILE, DEVICE));
  }

  @Test
  void forgetsAFileOrAWholeFolder() throws Exception {
    save(files(), reserved());
    files().forget(FILE);
    assertFalse(Files.exists(folder.resolve(FILE)));
    save(files(), reserved());
    files().forget(Path.of("pool", new UUID(5, 6).toString()));
    assertEquals("[]", names(folder.resolve("pool")));
    files().forget(FILE);
  }

  @Test
  void aFileOfAnotherDeviceIsNamed() throws Exception {
    put(THEIRS.replace(DEVICE.toString(), OTHER.toString()));
    var refused = assertThrows(TargetException.class, () -> files().load(FILE, DEVICE));
    assertEquals(TargetException.Kind.RESERVATIONS, refused.kind());
    assertTrue(refused.getMessage().contains(FILE.toString()), refused::getMessage);
    assertTrue(refused.getMessage().contains(OTHER.toString()), refused::getMessage);
  }

  @Test
  void whatCannotBeWrittenIsTold() throws Exception {
    Files.writeString(folder.resolve("pool"), "in the way");
    var saved = files().save(FILE, DEVICE, reserved()).toCompletableFuture();
    assertTrue(saved.isCompletedExceptionally());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "{\"ptpl\":1}",
        "{\"ptpl\":true}",
        "{\"ptpl\":false} x",
        "{\"ptpl\":false,\"ptpl\":false}",
        "{\"ptpl\":false,\"more\":1}"
      })
  void whatIsNoSuchFileIsRefused(String text) throws Exception {
    put(text);
    assertThrows(TargetException.class, () -> files().load(FILE, DEVICE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"rtype\":2|\"rtype\":7",
        "\"rtype\":2|\"rtype\":-1",
        "\"rtype\":2|\"rtype\":4294967298",
        "\"rtype\":2|\"rtype\":0",
        "\"rkey\":305419896|\"rkey\":0",
        "\"rkey\":305419896|\"rkey\":18446744073709551616",
        "\"rkey\":305419896|\"rkey\":1.5",
        "\"rkey\":305419896|\"rkey\":\"1\"",
        "3d1c1c3e-0000-4000-8000-00000000000b|2d1c1c3e-0000-4000-8000-00000000000a",
        "3d1c1c3e-0000-4000-8000-00000000000b|3d1c1c3e-0000-4000-8000-0000000000000b",
        "\"holder_uuid\":\"2|\"holder_uuid\":\"9",
        "\"registrants\":|\"registrant\":"
      })
  void whatDoesNotFitTogetherIsRefused(String change) throws Exception {
    String[] parts = change.split("\\|");
    put(THEIRS.replace(parts[0], parts[1]));
    assertThrows(TargetException.class, () -> files().load(FILE, DEVICE));
  }

  /** Any file is either read or refused with a sentence; never does a damaged one count as none. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aDamagedFileIsReadOrRefused(long seed) {
    var random = new SplittableRandom(seed);
    byte[] whole = THEIRS.getBytes(StandardCharsets.US_ASCII);
    int refused = 0;
    for (int i = 0; i < 5_000; i++) {
      byte[] bytes = whole.clone();
      for (int change = random.nextInt(1, 4); change > 0; change--) {
        int at = random.nextInt(bytes.length);
        bytes[at] =
            random.nextBoolean() ? whole[random.nextInt(whole.length)] : (byte) random.nextInt(128);
      }
      String text =
          new String(
              bytes,
              0,
              random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length,
              StandardCharsets.US_ASCII);
      try {
        var state = ReservationFile.read(DEVICE, text);
        assertTrue(state.persists() || text.contains("false"), text);
      } catch (Unreadable e) {
        refused++;
        assertTrue(e.why().endsWith("."), e::why);
      }
    }
    assertTrue(refused > 1_000);
  }

  @Test
  void deepNestingIsRefusedAndNotFollowed() {
    assertThrows(Unreadable.class, () -> ReservationFile.read(DEVICE, "[".repeat(1_000_000)));
  }
}
