package io.tenon.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
  private final Map<Option, String> commandLine = new EnumMap<>(Option.class);
  private final Map<String, String> environment = new HashMap<>();

  @TempDir private Path folder;
  private Path optionsFile;

  @BeforeEach
  void anyFreePort() {
    optionsFile = folder.resolve("tenon-node.properties");
    commandLine.put(Option.GRPC, "127.0.0.1:0");
    commandLine.put(Option.NVME, "127.0.0.1:0");
  }

  private Settings read() throws RefusedException {
    return Settings.read(OptionSources.of(commandLine, environment, optionsFile));
  }

  private RefusedException refusal() {
    return assertThrows(RefusedException.class, this::read);
  }

  @Test
  void commandLineBeatsEnvironmentBeatsFileBeatsDefault() throws Exception {
    environment.put("HOSTNAME", "by-default");
    assertEquals("by-default", read().name());
    Files.writeString(optionsFile, "name=by-file\n");
    assertEquals("by-file", read().name());
    environment.put("TENON_NAME", "by-environment");
    assertEquals("by-environment", read().name());
    commandLine.put(Option.NAME, "by-command-line");
    assertEquals("by-command-line", read().name());
  }

  @Test
  void aBlankValueOutsideTheCommandLineCountsAsNotGiven() throws Exception {
    environment.put("TENON_NAME", " ");
    Files.writeString(optionsFile, "name=by-file\ncores=\n");
    assertEquals("by-file", read().name());
    assertEquals(Optional.empty(), read().cores());
  }

  @Test
  void anOptionThatDoesNotExistInTheFileIsRefusedByName() throws Exception {
    Files.writeString(optionsFile, "prot=1\n");
    assertTrue(refusal().what().contains("prot"), refusal()::what);
  }

  @Test
  void aRefusalNamesTheSourceOfTheValue() {
    environment.put("TENON_NAME", "not a name");
    assertTrue(refusal().what().contains("TENON_NAME is \"not a name\""), refusal()::what);
    assertFalse(refusal().why().isEmpty());
    assertFalse(refusal().remedy().isEmpty());
  }

  @Test
  void endpointsThatAreNoneAreRefused() {
    for (String wrong :
        new String[] {"x", "127.0.0.1", ":1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "a:-1"}) {
      commandLine.put(Option.GRPC, wrong);
      assertTrue(refusal().what().contains("--grpc is \"" + wrong + "\""), refusal()::what);
    }
  }

  @Test
  void anAddressOfAnotherMachineIsRefused() {
    commandLine.put(Option.NVME, "192.0.2.1:0"); // TEST-NET-1, nobody's
    assertTrue(refusal().why().contains("no address 192.0.2.1"), refusal()::why);
  }

  @Test
  void aPortThatIsTakenIsRefused() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      commandLine.put(Option.NVME, "127.0.0.1:" + taken.getLocalPort());
      assertTrue(refusal().why().contains("cannot be listened on"), refusal()::why);
    }
  }

  @Test
  void onePortForBothIsRefused() throws IOException {
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    commandLine.put(Option.GRPC, "127.0.0.1:" + port);
    commandLine.put(Option.NVME, "127.0.0.1:" + port);
    assertTrue(refusal().why().contains("gRPC listens on the same"), refusal()::why);
  }

  @Test
  void ipv6StandsInBrackets() throws RefusedException {
    var endpoint = Endpoint.parse(new Given("[::1]:10124", "--grpc"));
    assertEquals(10124, endpoint.port());
    assertEquals("0:0:0:0:0:0:0:1", endpoint.host());
  }

  @Test
  void theTargetListensOnThePodsAddressWhenThereIsOne() {
    commandLine.remove(Option.NVME);
    environment.put("MY_POD_IP", "192.0.2.7");
    assertTrue(refusal().what().contains("192.0.2.7:8420"), refusal()::what);
    assertTrue(refusal().what().contains("MY_POD_IP"), refusal()::what);
  }

  @Test
  void shellIsYesOrNo() throws Exception {
    assertFalse(read().shell());
    environment.put("TENON_SHELL", "yes");
    assertTrue(read().shell());
    environment.put("TENON_SHELL", "perhaps");
    assertTrue(refusal().why().contains("neither yes nor no"), refusal()::why);
  }

  @Test
  void aDeployFolderThatIsNotThereIsRefused() {
    commandLine.put(Option.DEPLOY, folder.resolve("none").toString());
    assertTrue(refusal().why().contains("There is no folder"), refusal()::why);
  }

  @Test
  void theNodesOwnDeployFolderLiesInItsDataFolderAndIsMade() throws Exception {
    assertEquals(Optional.empty(), read().deploy());
    Files.writeString(optionsFile, "deploy=true\n");
    commandLine.put(Option.DATA, folder.resolve("data").toString());
    Settings settings = read();
    Path own = settings.deploy().orElseThrow();
    try (var data = DataFolder.open(settings.data())) {
      data.make(own);
      data.make(own);
      assertTrue(Files.isDirectory(folder.resolve("data").resolve("deploy")));
      var properties = FrameworkProperties.of(settings, data.path(), new Home(folder));
      assertEquals(
          data.path().resolve("deploy").toString(), properties.get("felix.fileinstall.dir"));
    }
    commandLine.put(Option.DEPLOY, "false");
    assertEquals(Optional.empty(), read().deploy());
  }

  @Test
  void aDeployFolderElsewhereStaysWhereItIs() throws Exception {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    commandLine.put(Option.DEPLOY, elsewhere.toString());
    var properties = FrameworkProperties.of(read(), folder.resolve("data"), new Home(folder));
    assertEquals(elsewhere.toString(), properties.get("felix.fileinstall.dir"));
  }

  @Test
  void coresThatDoNotExistAreRefused() {
    var given = new Given("0,5", "--cores");
    var refused = assertThrows(RefusedException.class, () -> Cores.check(given, "0-3"));
    assertTrue(refused.why().startsWith("Core 5 is not one"), refused::why);
  }

  @Test
  void coreListsThatAreNoneAreRefused() {
    for (String wrong : new String[] {"", "a", "1-", "3-1", "0,0", "0-2,1", "-1", "0,", "9999"}) {
      var given = new Given(wrong, "--cores");
      assertThrows(RefusedException.class, () -> Cores.check(given, "0-8191"), wrong);
    }
  }

  @Test
  void coreListsAreReadAsLinuxWritesThem() {
    assertEquals("[0, 2, 3, 7]", Cores.parse("7,0,2-3").toString());
  }

  /** An option that may be anything of its pieces; others keep a value that is right. */
  private static final Map<Option, String[]> PIECES =
      Map.of(
          Option.NAME, new String[] {"a", "-", ".", "_", "9", " ", "\u0000", "ü", "/"},
          Option.GRPC, new String[] {"127.0.0.1", ":", "0", "99999", "[::1]", "[", "]", " ", "-1"},
          Option.CORES, new String[] {"0", "1", "-", ",", "99", "4096", "x", " "},
          Option.SHELL, new String[] {"true", "false", "1", "no", " ", "TRUE"},
          Option.DEPLOY, new String[] {"/", "..", "tmp", "\u0000", " ", "~"});

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anyValueIsTakenOrRefusedWithThePlaceToCorrect(long seed) {
    var random = new Random(seed);
    var options = PIECES.keySet().stream().sorted().toList();
    for (int i = 0; i < 300; i++) {
      var option = options.get(random.nextInt(options.size()));
      var pieces = PIECES.get(option);
      var text = new StringBuilder();
      for (int left = 1 + random.nextInt(4); left > 0; left--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      commandLine.put(option, text.toString());
      try {
        assertFalse(read().name().isBlank());
      } catch (RefusedException e) {
        assertTrue(e.getMessage().contains("\"" + text), e.getMessage());
      }
      commandLine.clear();
      anyFreePort();
    }
  }
}
