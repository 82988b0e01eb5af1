package io.tenon.engine.internal;

import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.StringValue;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceUri;
import io.tenon.engine.api.Bdev;
import io.tenon.engine.api.BdevShareRequest;
import io.tenon.engine.api.BdevUnshareRequest;
import io.tenon.engine.api.CreateBdevRequest;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.DestroyBdevRequest;
import io.tenon.engine.api.ListBdevOptions;
import io.tenon.engine.api.PublishNexusRequest;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.nvme.NvmeTarget;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BdevServiceTest {
  private static final String UUID_A = "11111111-2222-4333-8444-555555555555";
  private static final String A = "malloc:///a?size_mb=16&uuid=" + UUID_A;
  private static final String HOST_1 = "nqn.2019-05.io.openebs:node-name:one";
  private static final String HOST_2 = "nqn.2019-05.io.openebs:node-name:two";

  @TempDir private Path directory = Path.of("");
  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private Bdev create(String uri) {
    return node.bdev().create(CreateBdevRequest.newBuilder().setUri(uri).build()).getBdev();
  }

  private void destroy(String uri) {
    var _ = node.bdev().destroy(DestroyBdevRequest.newBuilder().setUri(uri).build());
  }

  private List<Bdev> list() {
    return node.bdev().list(ListBdevOptions.getDefaultInstance()).getBdevsList();
  }

  private Bdev listed(String name) {
    var request = ListBdevOptions.newBuilder().setName(StringValue.of(name)).build();
    var found = node.bdev().list(request).getBdevsList();
    assertEquals(1, found.size());
    return found.getFirst();
  }

  private Bdev share(String name, String... hosts) {
    return node.bdev()
        .share(
            BdevShareRequest.newBuilder()
                .setName(name)
                .setProtocol(ShareProtocol.NVMF)
                .addAllAllowedHosts(List.of(hosts))
                .build())
        .getBdev();
  }

  private void unshare(String name) {
    var _ = node.bdev().unshare(BdevUnshareRequest.newBuilder().setName(name).build());
  }

  private Set<String> hosts(String name) {
    return node.target().find(NvmeTarget.NQN_PREFIX + name).orElseThrow().options().hosts();
  }

  @Test
  void whatIsCreatedIsDescribedAndListed() {
    var made = create(A);
    assertEquals("a", made.getName());
    assertEquals(UUID_A, made.getUuid());
    assertEquals(16 * 2048, made.getNumBlocks());
    assertEquals(512, made.getBlkSize());
    assertEquals(A, made.getUri());
    assertFalse(made.getClaimed());
    assertEquals("", made.getClaimedBy());
    assertEquals("", made.getShareUri());
    assertFalse(made.getProductName().isEmpty());
    create("null:///n?size_mb=8&blk_size=4096");
    assertEquals(List.of("a", "n"), list().stream().map(Bdev::getName).toList());
    assertEquals(made, listed("a"));
    assertEquals(4096, listed("n").getBlkSize());
    assertEquals(2048, listed("n").getNumBlocks());
  }

  @Test
  void aListByANameThatIsNotThereIsNotFound() {
    refused(NOT_FOUND, "nobody", () -> listed("nobody"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "a",
        "malloc",
        "malloc:",
        "malloc:///",
        "malloc://host/a?size_mb=16",
        "malloc:///a",
        "malloc:///a?size_mb=16&num_blocks=100",
        "malloc:///a?size_mb=-1",
        "malloc:///a?size_mb=many",
        "malloc:///a?size_mb=16&size_mb=16",
        "malloc:///a?size_mb=16&blk_size=1024",
        "malloc:///a?size_mb=16&colour=red",
        "malloc:///a?size_mb=16&uuid=not-a-uuid",
        "malloc:///a?size_mb=16#part",
        "malloc:///a?size_mb=%zz",
        "null:///n?size_mb=1&num_blocks=1",
        "ftl:///a",
        "lvm:///a",
        "aio:///tmp/x?rescan=perhaps",
        "aio:///tmp/x%00y",
        "malloc:///a?size_mb=16&resize=perhaps",
        "malloc:///a?size_mb=9223372036854775807",
        "malloc:///a?num_blocks=9223372036854775807&blk_size=4096",
        "malloc:///a?num_blocks=9223372036854775808",
        "null:///n?num_blocks=9223372036854775807&blk_size=4096",
        "null:///n?size_mb=17592186044416",
        "malloc:///a?size_mb=16&uuid=0000000000000000000000000000-1-1-1-1",
        "bdev:///a?uuid=1",
        "bdev:///a?colour=red",
        "loopback://host/a",
        "\u0000://\u0000",
      })
  void aUriThatIsWrongIsAnInvalidArgument(String uri) {
    refused(INVALID_ARGUMENT, () -> create(uri));
    assertEquals(List.of(), list());
  }

  @Test
  void theRefusalOfAUriSaysWhatIsWrongWithIt() {
    refused(INVALID_ARGUMENT, "colour", () -> create("malloc:///a?size_mb=16&colour=red"));
    refused(INVALID_ARGUMENT, "ftl", () -> create("ftl:///a"));
    refused(INVALID_ARGUMENT, "1024", () -> create("malloc:///a?size_mb=16&blk_size=1024"));
  }

  @Test
  void aRefusalOfALongUriStillArrives() {
    String uri = "malloc:///" + "ü".repeat(100_000) + "?size_mb=nothing";
    refused(INVALID_ARGUMENT, "malloc:///", () -> create("%" + uri));
    refused(NOT_FOUND, () -> listed("ü".repeat(100_000)));
  }

  @Test
  void whatExistsIsNotCreatedAgain() {
    create(A);
    refused(ALREADY_EXISTS, "a", () -> create(A));
    refused(ALREADY_EXISTS, UUID_A, () -> create("malloc:///b?size_mb=16&uuid=" + UUID_A));
    refused(
        INVALID_ARGUMENT,
        UUID_A,
        () -> create("malloc:///a?size_mb=16&uuid=11111111-2222-4333-8444-000000000000"));
    assertEquals(1, list().size());
  }

  @Test
  void aMissingFileOrDeviceIsNotFound() {
    refused(NOT_FOUND, "nowhere", () -> create("aio://" + directory.resolve("nowhere")));
    refused(NOT_FOUND, "nobody", () -> create("bdev:///nobody"));
    refused(NOT_FOUND, "nobody", () -> create("loopback:///nobody"));
  }

  @Test
  void aFileThatDoesNotFitOrIsTakenIsAnInvalidArgument() throws Exception {
    var odd = Files.write(directory.resolve("odd"), new byte[1000]);
    refused(INVALID_ARGUMENT, "1000", () -> create("aio://" + odd));
    refused(INVALID_ARGUMENT, "directory", () -> create("aio://" + directory));
    var file = Files.createFile(directory.resolve("disk"));
    try (var sized = new RandomAccessFile(file.toFile(), "rw")) {
      sized.setLength(1 << 20);
    }
    var made = create("aio://" + file);
    assertEquals(file.toString(), made.getName());
    assertEquals(2048, made.getNumBlocks());
    refused(ALREADY_EXISTS, () -> create("aio://" + file));
  }

  @Test
  void resizeAndRescanChangeADeviceThatIsThere() throws Exception {
    create(A);
    assertEquals(32 * 2048, create("malloc:///a?size_mb=32&resize").getNumBlocks());
    var file = Files.write(directory.resolve("disk"), new byte[1 << 20]);
    create("aio://" + file);
    try (var sized = new RandomAccessFile(file.toFile(), "rw")) {
      sized.setLength(2 << 20);
    }
    assertEquals(4096, create("aio://" + file + "?rescan").getNumBlocks());
  }

  /** Mayastor cannot tell one cause from the other there, and clients know this code. */
  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"IN_USE", "UNSUPPORTED", "MISMATCH", "PERMISSION_DENIED", "IO", "NOT_FOUND"})
  void whateverKeepsAUringDiskFromOpeningIsNotFound(Kind kind) {
    node.add(new Refusing(kind), "uring");
    node.add(new Refusing(kind), "other");
    refused(NOT_FOUND, "for a reason", () -> create("uring:///dev/disk"));
    refused(
        kind == Kind.NOT_FOUND ? NOT_FOUND : INVALID_ARGUMENT,
        "for a reason",
        () -> create("other:///dev/disk"));
  }

  @Test
  void aWrongUriOfAUringDiskIsAnInvalidArgument() {
    node.add(new Refusing(Kind.INVALID_PARAMETER), "uring");
    refused(INVALID_ARGUMENT, () -> create("uring:///dev/disk?rescan"));
  }

  private record Refusing(Kind kind) implements DeviceProvider {
    @Override
    public String deviceName(DeviceUri uri) {
      return uri.path();
    }

    @Override
    public BlockDevice open(DeviceUri uri) throws DeviceException {
      throw new DeviceException(kind, uri + " was not opened", "for a reason", "");
    }
  }

  @Test
  void destroyTakesTheUriAndForgetsTheDevice() {
    create(A);
    create("malloc:///b?size_mb=16");
    destroy(A);
    destroy("malloc:///b");
    assertEquals(List.of(), list());
    refused(NOT_FOUND, "a", () -> destroy(A));
    create(A);
  }

  @Test
  void destroyOfWhatCannotBeIsAnInvalidArgument() {
    refused(INVALID_ARGUMENT, () -> destroy(""));
    refused(INVALID_ARGUMENT, () -> destroy("a"));
    refused(INVALID_ARGUMENT, "ftl", () -> destroy("ftl:///a"));
    refused(NOT_FOUND, () -> destroy("bdev:///a"));
    refused(NOT_FOUND, () -> destroy("null:///a"));
  }

  @Test
  void ofADeviceWithAnAliasOnlyTheAliasIsDestroyed() {
    create(A);
    String alias = "bdev:///a?uuid=" + UUID_A;
    assertEquals(alias, create(alias).getAliases());
    refused(ALREADY_EXISTS, () -> create(alias));
    destroy(alias);
    assertEquals("", listed("a").getAliases());
    destroy(A);
  }

  @Test
  void aSharedDeviceIsNotDestroyed() {
    create(A);
    share("a");
    refused(INVALID_ARGUMENT, "NVMe-oF Target", () -> destroy(A));
    unshare("a");
    destroy(A);
  }

  @Test
  void aShareHasAUriAndAClaimAndEnds() {
    create(A);
    var shared = share("a", HOST_1);
    assertEquals(TestNode.TARGET + NvmeTarget.NQN_PREFIX + "a", shared.getShareUri());
    assertTrue(shared.getClaimed());
    assertEquals("NVMe-oF Target", shared.getClaimedBy());
    assertEquals(shared, listed("a"));
    assertEquals(Set.of(HOST_1), hosts("a"));
    unshare("a");
    assertEquals("", listed("a").getShareUri());
    assertFalse(listed("a").getClaimed());
  }

  @Test
  void sharingAgainOnlyReplacesTheHosts() {
    create(A);
    var shared = share("a", HOST_1);
    assertEquals(shared, share("a", HOST_2));
    assertEquals(Set.of(HOST_2), hosts("a"));
    share("a");
    assertEquals(Set.of(), hosts("a"));
  }

  @Test
  void onlyNvmfIsOfferedForSharing() {
    create(A);
    var request = BdevShareRequest.newBuilder().setName("a");
    for (var protocol : List.of(ShareProtocol.NONE, ShareProtocol.ISCSI)) {
      refused(
          INVALID_ARGUMENT,
          protocol.name(),
          () -> node.bdev().share(request.setProtocol(protocol).build()));
    }
    refused(INVALID_ARGUMENT, () -> node.bdev().share(request.setProtocolValue(77).build()));
    assertFalse(listed("a").getClaimed());
  }

  @Test
  void sharingWhatIsNotThereIsNotFoundAndUnsharingItIsDone() {
    refused(NOT_FOUND, "nobody", () -> share("nobody"));
    unshare("nobody");
    create(A);
    unshare("a");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "one", "nqn.2019-05.io.openebs:\n", " nqn.2019-05.io.openebs:x"})
  void aHostThatIsNoNqnIsRefused(String host) {
    create(A);
    refused(INVALID_ARGUMENT, "allowed host", () -> share("a", HOST_1, host));
    refused(INVALID_ARGUMENT, () -> share("a", "nqn.2019-05.io.openebs:" + "x".repeat(201)));
    assertFalse(listed("a").getClaimed());
    share("a", HOST_1);
    refused(INVALID_ARGUMENT, () -> share("a", host));
    assertEquals(Set.of(HOST_1), hosts("a"));
  }

  @Test
  void theShareOfANexusIsTheNexusOwn() {
    create("malloc:///child?size_mb=16");
    var _ =
        node.nexus()
            .createNexus(
                CreateNexusRequest.newBuilder()
                    .setName("volume")
                    .setUuid(UUID_A)
                    .setSize(8 << 20)
                    .setMinCntlId(1)
                    .setMaxCntlId(2)
                    .addChildren("bdev:///child")
                    .build());
    assertEquals("nexus volume", listed("child").getClaimedBy());
    refused(INVALID_ARGUMENT, "nexus volume", () -> share("child"));
    refused(FAILED_PRECONDITION, "Publish the nexus", () -> share("volume"));
    refused(INVALID_ARGUMENT, "nexus volume", () -> destroy("malloc:///child"));
    var publish =
        PublishNexusRequest.newBuilder()
            .setUuid(UUID_A)
            .setShare(ShareProtocol.NVMF)
            .addAllowedHosts(HOST_1)
            .build();
    var _ = node.nexus().publishNexus(publish);
    refused(FAILED_PRECONDITION, "nexus", () -> unshare("volume"));
    refused(FAILED_PRECONDITION, "nexus", () -> share("volume", HOST_2));
    assertEquals(Set.of(HOST_1), hosts("volume"));
    assertEquals(
        TestNode.TARGET + NvmeTarget.NQN_PREFIX + "volume", listed("volume").getShareUri());
  }
}
