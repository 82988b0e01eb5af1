package io.tenon.engine.internal;

import static io.tenon.engine.internal.Answers.answer;

import com.google.protobuf.Empty;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
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
import java.util.HashSet;
import java.util.Optional;

/** {@code mayastor.v1.BdevRpc}: block devices by URI. */
final class BdevService extends BdevRpcGrpc.BdevRpcImplBase {
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
        () ->
            CreateBdevResponse.newBuilder()
                .setBdev(message(devices.create(request.getUri())))
                .build());
  }

  @Override
  public void destroy(DestroyBdevRequest request, StreamObserver<Empty> observer) {
    answer(
        observer,
        () -> {
          devices.destroy(existing(request.getUri()));
          return Empty.getDefaultInstance();
        });
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

  private void share(DeviceSlot device, BdevShareRequest request) throws TenonException {
    var hosts = new HashSet<>(request.getAllowedHostsList());
    var shared = subsystem(device);
    if (shared.isPresent()) {
      shared.get().hosts(hosts);
      return;
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
          devices.find(request.getName()).flatMap(this::subsystem).ifPresent(target::unshare);
          return Empty.getDefaultInstance();
        });
  }

  private DeviceSlot existing(String nameOrUri) throws StatusException {
    return devices
        .find(nameOrUri)
        .orElseThrow(() -> Answers.notFound(DeviceException.notFound(nameOrUri).what()));
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
