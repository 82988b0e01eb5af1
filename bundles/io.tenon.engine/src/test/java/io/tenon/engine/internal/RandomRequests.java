package io.tenon.engine.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import com.google.protobuf.Timestamp;
import io.tenon.engine.api.AddChildNexusRequest;
import io.tenon.engine.api.AddFaultInjectionRequest;
import io.tenon.engine.api.BdevShareRequest;
import io.tenon.engine.api.BdevUnshareRequest;
import io.tenon.engine.api.ChildOperationRequest;
import io.tenon.engine.api.CreateBdevRequest;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.CreateSnapshotRebuildRequest;
import io.tenon.engine.api.DestroyBdevRequest;
import io.tenon.engine.api.DestroyNexusRequest;
import io.tenon.engine.api.ListBdevOptions;
import io.tenon.engine.api.ListBlockDevicesRequest;
import io.tenon.engine.api.ListNexusOptions;
import io.tenon.engine.api.ListRebuildHistoryRequest;
import io.tenon.engine.api.ListStatsOption;
import io.tenon.engine.api.PauseRebuildRequest;
import io.tenon.engine.api.PublishNexusRequest;
import io.tenon.engine.api.RemoveChildNexusRequest;
import io.tenon.engine.api.RemoveFaultInjectionRequest;
import io.tenon.engine.api.ResizeNexusRequest;
import io.tenon.engine.api.SetNvmeAnaStateRequest;
import io.tenon.engine.api.ShutdownNexusRequest;
import io.tenon.engine.api.StartRebuildRequest;
import io.tenon.engine.api.StatNvmeControllerRequest;
import io.tenon.engine.api.StopRebuildRequest;
import io.tenon.engine.api.UnpublishNexusRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Requests that are right, nearly right, or nonsense; the same ones for the same seed. */
final class RandomRequests {
  private static final List<String> NAMES = List.of("a", "b", "c", "volume", "");
  private static final List<String> UUIDS =
      List.of(
          "11111111-2222-4333-8444-555555555501",
          "11111111-2222-4333-8444-555555555502",
          "11111111-2222-4333-8444-555555555503");
  private static final List<String> HOSTS =
      List.of("nqn.2019-05.io.openebs:node-name:one", "nqn.2014-08.org.nvmexpress:uuid:1", "nqn.");

  /** Of each value's kind those that break parsers. */
  private static final List<String> PIECES =
      List.of(
          "%",
          "%00",
          "%zz",
          "?",
          "&",
          "=",
          "#",
          "//",
          "[",
          "]",
          "[::1]",
          ":99999",
          "\u0000",
          "\n",
          "\ud83d\ude00",
          "ü",
          "..",
          "-1",
          "18446744073709551616",
          " ",
          "@",
          "uuid=",
          "blk_size=3");

  private static final List<String> FAULTS =
      List.of(
          "inject://a?op=read&retries=3",
          "inject://b?op=write&stage=submission&begin_at=5&end_at=10",
          "inject://c?method=status-no_space&offset=1&num_blk=9",
          "inject://n?domain=nexus_child&method=delay-1");

  private final Random random;
  private final List<String> uris;

  /**
   * @param directory without anything of worth: files in it are opened
   */
  RandomRequests(long seed, String directory) {
    this.random = new Random(seed);
    this.uris =
        List.of(
            "malloc:///a?num_blocks=20480",
            "malloc:///b?num_blocks=20480&uuid=" + UUIDS.get(0),
            "malloc:///c?num_blocks=4096&blk_size=4096",
            "malloc:///a?num_blocks=30720&resize",
            "null:///n?num_blocks=20480",
            "aio://" + directory + "/disk",
            "aio://" + directory + "/disk?rescan",
            "aio://" + directory + "/none",
            "bdev:///a",
            "loopback:///b?uuid=" + UUIDS.get(0),
            "nvmf://127.0.0.1:8420/nqn.2019-05.io.openebs:a",
            "uring://" + directory + "/disk");
  }

  /** A call with its request as bytes on the wire. */
  record Call(String method, ByteString request) {}

