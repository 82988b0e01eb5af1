package io.tenon.backend.uring.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.linux.Errno;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the system forbids io_uring, {@code uring://} says so and everything else works. */
class ForbiddenUringTest {
  private static final long PATIENCE_SECONDS = 60;

  @TempDir private Path directory = Path.of("");

  @ParameterizedTest
  @ValueSource(ints = {Errno.EPERM, Errno.ENOSYS})
  void aForbiddenUringIsRefusedWithTheReasonAndAioWorks(int errno) throws Exception {
    var disk = Files.write(directory.resolve("disk"), new byte[1 << 20]);
    var said = directory.resolve("said");
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                ForbiddenUringMain.class.getName(),
                String.valueOf(errno),
                disk.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it hangs");
    } finally {
      process.destroyForcibly();
    }
    String all = Files.readString(said, UTF_8);
    assertEquals(0, process.exitValue(), all);
    var refusal =
        List.of(
            "uring=UNSUPPORTED",
            "why=This system forbids io_uring (a container's seccomp profile, the sysctl"
                + " kernel.io_uring_disabled, or a kernel without it): io_uring_setup: "
                + Errno.text(errno)
                + ".",
            "remedy=Use aio:// instead, or have io_uring allowed.");
    var lines = all.lines().toList();
    assertEquals(7, lines.size(), all);
    assertEquals(refusal, lines.subList(0, 3));
    assertEquals(refusal, lines.subList(3, 6), "the second time too");
    assertEquals("aio=SUCCESS", lines.getLast());
  }
}
