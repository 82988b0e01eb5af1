package io.tenon.metadata.etcd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.etcd.jetcd.api.AuthEnableRequest;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthRoleAddRequest;
import io.etcd.jetcd.api.AuthUserAddRequest;
import io.etcd.jetcd.api.AuthUserGrantRoleRequest;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.tenon.metadata.Key;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.StoreException;
import io.tenon.metadata.StoreRefusedException;
import io.tenon.metadata.StoreUnavailableException;
import io.tenon.metadata.Transaction;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.testing.EtcdServer;
import io.tenon.metadata.testing.Listener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** What only etcd has: members, compaction, users, certificates. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@EnabledIf(
    value = "io.tenon.metadata.testing.EtcdServer#isInstalled",
    disabledReason = EtcdServer.NOT_INSTALLED)
class EtcdSpecialsTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Key A = Key.of("/test/a");

  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open.reversed()) each.close();
  }

  private <T extends AutoCloseable> T opened(T something) {
    open.add(something);
    return something;
  }

  private EtcdServer server(String... options) throws Exception {
    return opened(new EtcdServer(folder, options));
  }

  private EtcdStore store(Settings settings) throws Exception {
    return opened(new EtcdStore(settings, InstantSource.system()));
  }

  private EtcdStore store(String... endpoints) throws Exception {
    return store(EtcdBench.settings(endpoints));
  }

  private Calls calls(EtcdServer server) throws Exception {
    var settings = EtcdBench.settings(server.endpoint());
    var endpoints = opened(new Endpoints(settings));
    return new Calls(endpoints, settings, new Health("test", InstantSource.system()));
  }

  private static void compact(Calls calls, Version version) throws StoreException {
    var _ =
        calls.change(
            KVGrpc.getCompactMethod(),
            CompactionRequest.newBuilder().setRevision(version.value()).build(),
            SOON);
  }

  private static Version putWhenBack(MetadataStore store, Key key, String text) throws Exception {
    for (int tries = 0; ; tries++) {
      try {
        return store.put(key, Value.of(text), Duration.ofSeconds(5));
      } catch (StoreException e) {
        if (tries > 40) throw e;
      }
    }
  }

  @Test
  void aMemberThatIsDeadOrFrozenIsPassedOver() throws Exception {
    var server = server();
    var dead = store("http://127.0.0.1:1", server.endpoint());
    dead.put(A, Value.of("one"), SOON);
    assertEquals(Value.of("one"), dead.get(A, SOON).orElseThrow().value());

    var other = folder.resolve("other");
    assertTrue(other.toFile().mkdir());
    var frozen = opened(new EtcdServer(other));
    frozen.freeze();
    try {
      var store = store(frozen.endpoint(), server.endpoint());
      var version = store.put(A, Value.of("two"), SOON);
      assertEquals(version, store.get(A, SOON).orElseThrow().version());
      var heard = new Listener();
      try (var _ = store.watch(Prefix.ALL, heard)) {
        heard.reaches(version).get(60, TimeUnit.SECONDS);
      }
    } finally {
      frozen.thaw();
    }
  }

  @Test
  void whatNobodyAnswersEndsAtItsDeadlineWithTheReason() throws Exception {
    var store = store("http://127.0.0.1:1", "http://127.0.0.1:2");
    long begunNs = System.nanoTime();
    var failure =
        assertThrows(
            StoreUnavailableException.class,
            () -> store.put(A, Value.of("one"), Duration.ofMillis(700)));
    assertTrue(System.nanoTime() - begunNs < TimeUnit.SECONDS.toNanos(30));
    assertTrue(failure.why().contains("127.0.0.1:"), failure::getMessage);
  }

  @Test
  void aWatchFromBeforeACompactionReadsAgainAndOneAfterItGoesOn() throws Exception {
    var server = server();
    var store = store(server.endpoint());
    var first = store.put(A, Value.of("one"), SOON);
    var second = store.put(A, Value.of("two"), SOON);
    var third = store.put(A, Value.of("three"), SOON);
    compact(calls(server), third);
    var late = new Listener();
    store.watch(Prefix.ALL, first, late);
    late.when(Listener::hasEnded).get(60, TimeUnit.SECONDS);
    assertEquals(0, late.changes().size());
    var fine = new Listener(second);
    try (var _ = store.watch(Prefix.ALL, second, fine)) {
      fine.reaches(third).get(60, TimeUnit.SECONDS);
      assertEquals(third, fine.changes().getFirst().at());
    }
    assertEquals(0, store.status().watches());
  }

  @Test
  void aListIsOfOneVersionWhateverIsCompactedMeanwhile() throws Exception {
    var server = server();
    var store = store(server.endpoint());
    var calls = calls(server);
    var busy = Thread.ofVirtual().unstarted(() -> change(store, calls));
    for (int i = 0; i < 4; i++) all(store, "begin", i);
    busy.start();
    for (int i = 0; i < 30; i++) {
      var entries = store.list(Prefix.of("/all/"), SOON).entries();
      assertEquals(320, entries.size());
      for (int part = 0; part < 4; part++) {
        var of = entries.subList(part * 80, part * 80 + 80);
        assertEquals(1, of.stream().map(entry -> entry.version()).distinct().count());
      }
    }
    busy.interrupt();
    busy.join();
  }

  private static void change(EtcdStore store, Calls calls) {
    try {
      for (int i = 0; ; i++) compact(calls, all(store, "text " + i, i % 4));
    } catch (StoreException e) {
      return; // interrupted, as the test ends
    }
  }

  private static Version all(EtcdStore store, String text, int part) throws StoreException {
    var transaction = Transaction.begin();
    for (int i = 0; i < 80; i++) {
      transaction.put(Key.of("/all/%d/%02d".formatted(part, i)), Value.of(text));
    }
    return store.commit(transaction.end(), SOON);
  }

  @Test
  void anEtcdThatWasRestoredFromNothingIsNotTakenForTheSame() throws Exception {
    var server = server();
    var store = store(server.endpoint());
    for (int i = 0; i < 5; i++) store.put(A, Value.of("v" + i), SOON);
    var heard = new Listener();
    try (var _ = store.watch(Prefix.ALL, heard)) {
      heard.when(me -> !me.events().isEmpty()).get(60, TimeUnit.SECONDS);
      server.kill();
      server.forget();
      server.revive();
      heard.when(Listener::hasEnded).get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void usersAreToldApartAndALoginOutlivesARestart() throws Exception {
    var server = server();
    var calls = calls(server);
    calls.change(
        AuthGrpc.getUserAddMethod(),
        AuthUserAddRequest.newBuilder().setName("root").setPassword("secret").build(),
        SOON);
    calls.change(
        AuthGrpc.getRoleAddMethod(), AuthRoleAddRequest.newBuilder().setName("root").build(), SOON);
    calls.change(
        AuthGrpc.getUserGrantRoleMethod(),
        AuthUserGrantRoleRequest.newBuilder().setUser("root").setRole("root").build(),
        SOON);
    var early = store(login(server, "root", "secret")); // etcd asks for no login yet
    early.put(A, Value.of("early"), SOON);
    calls.change(AuthGrpc.getAuthEnableMethod(), AuthEnableRequest.getDefaultInstance(), SOON);

    early.put(A, Value.of("one"), SOON);
    var nobody =
        assertThrows(
            StoreRefusedException.class,
            () -> store(server.endpoint()).put(A, Value.of("two"), SOON));
    assertTrue(nobody.remedy().contains("user and password"), nobody::getMessage);
    assertThrows(
        StoreRefusedException.class,
        () -> store(login(server, "root", "wrong")).put(A, Value.of("two"), SOON));

    var store = store(login(server, "root", "secret"));
    var heard = new Listener();
    var lease = store.grant(Duration.ofSeconds(5), (_, _) -> {}, SOON);
    try (var _ = store.watch(Prefix.ALL, heard)) {
      heard.when(me -> !me.events().isEmpty()).get(60, TimeUnit.SECONDS);
      server.restart(); // tokens are forgotten
      var version = putWhenBack(store, A, "three");
      heard.reaches(version).get(60, TimeUnit.SECONDS);
      heard.check();
      assertTrue(lease.isHeld());
    }
  }

  private static Settings login(EtcdServer server, String user, String password) throws Exception {
    var plain = EtcdBench.settings(server.endpoint());
    return new Settings(
        plain.endpoints(),
        plain.ca(),
        plain.identity(),
        Optional.of(new Settings.Login(user, password)),
        plain.connectWithin(),
        plain.answerWithin());
  }

  @Test
  void certificatesAreCheckedBothWays() throws Exception {
    var certificate = folder.resolve("cert.pem");
    var key = folder.resolve("key.pem");
    var made =
        new ProcessBuilder(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=test",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                key.toString(),
                "-out",
                certificate.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("openssl.log").toFile());
    Assumptions.assumeTrue(run(made), "openssl made no certificate");
    var server =
        server(
            "--cert-file=" + certificate,
            "--key-file=" + key,
            "--client-cert-auth",
            "--trusted-ca-file=" + certificate);
    var plain = EtcdBench.settings(server.endpoint());
    var identity = Optional.of(new Settings.Identity(certificate, key));
    var soon = Duration.ofSeconds(2);
    var mutual =
        new Settings(
            plain.endpoints(), Optional.of(certificate), identity, plain.login(), soon, soon);
    store(mutual).put(A, Value.of("one"), SOON);
    var strangers =
        List.of(
            new Settings(plain.endpoints(), Optional.empty(), identity, plain.login(), soon, soon),
            new Settings(
                plain.endpoints(),
                Optional.of(certificate),
                Optional.empty(),
                plain.login(),
                soon,
                soon));
    for (Settings stranger : strangers) {
      var store = store(stranger);
      assertThrows(StoreException.class, () -> store.put(A, Value.of("two"), soon));
      assertThrows(StoreUnavailableException.class, () -> store.get(A, soon));
    }
    assertEquals(Value.of("one"), store(mutual).get(A, SOON).orElseThrow().value());
  }

  private static boolean run(ProcessBuilder process) throws Exception {
    try {
      return process.start().waitFor() == 0;
    } catch (IOException e) {
      return false; // there is no such program
    }
  }
}