  Call next() {
    var call =
        switch (random.nextInt(18)) {
          case 0, 1, 2 -> call("BdevRpc/Create", CreateBdevRequest.newBuilder().setUri(uri()));
          case 3 -> call("BdevRpc/Destroy", DestroyBdevRequest.newBuilder().setUri(uri()));
          case 4 ->
              call(
                  "BdevRpc/List",
                  random.nextBoolean()
                      ? ListBdevOptions.newBuilder()
                      : ListBdevOptions.newBuilder().setName(StringValue.of(name())));
          case 5 ->
              call(
                  "BdevRpc/Share",
                  BdevShareRequest.newBuilder()
                      .setName(name())
                      .setProtocolValue(number(1))
                      .addAllAllowedHosts(hosts()));
          case 6 -> call("BdevRpc/Unshare", BdevUnshareRequest.newBuilder().setName(name()));
          case 7, 8 -> call("NexusRpc/CreateNexus", nexus());
          case 9 -> call("NexusRpc/DestroyNexus", DestroyNexusRequest.newBuilder().setUuid(uuid()));
          case 10 ->
              call(
                  "NexusRpc/ListNexus",
                  random.nextBoolean()
                      ? ListNexusOptions.newBuilder().setName(StringValue.of(name()))
                      : ListNexusOptions.newBuilder().setUuid(StringValue.of(uuid())));
          case 11 ->
              call(
                  "NexusRpc/PublishNexus",
                  PublishNexusRequest.newBuilder()
                      .setUuid(uuid())
                      .setKey(random.nextInt(4) == 0 ? mutated("1234567890123456") : "")
                      .setShareValue(number(1))
                      .addAllAllowedHosts(hosts()));
          case 12 ->
              random.nextBoolean()
                  ? call(
                      "NexusRpc/UnpublishNexus", UnpublishNexusRequest.newBuilder().setUuid(uuid()))
                  : call(
                      "NexusRpc/ShutdownNexus", ShutdownNexusRequest.newBuilder().setUuid(uuid()));
          case 13, 14 -> ofChild();
          case 15 -> ofRebuild();
          case 16 -> ofPathAndFaults();
          default ->
              random.nextBoolean()
                  ? call("HostRpc/ListBlockDevices", ListBlockDevicesRequest.newBuilder())
                  : call(
                      "HostRpc/StatNvmeController",
                      StatNvmeControllerRequest.newBuilder().setName(name()));
        };
    return random.nextInt(5) == 0 ? new Call(call.method(), broken(call.request())) : call;
  }

  private Call ofChild() {
    return switch (random.nextInt(5)) {
      case 0, 1 ->
          call(
              "NexusRpc/AddChildNexus",
              AddChildNexusRequest.newBuilder()
                  .setUuid(uuid())
                  .setUri(uri())
                  .setNorebuild(random.nextBoolean()));
      case 2 ->
          call(
              "NexusRpc/RemoveChildNexus",
              RemoveChildNexusRequest.newBuilder().setUuid(uuid()).setUri(uri()));
      default ->
          call(
              "NexusRpc/ChildOperation",
              ChildOperationRequest.newBuilder()
                  .setNexusUuid(uuid())
                  .setUri(uri())
                  .setActionValue(number(random.nextInt(4))));
    };
  }

  private Call ofRebuild() {
    return switch (random.nextInt(4)) {
      case 0 ->
          call(
              "NexusRpc/StartRebuild",
              StartRebuildRequest.newBuilder().setNexusUuid(uuid()).setUri(uri()));
      case 1 ->
          call(
              "NexusRpc/PauseRebuild",
              PauseRebuildRequest.newBuilder().setNexusUuid(uuid()).setUri(uri()));
      case 2 ->
          call(
              "NexusRpc/ListRebuildHistory",
              ListRebuildHistoryRequest.newBuilder()
                  .setCount(number(1))
                  .setSinceEndTime(
                      Timestamp.newBuilder().setSeconds(random.nextLong()).setNanos(number(1))));
      default ->
          call(
              "NexusRpc/StopRebuild",
              StopRebuildRequest.newBuilder().setNexusUuid(uuid()).setUri(uri()));
    };
  }

