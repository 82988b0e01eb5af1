package io.tenon.engine.internal;

import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INTERNAL;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.StringValue;
import io.grpc.Status;
import io.tenon.block.ReservationClaim;
import io.tenon.block.ReservationClaim.Policy;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations.Persistence;
import io.tenon.engine.api.Child;
import io.tenon.engine.api.ChildState;
import io.tenon.engine.api.ChildStateReason;
import io.tenon.engine.api.CreateBdevRequest;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.DestroyNexusRequest;
import io.tenon.engine.api.ListBdevOptions;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.Nexus;
import io.tenon.engine.api.NexusNvmePreemption;
import io.tenon.engine.api.NexusState;
import io.tenon.engine.api.NvmeAnaState;
import io.tenon.engine.api.NvmeReservation;
import io.tenon.engine.api.PublishNexusRequest;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.engine.api.ShutdownNexusRequest;
import io.tenon.engine.api.UnpublishNexusRequest;
import io.tenon.metadata.Key;
import io.tenon.metadata.Prefix;
import io.tenon.nvme.NvmeTarget;
import io.tenon.registry.NexusInfo;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NexusServiceTest {
  /** The control plane names a nexus after its volume. */
  private static final String VOLUME = "0d7f9a3e-1111-4222-8333-444455556666";

  private static final String UUID_1 = "abcdef01-2222-4333-8444-555555555501";
  private static final String UUID_2 = "abcdef01-2222-4333-8444-555555555502";
  private static final String A = "malloc:///a?size_mb=16";
  private static final String B = "malloc:///b?size_mb=16";
  private static final String HOST_1 = "nqn.2019-05.io.openebs:node-name:one";
  private static final String HOST_2 = "nqn.2019-05.io.openebs:node-name:two";
  private static final long SIZE = 8 << 20;

  private static final Duration SOON = Duration.ofSeconds(20);

  private TestNode node;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  /** As the control plane asks for it. */
  private static CreateNexusRequest.Builder request(String name, String uuid, String... children) {
    return CreateNexusRequest.newBuilder()
        .setName(name)
        .setUuid(uuid)
        .setSize(SIZE)
        .setMinCntlId(1)
        .setMaxCntlId(2)
        .setResvKey(0x12345678)
        .setResvType(NvmeReservation.ExclusiveAccess)
        .setPreemptPolicy(NexusNvmePreemption.Holder)
        .setNexusInfoKey("/openebs.io/mayastor/apis/v0/clusters/c/namespaces/n/NexusInfo/" + uuid)
        .addAllChildren(List.of(children));
  }

  private Nexus create(CreateNexusRequest.Builder request) {
    return node.nexus().createNexus(request.build()).getNexus();
  }

  private Nexus create() {
    return create(request(VOLUME, UUID_1, A, B));
  }

  private void refusedToCreate(
      Status.Code code, String named, Consumer<CreateNexusRequest.Builder> change) {
    var request = request(VOLUME, UUID_1, A, B);
    change.accept(request);
    refused(code, named, () -> create(request));
    assertEquals(List.of(), list(), "no nexus stays behind");
    assertEquals(
        List.of(),
        node.bdev().list(ListBdevOptions.getDefaultInstance()).getBdevsList(),
        "no child stays behind");
  }

  private List<Nexus> list() {
    return node.nexus().listNexus(ListNexusOptions.getDefaultInstance()).getNexusListList();
  }

  private List<Nexus> listByUuid(String uuid) {
    var options = ListNexusOptions.newBuilder().setUuid(StringValue.of(uuid)).build();
    return node.nexus().listNexus(options).getNexusListList();
  }

  private Nexus publish(String uuid, String... hosts) {
    return node.nexus()
        .publishNexus(
            PublishNexusRequest.newBuilder()
                .setUuid(uuid)
                .setShare(ShareProtocol.NVMF)
                .addAllAllowedHosts(List.of(hosts))
                .build())
        .getNexus();
  }

  private Nexus unpublish(String uuid) {
    return node.nexus()
        .unpublishNexus(UnpublishNexusRequest.newBuilder().setUuid(uuid).build())
        .getNexus();
  }

  private Nexus shutdown(String uuid) {
    return node.nexus()
        .shutdownNexus(ShutdownNexusRequest.newBuilder().setUuid(uuid).build())
        .getNexus();
  }

  private void destroy(String uuid) {
    var _ = node.nexus().destroyNexus(DestroyNexusRequest.newBuilder().setUuid(uuid).build());
  }

  private Set<String> hosts() {
    return node.target().find(NvmeTarget.NQN_PREFIX + VOLUME).orElseThrow().options().hosts();
  }

  @Test
  void aNexusIsDescribedWithItsChildren() {
    var made = create();
    assertEquals(VOLUME, made.getName());
    assertEquals(UUID_1, made.getUuid());
    assertEquals(SIZE, made.getSize(), "the size that was asked for, not the device's");
    assertEquals(NexusState.NEXUS_ONLINE, made.getState());
    assertEquals("", made.getDeviceUri());
    assertEquals(0, made.getRebuilds());
    assertEquals(NvmeAnaState.NVME_ANA_INVALID_STATE, made.getAnaState());
    assertEquals(List.of(), made.getAllowedHostsList());
    assertEquals(List.of(A, B), made.getChildrenList().stream().map(Child::getUri).toList());
    for (var child : made.getChildrenList()) {
      assertEquals(ChildState.CHILD_STATE_ONLINE, child.getState());
      assertEquals(ChildStateReason.CHILD_STATE_REASON_NONE, child.getStateReason());
      assertEquals(-1, child.getRebuildProgress());
      assertFalse(child.hasFaultTimestamp());
      assertFalse(child.getHasIoLog());
    }
    assertEquals("a", made.getChildren(0).getDeviceName());
    assertEquals(List.of(made), list());
  }

  @Test
  void itsBlockDeviceHasTheUuidOfTheVolume() {
    create();
    var options = ListBdevOptions.newBuilder().setName(StringValue.of(VOLUME)).build();
    var device = node.bdev().list(options).getBdevs(0);
    assertEquals(VOLUME, device.getUuid());
    assertEquals("nexus:///" + VOLUME, device.getUri());
    assertEquals(SIZE / 512 - 1, device.getNumBlocks());
  }

  @Test
  void aChildMayBeADeviceThatIsThereByItsUuid() {
    String uuid = "99999999-2222-4333-8444-555555555555";
    String uri = "malloc:///replica?size_mb=16&uuid=" + uuid;
    var _ = node.bdev().create(CreateBdevRequest.newBuilder().setUri(uri).build());
    var made = create(request(VOLUME, UUID_1, "bdev:///replica?uuid=" + uuid));
    assertEquals("bdev:///replica?uuid=" + uuid, made.getChildren(0).getUri());
    assertEquals("replica", made.getChildren(0).getDeviceName());
    destroy(UUID_1);
    assertTrue(node.devices().find("replica").isPresent(), "it was there before");
  }

  @Test
  void aNameThatExistsAlreadyExistsAndAUuidThatExistsIsAnInternalError() {
    create();
    refused(
        ALREADY_EXISTS, VOLUME, () -> create(request(VOLUME, UUID_2, "malloc:///c?size_mb=16")));
    refused(INTERNAL, UUID_1, () -> create(request("other", UUID_1, "malloc:///c?size_mb=16")));
    refused(ALREADY_EXISTS, VOLUME, () -> create());
    assertEquals(1, list().size());
    assertTrue(node.devices().find("c").isEmpty());
  }

  @Test
  void aNameThatABlockDeviceHasAlreadyExists() {
    var bdev = CreateBdevRequest.newBuilder().setUri("malloc:///taken?size_mb=16").build();
    var _ = node.bdev().create(bdev);
    refused(ALREADY_EXISTS, "taken", () -> create(request("taken", UUID_1, A)));
    assertTrue(node.devices().find("a").isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "1-2-3-4-5",
        "not-a-uuid-not-a-uuid-not-a-uuid-xxx",
        "0000000000000000000000000000-1-1-1-1",
        "abcdef01-2222-4333-8444-5555555555012",
        "abcdef01-2222-4333-8444-55555555550",
        "{abcdef01-2222-4333-8444-555555555501}",
      })
  void whatIsNoUuidIsAnInvalidArgument(String uuid) {
    refusedToCreate(INVALID_ARGUMENT, "uuid", request -> request.setUuid(uuid));
    refused(INVALID_ARGUMENT, "uuid", () -> destroy(uuid));
    refused(INVALID_ARGUMENT, "uuid", () -> listByUuid(uuid));
    refused(INVALID_ARGUMENT, "uuid", () -> publish(uuid));
    refused(INVALID_ARGUMENT, "uuid", () -> unpublish(uuid));
    refused(INVALID_ARGUMENT, "uuid", () -> shutdown(uuid));
  }

  @Test
  void whatIsNotThereIsNotFound() {
    refused(NOT_FOUND, UUID_2, () -> destroy(UUID_2));
    refused(NOT_FOUND, UUID_2, () -> listByUuid(UUID_2));
    refused(NOT_FOUND, UUID_2, () -> publish(UUID_2));
    refused(NOT_FOUND, UUID_2, () -> unpublish(UUID_2));
    refused(NOT_FOUND, UUID_2, () -> shutdown(UUID_2));
  }

  @Test
  void aUuidMeansTheSameInCapitals() {
    create();
    String capitals = UUID_1.toUpperCase(Locale.ROOT);
    assertEquals(UUID_1, listByUuid(capitals).getFirst().getUuid());
    destroy(capitals);
    assertEquals(List.of(), list());
  }

  @Test
  void sizeAndChildrenAreChecked() {
    refusedToCreate(INVALID_ARGUMENT, "name", request -> request.setName(""));
    refusedToCreate(INVALID_ARGUMENT, "size", request -> request.setSize(0));
    refusedToCreate(INVALID_ARGUMENT, "size", request -> request.setSize(-1));
    refusedToCreate(INVALID_ARGUMENT, "512", request -> request.setSize(512));
    refusedToCreate(FAILED_PRECONDITION, "children", CreateNexusRequest.Builder::clearChildren);
    refusedToCreate(INVALID_ARGUMENT, "twice", request -> request.addChildren(A));
    refusedToCreate(INVALID_ARGUMENT, "ftl", request -> request.addChildren("ftl:///c"));
    refusedToCreate(INVALID_ARGUMENT, "nothing", request -> request.addChildren("nothing"));
    refusedToCreate(INVALID_ARGUMENT, "absent", request -> request.addChildren("bdev:///absent"));
    refusedToCreate(
        INVALID_ARGUMENT, "small", request -> request.addChildren("malloc:///small?size_mb=4"));
    refusedToCreate(
        INVALID_ARGUMENT,
        "block sizes",
        request -> request.addChildren("malloc:///other?size_mb=16&blk_size=4096"));
  }

  @Test
  void aChildOfAnotherNexusIsRefused() {
    create();
    refused(INVALID_ARGUMENT, VOLUME, () -> create(request("second", UUID_2, "bdev:///a")));
  }

  @Test
  void controllerIdsAreARangeFrom1To65519() {
    refusedToCreate(INVALID_ARGUMENT, "controller ids", request -> request.setMinCntlId(0));
    refusedToCreate(INVALID_ARGUMENT, "controller ids", request -> request.setMinCntlId(3));
    refusedToCreate(INVALID_ARGUMENT, "controller ids", request -> request.setMaxCntlId(0xFFF0));
    refusedToCreate(INVALID_ARGUMENT, "controller ids", request -> request.setMaxCntlId(-1));
    create(request(VOLUME, UUID_1, A).setMinCntlId(1).setMaxCntlId(0xFFEF));
  }

  @Test
  void reservationArgumentsMustFitTogether() {
    refusedToCreate(INVALID_ARGUMENT, "reservation key", request -> request.setResvKey(0));
    refusedToCreate(INVALID_ARGUMENT, "Holder", request -> request.setPreemptKey(5));
    refusedToCreate(
        INVALID_ARGUMENT,
        "reservation key",
        request ->
            request.setResvKey(0).setPreemptPolicy(NexusNvmePreemption.ArgKey).setPreemptKey(5));
    refusedToCreate(INVALID_ARGUMENT, "77", request -> request.setPreemptPolicyValue(77));
    refusedToCreate(INVALID_ARGUMENT, "77", request -> request.setResvTypeValue(77));
  }

  @Test
  void noReservationsAndAnArgumentKeyAreFine() {
    create(
        request(VOLUME, UUID_1, A)
            .setResvKey(0)
            .setResvType(NvmeReservation.Reserved)
            .setPreemptPolicy(NexusNvmePreemption.ArgKey));
    create(
        request("second", UUID_2, B)
            .clearResvType()
            .setPreemptPolicy(NexusNvmePreemption.ArgKey)
            .setPreemptKey(5));
  }

  @Test
  void aTypeOfNoneWithAKeyIsRefusedAndAllReservationArgumentsReachTheNexus() {
    refusedToCreate(
        INVALID_ARGUMENT, "Reserved", request -> request.setResvType(NvmeReservation.Reserved));
    create();
    var claim = node.nexuses().findByName(VOLUME).orElseThrow().reservation().orElseThrow();
    assertEquals(
        new ReservationClaim(
            0x12345678,
            ReservationType.EXCLUSIVE_ACCESS,
            Policy.HOLDER,
            OptionalLong.empty(),
            Persistence.AS_IT_IS),
        claim);
    create(
        request("second", UUID_2, "malloc:///d?size_mb=16")
            .clearResvType()
            .setPreemptPolicy(NexusNvmePreemption.ArgKey)
            .setPreemptKey(-1));
    var other = node.nexuses().findByName("second").orElseThrow().reservation().orElseThrow();
    assertEquals(ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS, other.type());
    assertEquals(OptionalLong.of(-1), other.preemptedKey());
  }

  @Test
  void theRecordIsKeptUnderTheKeyAndAnEmptyKeyKeepsNone() throws Exception {
    var key = Key.of(request(VOLUME, UUID_1, A, B).getNexusInfoKey());
    create();
    assertFalse(
        NexusInfo.fromJson(node.store().get(key, SOON).orElseThrow().value()).cleanShutdown());
    node.nexus().destroyNexus(DestroyNexusRequest.newBuilder().setUuid(UUID_1).build());
    assertTrue(
        NexusInfo.fromJson(node.store().get(key, SOON).orElseThrow().value()).cleanShutdown());
    create(request(VOLUME, UUID_2, A).clearNexusInfoKey());
    assertEquals(1, node.store().list(Prefix.ALL, SOON).entries().size());
  }

  @Test
  void aNexusOfWhomNobodyIsTrustedIsRefusedWithWhatIsOnRecord() throws Exception {
    var key = Key.of(request(VOLUME, UUID_1, A, B).getNexusInfoKey());
    var record = new NexusInfo(List.of(new NexusInfo.Child(true, "somebody-else")), true);
    node.store().put(key, record.toJson(), SOON);
    refused(FAILED_PRECONDITION, "somebody-else healthy", this::create);
  }

  @Test
  void aListByNameIsEmptyWhenAbsentAndNameWinsOverUuid() {
    var made = create();
    var options = ListNexusOptions.newBuilder();
    options.setName(StringValue.of("nobody"));
    assertEquals(0, node.nexus().listNexus(options.build()).getNexusListCount());
    options.setUuid(StringValue.of(UUID_1));
    assertEquals(0, node.nexus().listNexus(options.build()).getNexusListCount());
    options.setName(StringValue.of(VOLUME)).setUuid(StringValue.of("no uuid at all"));
    assertEquals(List.of(made), node.nexus().listNexus(options.build()).getNexusListList());
    assertEquals(List.of(made), listByUuid(UUID_1));
    create(request("second", UUID_2, "malloc:///c?size_mb=16"));
    assertEquals(
        List.of(VOLUME, "second"), list().stream().map(Nexus::getName).toList(), "all of them");
  }

  @Test
  void aPublishedNexusHasADeviceUriAndItsHosts() {
    create();
    var published = publish(UUID_1, HOST_1);
    assertEquals(TestNode.TARGET + NvmeTarget.NQN_PREFIX + VOLUME, published.getDeviceUri());
    assertEquals(List.of(HOST_1), published.getAllowedHostsList());
    assertEquals(NvmeAnaState.NVME_ANA_OPTIMIZED_STATE, published.getAnaState());
    assertEquals(List.of(published), list());
    assertEquals(Set.of(HOST_1), hosts());
  }

  @Test
  void publishingAgainOnlyReplacesTheHosts() {
    create();
    var first = publish(UUID_1, HOST_1);
    var second = publish(UUID_1, HOST_2, HOST_1);
    assertEquals(first.getDeviceUri(), second.getDeviceUri());
    assertEquals(List.of(HOST_2, HOST_1), second.getAllowedHostsList());
    assertEquals(Set.of(HOST_1, HOST_2), hosts());
    assertEquals(List.of(), publish(UUID_1).getAllowedHostsList());
    assertEquals(Set.of(), hosts());
  }

  @Test
  void anUnpublishedNexusHasNoDeviceUriAndUnpublishingIsIdempotent() {
    var made = create();
    assertEquals(made, unpublish(UUID_1));
    publish(UUID_1, HOST_1);
    assertEquals(made, unpublish(UUID_1));
    assertEquals(made, unpublish(UUID_1));
    assertTrue(node.target().subsystems().isEmpty());
    publish(UUID_1);
  }

  @Test
  void keyAndProtocolOfPublishingAreChecked() {
    create();
    var request = PublishNexusRequest.newBuilder().setUuid(UUID_1).setShare(ShareProtocol.NVMF);
    for (String key : List.of("1", "123456789012345", "12345678901234567", "ü".repeat(16))) {
      refused(
          INVALID_ARGUMENT, "key", () -> node.nexus().publishNexus(request.setKey(key).build()));
    }
    var sixteen = request.setKey("1234567890123456").build();
    assertFalse(node.nexus().publishNexus(sixteen).getNexus().getDeviceUri().isEmpty());
    for (var protocol : List.of(ShareProtocol.NONE, ShareProtocol.ISCSI)) {
      refused(
          INVALID_ARGUMENT,
          protocol.name(),
          () -> node.nexus().publishNexus(request.setShare(protocol).build()));
    }
    refused(INVALID_ARGUMENT, () -> node.nexus().publishNexus(request.setShareValue(9).build()));
    refused(INVALID_ARGUMENT, "allowed host", () -> publish(UUID_1, "somebody"));
  }

  @Test
  void aNameThatIsTooLongForAnNqnIsRefusedWhenPublished() {
    String name = "x".repeat(250);
    create(request(name, UUID_1, A));
    refused(INVALID_ARGUMENT, "223", () -> publish(UUID_1));
  }

  @Test
  void afterShutdownANexusIsOnlyDestroyed() {
    create();
    publish(UUID_1, HOST_1);
    var shut = shutdown(UUID_1);
    assertEquals(NexusState.NEXUS_SHUTDOWN, shut.getState());
    for (var child : shut.getChildrenList()) {
      assertEquals(ChildState.CHILD_STATE_DEGRADED, child.getState());
      assertEquals(ChildStateReason.CHILD_STATE_REASON_CLOSED, child.getStateReason());
    }
    assertEquals(shut, shutdown(UUID_1), "idempotent");
    refused(FAILED_PRECONDITION, () -> publish(UUID_1, HOST_2));
    assertEquals(List.of(shut), list());
    destroy(UUID_1);
    assertEquals(List.of(), list());
  }

  @Test
  void destroyTakesTheShareAndTheChildrenAlong() {
    create();
    publish(UUID_1);
    destroy(UUID_1);
    assertEquals(List.of(), list());
    assertTrue(node.target().subsystems().isEmpty());
    assertEquals(List.of(), node.devices().all());
    refused(NOT_FOUND, UUID_1, () -> destroy(UUID_1));
    // The memory of its children is gone, and the record knows.
    refused(FAILED_PRECONDITION, "none of its children can be trusted", this::create);
    create(request(VOLUME, UUID_1, A, B).clearNexusInfoKey());
  }
}
