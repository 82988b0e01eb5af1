package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.engine.api.Bdev;
import io.tenon.engine.api.BdevRpcGrpc;
import io.tenon.engine.api.BdevShareRequest;
import io.tenon.engine.api.BdevShareResponse;
import io.tenon.engine.api.BdevUnshareRequest;
import io.tenon.engine.api.CreateBdevRequest;
import io.tenon.engine.api.CreateBdevResponse;
import io.tenon.engine.api.DestroyBdevRequest;
import io.tenon.engine.api.ListBdevOptions;
import io.tenon.engine.api.ListBdevResponse;
import io.tenon.engine.api.ShareProtocol;
import io.tenon.error.TenonException;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import java.util.Optional;
import java.util.Set;

/** {@code mayastor.v1.BdevRpc}: block devices by URI. */
final class BdevService extends BdevRpcGrpc.BdevRpcImplBase {
  private static final String URING = "uring";
  private static final String NEXUS = "nexus:///";

  /** Schemes of the registry itself: other names for devices that exist. */
  private static final Set<String> ALIASES = Set.of("bdev", "loopback");

  private final BlockDevices devices;
  private final NvmeTarget target;

  BdevService(BlockDevices devices, NvmeTarget target) {
    this.devices = devices;
    this.target = target;
  }

  @Override
  public void create(CreateBdevRequest request, StreamObserver<CreateBdevResponse> observer) {
    answer(
        observer,
        () -> CreateBdevResponse.newBuilder().setBdev(message(created(request.getUri()))).build());
  }

  /** Whatever keeps an io_uring disk from being opened is NOT_FOUND in Mayastor; the sentence tells more. */
  private DeviceSlot created(String uri) throws TenonException, StatusException {
    try {
      return devices.create(uri);
    } catch (DeviceException e) {
      switch (e.kind()) {
        case IN_USE, UNSUPPORTED, MISMATCH, PERMISSION_DENIED, NO_SPACE, TIMED_OUT, IO -> {
          if (DeviceUri.parse(uri).scheme().equals(URING)) throw Answers.notFound(e.getMessage());
        }
        case INVALID_URI, UNKNOWN_SCHEME, INVALID_PARAMETER, NOT_FOUND, ALREADY_EXISTS -> {}
      }
      throw e;
    }
  }

  @Override
  public void destroy(DestroyBdevRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          String uri = request.getUri();
          if (devices.find(uri).isEmpty()) throw unknown(uri);
          devices.destroy(uri);
          return Empty.getDefaultInstance();
        });
  }

  /** There is no such device; but perhaps there cannot be one. */
  private StatusException unknown(String uri) throws DeviceException {
    String scheme = DeviceUri.parse(uri).scheme();
    if (devices.schemes().contains(scheme) || ALIASES.contains(scheme)) {
      return Answers.notFound(DeviceException.notFound(uri).getMessage());
    }
    return Answers.invalid(
        "Device URI %s was refused. Unsupported scheme %s: no backend of this node provides it."
            .formatted(uri, scheme));
  }

  @Override
  public void list(ListBdevOptions request, StreamObserver<ListBdevResponse> observer) {
    answer(
        observer,
        () -> {
          var list = ListBdevResponse.newBuilder();
          if (request.hasName()) {
            list.addBdevs(message(existing(request.getName().getValue())));
          } else {
            for (var device : devices.all()) list.addBdevs(message(device));
          }
          return list.build();
        });
  }

  @Override
  public void share(BdevShareRequest request, StreamObserver<BdevShareResponse> observer) {
    answer(
        observer,
        () -> {
          if (request.getProtocol() != ShareProtocol.NVMF) {
            throw Answers.invalid(
                "Block device %s was not shared: protocol %s is not offered. Share it by NVMF."
                    .formatted(request.getName(), request.getProtocol()));
          }
          var device = existing(request.getName());
          share(device, request);
          return BdevShareResponse.newBuilder().setBdev(message(device)).build();
        });
  }

  private void share(DeviceSlot device, BdevShareRequest request)
      throws TenonException, StatusException {
    var hosts =
        Hosts.checked(
            request.getAllowedHostsList(),
            "Block device %s was not shared".formatted(device.name()));
    var shared = subsystem(device);
    if (shared.isPresent()) {
      checkOwn(shared.get(), "changed");
      shared.get().hosts(hosts);
      return;
    }
    if (device.uri().startsWith(NEXUS)) {
      throw Answers.precondition(
          "Block device %s was not shared: it is a nexus, which has a share of its own. Publish the nexus."
              .formatted(device.name()));
    }
    var any = ShareOptions.anyHost();
    target.share(
        device,
        new ShareOptions(
            hosts, any.minControllerId(), any.maxControllerId(), any.ana(), any.origin()));
  }

  @Override
  public void unshare(BdevUnshareRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          var shared = devices.find(request.getName()).flatMap(this::subsystem);
          if (shared.isPresent()) {
            checkOwn(shared.get(), "ended");
            target.unshare(shared.get());
          }
          return Empty.getDefaultInstance();
        });
  }

  /** A share belongs to the service that made it, which keeps account of it. */
  private static void checkOwn(Subsystem shared, String what) throws StatusException {
    switch (shared.options().origin()) {
      case DEVICE -> {}
      case NEXUS ->
          throw Answers.precondition(
              "The share of %s was not %s: a nexus has published it. Publish or unpublish the nexus."
                  .formatted(shared.device().name(), what));
      case REPLICA ->
          throw Answers.precondition(
              "The share of %s was not %s: it is a replica's. Share or unshare the replica."
                  .formatted(shared.device().name(), what));
    }
  }

  private DeviceSlot existing(String nameOrUri) throws StatusException {
    return devices
        .find(nameOrUri)
        .orElseThrow(() -> Answers.notFound(DeviceException.notFound(nameOrUri).getMessage()));
  }

  private Optional<Subsystem> subsystem(DeviceSlot device) {
    return target.find(NvmeTarget.NQN_PREFIX + device.name());
  }

  private Bdev message(DeviceSlot device) {
    var geometry = device.geometry();
    var share = subsystem(device).map(target::shareUris).flatMap(uris -> uris.stream().findFirst());
    return Bdev.newBuilder()
        .setName(device.name())
        .setUuid(device.uuid().toString())
        .setNumBlocks(geometry.blockCount())
        .setBlkSize(geometry.blockBytes())
        .setClaimed(device.claimedBy().isPresent())
        .setClaimedBy(device.claimedBy().orElse(""))
        .setAliases(String.join(",", device.aliases()))
        .setUri(device.uri())
        .setProductName(device.productName())
        .setShareUri(share.orElse(""))
        .build();
  }
}