  private Call ofPathAndFaults() {
    return switch (random.nextInt(7)) {
      case 0, 1 ->
          call(
              "NexusRpc/ResizeNexus",
              ResizeNexusRequest.newBuilder()
                  .setUuid(uuid())
                  .setRequestedSize(
                      random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(8 << 20)));
      case 2 ->
          call(
              "NexusRpc/SetNvmeAnaState",
              SetNvmeAnaStateRequest.newBuilder().setUuid(uuid()).setAnaStateValue(number(2)));
      case 3 ->
          call(
              "StatsRpc/GetNexusIoStats",
              random.nextBoolean()
                  ? ListStatsOption.newBuilder()
                  : ListStatsOption.newBuilder().setName(name()));
      case 4 ->
          call("TestRpc/AddFaultInjection", AddFaultInjectionRequest.newBuilder().setUri(fault()));
      case 5 ->
          call(
              "TestRpc/RemoveFaultInjection",
              RemoveFaultInjectionRequest.newBuilder().setUri(fault()));
      default ->
          call(
              "SnapshotRebuildRpc/CreateSnapshotRebuild",
              CreateSnapshotRebuildRequest.newBuilder()
                  .setUuid(uuid())
                  .setReplicaUuid(random.nextBoolean() ? uuid() : "")
                  .setReplicaUri(uri())
                  .setSnapshotUri(uri()));
    };
  }

  private String fault() {
    return sometimesMutated(FAULTS);
  }

  private static Call call(String method, Message.Builder request) {
    return new Call("mayastor.v1." + method, request.build().toByteString());
  }

  private CreateNexusRequest.Builder nexus() {
    var children = new ArrayList<String>();
    for (int child = random.nextInt(4); child >= 0; child--) children.add(uri());
    return CreateNexusRequest.newBuilder()
        .setName(name())
        .setUuid(uuid())
        .setSize(random.nextInt(6) == 0 ? random.nextLong() : 4 << 20)
        .setMinCntlId(number(1))
        .setMaxCntlId(number(2))
        .setResvKey(number(7))
        .setPreemptKey(random.nextInt(6) == 0 ? random.nextLong() : 0)
        .setResvTypeValue(number(2))
        .setPreemptPolicyValue(number(0))
        .setNexusInfoKey(name())
        .addAllChildren(children);
  }

  private int number(int usual) {
    return switch (random.nextInt(12)) {
      case 0 -> random.nextInt();
      case 1 -> random.nextInt(8);
      case 2 -> 0xFFEF + random.nextInt(3);
      default -> usual;
    };
  }

  private List<String> hosts() {
    var hosts = new ArrayList<String>();
    while (random.nextInt(3) == 0) hosts.add(sometimesMutated(HOSTS));
    return hosts;
  }

  private String uri() {
    return sometimesMutated(uris);
  }

  private String uuid() {
    return sometimesMutated(UUIDS);
  }

  private String name() {
    return sometimesMutated(NAMES);
  }

  private String sometimesMutated(List<String> values) {
    String value = values.get(random.nextInt(values.size()));
    return random.nextInt(3) == 0 ? mutated(value) : value;
  }

  private String mutated(String value) {
    var text = new StringBuilder(value);
    for (int change = random.nextInt(4); change >= 0; change--) {
      int at = random.nextInt(text.length() + 1);
      switch (random.nextInt(5)) {
        case 0 -> text.insert(at, PIECES.get(random.nextInt(PIECES.size())));
        case 1 -> text.insert(at, (char) random.nextInt(0x80));
        case 2 -> text.delete(at, Math.min(text.length(), at + random.nextInt(8)));
        case 3 -> text.insert(at, text.substring(at));
        default -> {
          if (random.nextInt(20) == 0) text.append("x".repeat(random.nextInt(100_000)));
          else text.setLength(at);
        }
      }
    }
    return text.toString();
  }

  /** No message any more, or another one. */
  private ByteString broken(ByteString message) {
    byte[] bytes = message.toByteArray();
    for (int change = random.nextInt(4); change >= 0 && bytes.length > 0; change--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    return ByteString.copyFrom(bytes, 0, bytes.length == 0 ? 0 : 1 + random.nextInt(bytes.length));
  }
}
