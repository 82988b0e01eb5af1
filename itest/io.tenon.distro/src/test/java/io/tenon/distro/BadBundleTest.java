package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.DeviceProvider;
import io.tenon.reactor.Reactors;
import io.tenon.swap.SwapException;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.inject.Inject;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.ops4j.pax.exam.util.Filter;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** Bundles that cannot take the place of the good one: a host that reads and writes notices nothing but a pause. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class BadBundleTest {
  private static final String AIO = "io.tenon.backend.aio";
  private static final String FRAMEWORK = ",org.osgi.framework";
  private static final int IOS = 300;

  @Inject BundleContext context;
  @Inject Swaps swaps;
  @Inject Reactors reactors;

  @Inject
  @Filter("(scheme=nvmf)")
  DeviceProvider initiator;

  private Path folder = Path.of("");
  private Path jar = Path.of("");
  private HostedReplica host;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Before
  public void startHost() throws Exception {
    folder = Files.createTempDirectory("tenon-bad");
    jar = folder.resolve("bad.jar");
    host = new HostedReplica(context, initiator, reactors, "aio");
    host.load.goesOn(IOS);
  }

  @After
  public void hostSawNothing() throws Exception {
    host.load.goesOn(IOS);
    host.mustBeWhole();
    host.close();
    assertEquals(Bundle.ACTIVE, aio().getState());
    Folders.delete(folder);
  }

  private Bundle aio() {
    return Installed.one(context, AIO);
  }

  private void isRefused(String why) {
    ends(SwapResult.REFUSED, AIO, why);
  }

  private void isRolledBack(String why) {
    var before = aio().getVersion();
    ends(SwapResult.ROLLED_BACK, AIO, why);
    assertEquals(before, aio().getVersion());
  }

  private void ends(SwapResult wanted, String bundle, String why) {
    try {
      var done = swaps.swap(new SwapRequest(bundle, jar.toUri(), "the test", 0));
      throw new AssertionError("was let in: " + done);
    } catch (SwapException e) {
      assertEquals(e.getMessage(), wanted, e.result());
      assertTrue(e.getMessage(), e.getMessage().contains(why));
      var last = swaps.history().getLast();
      assertEquals(wanted, last.result());
      assertEquals(bundle, last.bundle());
      assertTrue(last.reason(), last.reason().contains(why));
    }
  }

  private void changed(Map<String, String> headers, Class<?>... more) throws IOException {
    jar = Jars.changed(AIO, jar, headers, more);
  }

  // Refused: nothing was touched.

  @Test
  public void oneThatDoesNotResolve() throws Exception {
    changed(Map.of("Import-Package", ",org.example.nowhere"));
    isRefused("org.example.nowhere");
  }

  @Test
  public void oneThatIsOlder() throws Exception {
    changed(Map.of("Bundle-Version", "0.0.1"));
    isRefused("older than");
  }

  @Test
  public void oneOfAnotherName() throws Exception {
    changed(Map.of("Bundle-SymbolicName", "org.example.other"));
    isRefused("another bundle, org.example.other");
  }

  @Test
  public void oneThatExportsPackages() throws Exception {
    changed(Map.of("Export-Package", "io.tenon.backend.aio.internal"));
    isRefused("exports packages");
  }

  @Test
  public void oneOfAnotherScheme() throws Exception {
    changed(
        Map.of(
            "Provide-Capability",
            "osgi.service;objectClass:List<String>=\"io.tenon.block.DeviceProvider\","
                + "tenon.backend;scheme=oia,tenon.swap"));
    isRefused("does not offer any more: tenon.backend {scheme=aio}");
  }

  @Test
  public void aFragment() throws Exception {
    changed(Map.of("Fragment-Host", "io.tenon.block"));
    isRefused("is a fragment");
  }

  @Test
  public void garbage() throws Exception {
    var bytes = new byte[100_000];
    new Random(7).nextBytes(bytes);
    Files.write(jar, bytes);
    isRefused("cannot be read as a jar");
  }

  @Test
  public void oneThatIsCutOff() throws Exception {
    changed(Map.of());
    byte[] whole = Files.readAllBytes(jar);
    Files.write(jar, Arrays.copyOf(whole, whole.length / 2));
    isRefused("cannot be read as a jar");
  }

  @Test
  public void oneWithAByteThatIsWrong() throws Exception {
    changed(Map.of());
    byte[] whole = Files.readAllBytes(jar);
    whole[whole.length / 2] ^= 1;
    Files.write(jar, whole);
    isRefused("cannot be read as a jar");
  }

  @Test
  public void oneWhoseClassesAreBroken() throws Exception {
    changed(Map.of("Bundle-Version", "0.1.1"));
    jar = Jars.withBrokenClasses(jar, "DiskChannel");
    isRolledBack("is broken: java.lang.ClassFormatError");
  }

  @Test
  public void aHugeFile() throws Exception {
    try (var huge = new RandomAccessFile(jar.toFile(), "rw")) {
      huge.setLength((64 << 20) + 1);
    }
    isRefused("more than 67108864 bytes");
  }

  @Test
  public void aFileThatIsNoFile() {
    jar = Path.of("/dev/zero");
    isRefused("no ordinary file");
  }

  @Test
  public void bundlesThatOthersAreWiredToOrThatHandNothingOver() throws Exception {
    changed(Map.of());
    ends(SwapResult.REFUSED, "io.tenon.nvme", "does not say that it hands over");
    ends(SwapResult.REFUSED, "io.tenon.nobody", "There is no such bundle");
  }

  // Rolled back.

  @Test
  public void oneThatThrowsAtItsStart() throws Exception {
    changed(
        Map.of("Bundle-Activator", ThrowingActivator.class.getName(), "Import-Package", FRAMEWORK),
        ThrowingActivator.class);
    isRolledBack("this one throws at its start");
  }

  @Test
  public void oneThatHangsAtItsStart() throws Exception {
    changed(
        Map.of("Bundle-Activator", HangingActivator.class.getName(), "Import-Package", FRAMEWORK),
        HangingActivator.class);
    isRolledBack("Its start was not done within the deadline.");
  }

  @Test
  public void oneThatProvidesNothingOfWhatItPromises() throws Exception {
    changed(Map.of("Service-Component", ""));
    isRolledBack("is not there");
  }

  @Test
  public void oneThatAnswersWithOtherData() throws Exception {
    changed(
        Map.of("Bundle-Activator", LyingActivator.class.getName(), "Import-Package", FRAMEWORK),
        LyingActivator.class);
    isRolledBack("It answers with other data than before.");
  }

  @Test
  public void oneThatNeverAnswers() throws Exception {
    changed(
        Map.of(
            LyingActivator.SILENT,
            "yes",
            "Bundle-Activator",
            LyingActivator.class.getName(),
            "Import-Package",
            FRAMEWORK),
        LyingActivator.class);
    isRolledBack("It does not answer a read within");
  }

  // Two at once.

  @Test
  public void ofTwoAtOnceOneWaitsForTheOther() throws Exception {
    jar = Jars.of(AIO);
    var request = new SwapRequest(AIO, jar.toUri(), "the test", 0);
    try (var two = Executors.newFixedThreadPool(2)) {
      Callable<SwapResult> swap = () -> swaps.swap(request).result();
      for (Future<SwapResult> done : two.invokeAll(List.of(swap, swap))) {
        assertEquals(SwapResult.SWAPPED, done.get());
      }
    }
  }
}
